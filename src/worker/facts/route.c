// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Routes, as the kernel would take them: rtnetlink(7). It knows all rules, tables and VRFs,
 * of which /proc/net/route shows the main table only.
 */
#include "facts.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

struct request {
	struct nlmsghdr header;
	struct rtmsg route;
	char attributes[64];
};

struct answer {
	const struct facts_use *use;
	const struct facts_to *to;
	size_t n; /* interfaces that were named */
	/* Of the last default route that was listed. */
	uint32_t table, metric;
};

static void add(struct request *request, unsigned short type, const void *data,
		size_t size)
{
	struct rtattr *attribute =
		(struct rtattr *)((char *)request +
				  NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
	request->header.nlmsg_len += (uint32_t)RTA_SPACE(size);
}

static int take_interface(struct answer *answer, int index)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname((unsigned int)index, name))
		return -errno;
	facts_follow(answer->use, FACTS_INTERFACE, name);
	answer->n++;
	return 0;
}

/* All next hops: which one is taken may change with the port, or with a link. */
static int take_hops(struct answer *answer, const struct rtattr *multipath)
{
	const struct rtnexthop *hop = RTA_DATA(multipath);
	int left = (int)RTA_PAYLOAD(multipath), err = 0;

	while (left > 0 && RTNH_OK(hop, left)) {
		err = take_interface(answer, hop->rtnh_ifindex) ?: err;
		left -= NLMSG_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	return err;
}

/* Is it one of the routes that are asked for? Lists are sorted by table and metric. */
static bool is_wanted(struct answer *answer, const struct rtmsg *route, uint32_t table,
		      uint32_t metric)
{
	bool worse = answer->table == table && answer->metric < metric;

	if (answer->to->address)
		return true;
	if (route->rtm_type != RTN_UNICAST || table == RT_TABLE_LOCAL)
		return false;
	if (answer->to->all)
		return true;
	if (route->rtm_dst_len || worse)
		return false;
	answer->table = table;
	answer->metric = metric;
	return true;
}

static int take_route(struct answer *answer, const struct nlmsghdr *header)
{
	const struct rtmsg *route = NLMSG_DATA(header);
	const struct rtattr *parts[RTA_MAX + 1] = { NULL }, *part = RTM_RTA(route);
	int left = (int)RTM_PAYLOAD(header), index, err = 0;
	uint32_t table = route->rtm_table, metric = 0;
	size_t n = answer->n;

	/* A dump of a family that the kernel does not have is one of all families. */
	if (route->rtm_family != answer->to->family)
		return 0;
	for (; RTA_OK(part, left); part = RTA_NEXT(part, left))
		if (part->rta_type <= RTA_MAX)
			parts[part->rta_type] = part;
	if (parts[RTA_TABLE])
		memcpy(&table, RTA_DATA(parts[RTA_TABLE]), sizeof(table));
	if (parts[RTA_PRIORITY])
		memcpy(&metric, RTA_DATA(parts[RTA_PRIORITY]), sizeof(metric));
	if (!is_wanted(answer, route, table, metric))
		return 0;
	if (parts[RTA_OIF]) {
		memcpy(&index, RTA_DATA(parts[RTA_OIF]), sizeof(index));
		err = take_interface(answer, index);
	}
	if (parts[RTA_MULTIPATH])
		err = take_hops(answer, parts[RTA_MULTIPATH]) ?: err;
	/* net.ipv4.nexthop_compat_mode=0 shows objects by their number only. */
	return err ?: answer->n > n ? 0 : -ENODATA;
}

/* Returns 1 after the last message, 0 or -errno. */
static int take_message(struct answer *answer, const struct nlmsghdr *header)
{
	const int *error = NLMSG_DATA(header);

	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE)
		return header->nlmsg_len >= NLMSG_LENGTH(sizeof(*error)) && *error ?
			       *error :
			       1;
	if (header->nlmsg_type != RTM_NEWROUTE ||
	    header->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtmsg)))
		return -EBADMSG;
	return take_route(answer, header) ?: !(header->nlmsg_flags & NLM_F_MULTI);
}

/* Returns 0 or -errno. */
static int ask(const struct request *request, struct answer *answer)
{
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
			state = take_message(answer, header);
	}
	return state < 0 ? state : 0;
}

/* The routes to an address, from a source or NULL, as seen in a VRF; 0: in none. */
static int ask_way(struct answer *answer, const void *source, unsigned int vrf)
{
	const struct facts_to *to = answer->to;
	unsigned char size = to->family == AF_INET6 ? 16 : 4;
	struct request request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			    .nlmsg_type = RTM_GETROUTE,
			    .nlmsg_flags = NLM_F_REQUEST },
		/* The route itself, not the next hop that it would give this time. */
		.route = { .rtm_family = (unsigned char)to->family,
			   .rtm_dst_len = size * 8,
			   .rtm_src_len = source ? size * 8 : 0,
			   .rtm_flags = RTM_F_FIB_MATCH },
	};
	int err;

	add(&request, RTA_DST, to->address, size);
	if (source)
		add(&request, RTA_SRC, source, size);
	if (vrf)
		add(&request, RTA_OIF, &vrf, sizeof(vrf));
	err = ask(&request, answer);
	/* The source may be no address of this network namespace, or no longer. */
	if (err && source)
		return ask_way(answer, NULL, vrf);
	return err == -ENETUNREACH || err == -EHOSTUNREACH ? 0 : err;
}

static int ask_list(struct answer *answer)
{
	const struct request request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			    .nlmsg_type = RTM_GETROUTE,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.route = { .rtm_family = (unsigned char)answer->to->family },
	};
	int err;

	/* It changed meanwhile. */
	for (int i = 0; (err = ask(&request, answer)) == -EINTR && i < 9; i++)
		answer->table = answer->metric = 0;
	return err;
}

/* Which VRF the controller talks through is not known: each of them counts. */
static int ask_vrfs(struct answer *answer)
{
	_cleanup_names_ struct names names = names_read(path_make("/sys/class/net").s);
	int err = 0;

	for (int i = 0; i < names.n; i++) {
		const char *name = names.list[i]->d_name;
		char text[256];

		file_read(path_make("/sys/class/net/%s/uevent", name).s, text,
			  sizeof(text));
		if (strstr(text, "DEVTYPE=vrf"))
			err = ask_way(answer, answer->to->source, if_nametoindex(name)) ?:
				      err;
	}
	return err;
}

size_t facts_route_kernel(const struct facts_use *use, const struct facts_to *to)
{
	struct answer answer = { .use = use, .to = to };
	bool v4 = to->family == AF_INET;
	int err = to->address ? ask_way(&answer, to->source, 0) : ask_list(&answer);

	if (to->address)
		err = ask_vrfs(&answer) ?: err;
	/* A kernel may have no IPv6. */
	if (err && (err != -EOPNOTSUPP || v4))
		facts_use_unknown(use, v4 ? "IPv4 routes" : "IPv6 routes",
				  errno_name(err));
	return answer.n;
}
