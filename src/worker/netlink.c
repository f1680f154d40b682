// SPDX-License-Identifier: GPL-2.0-or-later
#include "netlink.h"

#include <sys/socket.h>
#include <sys/time.h>

void netlink_begin(struct netlink_request *request, int type, int flags, const void *body,
		   size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	request->header.nlmsg_type = (uint16_t)type;
	request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	memcpy(NLMSG_DATA(&request->header), body, size);
}

void netlink_add(struct netlink_request *request, int type, const void *data, size_t size)
{
	struct rtattr *attribute =
		(struct rtattr *)((char *)request +
				  NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = (unsigned short)type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
	request->header.nlmsg_len =
		NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_SPACE(size);
}

struct rtattr *netlink_find(const struct nlmsghdr *header, size_t body_size, int type)
{
	struct rtattr *attribute =
		(struct rtattr *)((char *)NLMSG_DATA(header) + NLMSG_ALIGN(body_size));
	int left = (int)header->nlmsg_len - (int)NLMSG_SPACE(body_size);

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == type)
			return attribute;
	return NULL;
}

uint32_t netlink_u32(const struct rtattr *attribute, uint32_t fallback)
{
	if (attribute && RTA_PAYLOAD(attribute) >= sizeof(fallback))
		memcpy(&fallback, RTA_DATA(attribute), sizeof(fallback));
	return fallback;
}

struct answer {
	int wanted;
	int (*take)(void *arg, const struct nlmsghdr *header);
	void *arg;
};

/* Returns 1 after the last message, 0 or -errno. */
static int take_message(const struct answer *answer, const struct nlmsghdr *header)
{
	const int *error = NLMSG_DATA(header);

	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE)
		return header->nlmsg_len >= NLMSG_LENGTH(sizeof(*error)) && *error ?
			       *error :
			       1;
	if (header->nlmsg_type != answer->wanted ||
	    header->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtgenmsg)))
		return -EBADMSG;
	return answer->take(answer->arg, header) ?: !(header->nlmsg_flags & NLM_F_MULTI);
}

int netlink_ask(const struct netlink_request *request, int wanted,
		int (*take)(void *arg, const struct nlmsghdr *header), void *arg)
{
	const struct answer answer = { take ? wanted : -1, take, arg };
	/* Connected to the kernel: nobody else may answer. */
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct timeval limit = { .tv_sec = 10 };
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	_Alignas(struct nlmsghdr) char reply[65536];
	int state = 0;

	if (fd < 0 || connect(fd, (const void *)&kernel, sizeof(kernel)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	while (!state) {
		ssize_t n = recv(fd, reply, sizeof(reply), MSG_TRUNC);
		unsigned int left = (unsigned int)n;

		if (n < 0 || (size_t)n > sizeof(reply))
			return n < 0 ? -errno : -EMSGSIZE;
		for (const struct nlmsghdr *header = (const void *)reply;
		     !state && NLMSG_OK(header, left); header = NLMSG_NEXT(header, left))
			state = take_message(&answer, header);
	}
	return state < 0 ? state : 0;
}

int netlink_dump(int type, int family,
		 int (*take)(void *arg, const struct nlmsghdr *header), void *arg)
{
	const struct rtgenmsg which = { .rtgen_family = (unsigned char)family };
	const int wanted = type - RTM_GETLINK + RTM_NEWLINK;
	struct netlink_request request;

	netlink_begin(&request, type, NLM_F_DUMP, &which, sizeof(which));
	return netlink_ask(&request, wanted, take, arg);
}
