// SPDX-License-Identifier: GPL-2.0-or-later
#include "interface.h"

#include "netlink.h"
#include "worker/facts/facts.h"

#include <sys/socket.h>

/* What was listed has changed meanwhile: once more, and no more often than this. */
#define LISTS_MAX 10

/* -- what there is ------------------------------------------------------------------------ */

static uint32_t number_of(const char *name, const char *file)
{
	int64_t number = 0;

	file_read_number(path_make("/sys/class/net/%s/%s", name, file).s, &number);
	return (uint32_t)number;
}

/* Those in /sys/class/net that hang on the device. */
static void find_interfaces(struct interfaces *interfaces, const struct bdf *bdf)
{
	_cleanup_names_ struct names names = names_read(path_make("/sys/class/net").s);
	char real[PATH_MAX];
	const char *name;
	struct bdf on;

	while (interfaces->n < INTERFACES_MAX && (name = names_next(&names))) {
		struct interface *own = &interfaces->list[interfaces->n];

		if (!facts_pci_of(path_make("/sys/class/net/%s", name).s, &on, real) ||
		    strcmp(on.s, bdf->s) != 0 || strlen(name) >= sizeof(own->name))
			continue;
		memcpy(own->name, name, strlen(name) + 1);
		file_read(path_make("/sys/class/net/%s/address", name).s, own->mac,
			  sizeof(own->mac));
		own->index = number_of(name, "ifindex");
		own->flags = number_of(name, "flags");
		own->mtu = number_of(name, "mtu");
		interfaces->n++;
	}
}

size_t interfaces_count(const struct bdf *bdf)
{
	struct interfaces now = { .n = 0 };

	find_interfaces(&now, bdf);
	return now.n;
}

static int keep(struct interfaces *interfaces, uint32_t index,
		const struct nlmsghdr *header)
{
	struct interface_part *parts;
	struct nlmsghdr *copy;
	size_t owner = 0;

	while (owner < interfaces->n && interfaces->list[owner].index != index)
		owner++;
	if (owner == interfaces->n || header->nlmsg_len > NETLINK_SIZE)
		return 0;
	parts = realloc(interfaces->parts, (interfaces->n_parts + 1) * sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	interfaces->parts = parts;
	copy = malloc(header->nlmsg_len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, header, header->nlmsg_len);
	parts[interfaces->n_parts++] =
		(struct interface_part){ .message = copy, .owner = owner };
	return 0;
}

static int take_address(void *arg, const struct nlmsghdr *header)
{
	const struct ifaddrmsg *address = NLMSG_DATA(header);

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*address)))
		return -EBADMSG;
	return keep(arg, address->ifa_index, header);
}

/* Those that somebody has set; the kernel and routers make theirs again. */
static int take_route(void *arg, const struct nlmsghdr *header)
{
	const struct rtmsg *route = NLMSG_DATA(header);
	const struct rtattr *out;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*route)))
		return -EBADMSG;
	out = netlink_find(header, sizeof(*route), RTA_OIF);
	if (!out || route->rtm_protocol == RTPROT_KERNEL ||
	    route->rtm_protocol == RTPROT_RA || route->rtm_protocol == RTPROT_REDIRECT ||
	    route->rtm_flags & RTM_F_CLONED)
		return 0;
	return keep(arg, netlink_u32(out, 0), header);
}

void interfaces_done(struct interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->n_parts; i++)
		free(interfaces->parts[i].message);
	free(interfaces->parts);
	interfaces->parts = NULL;
	interfaces->n_parts = 0;
}

static int read_parts(struct interfaces *interfaces)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int err = 0;

	interfaces_done(interfaces);
	for (size_t i = 0; i < ARRAY_SIZE(families) && !err; i++)
		err = netlink_dump(RTM_GETADDR, families[i], take_address, interfaces);
	for (size_t i = 0; i < ARRAY_SIZE(families) && !err; i++) {
		err = netlink_dump(RTM_GETROUTE, families[i], take_route, interfaces);
		/* A kernel may have no IPv6. */
		if (err == -EOPNOTSUPP && families[i] == AF_INET6)
			err = 0;
	}
	return err;
}

int interfaces_read(struct interfaces *interfaces, const struct bdf *bdf)
{
	int err = -EINTR;

	*interfaces = (struct interfaces){ .n = 0 };
	find_interfaces(interfaces, bdf);
	if (sysroot_is_set() || !interfaces->n)
		return 0;
	for (int i = 0; i < LISTS_MAX && err == -EINTR; i++)
		err = read_parts(interfaces);
	return err;
}

/* -- what is given back -------------------------------------------------------------------- */

static int set_link(uint32_t index, unsigned int up, int type, const void *data,
		    size_t size)
{
	const struct ifinfomsg link = { .ifi_family = AF_UNSPEC,
					.ifi_index = (int)index,
					.ifi_flags = up,
					.ifi_change = type ? 0 : IFF_UP };
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, NLM_F_ACK, &link, sizeof(link));
	if (type)
		netlink_add(&request, type, data, size);
	return netlink_ask(&request, 0, NULL, NULL);
}

/* An interface that is up keeps its name, where the kernel is older than 6.3. */
static int set_name(const struct interface *is, const char *name)
{
	int err;

	if (!strcmp(is->name, name))
		return 0;
	if (is->flags & IFF_UP)
		set_link(is->index, 0, 0, NULL, 0);
	err = set_link(is->index, 0, IFLA_IFNAME, name, strlen(name) + 1);
	if (is->flags & IFF_UP)
		set_link(is->index, IFF_UP, 0, NULL, 0);
	return err;
}

/* The same message again, about an interface that has another index. Returns 0 or -errno. */
static int give_part(const struct interface_part *part, uint32_t index)
{
	struct netlink_request request = { .body = "" };
	struct nlmsghdr *header = &request.header;
	bool is_route = part->message->nlmsg_type == RTM_NEWROUTE;
	int err;

	memcpy(&request, part->message, part->message->nlmsg_len);
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	header->nlmsg_seq = header->nlmsg_pid = 0;
	if (is_route) {
		struct rtmsg *route = NLMSG_DATA(header);
		struct rtattr *out = netlink_find(header, sizeof(*route), RTA_OIF);

		route->rtm_flags &= ~(unsigned int)(RTNH_F_DEAD | RTNH_F_LINKDOWN);
		memcpy(RTA_DATA(out), &index, sizeof(index));
	} else {
		struct ifaddrmsg *address = NLMSG_DATA(header);

		address->ifa_index = index;
	}
	err = netlink_ask(&request, 0, NULL, NULL);
	return err == -EEXIST ? 0 : err;
}

/* Addresses before routes; a route may need another one first. */
static bool give_parts(struct interfaces *interfaces, const uint32_t *indices)
{
	bool all = false;

	for (int turn = 0; turn < 3 && !all; turn++) {
		all = true;
		for (size_t i = 0; i < interfaces->n_parts; i++) {
			struct interface_part *part = &interfaces->parts[i];

			if (!part->done)
				part->done = !give_part(part, indices[part->owner]);
			all &= part->done;
		}
	}
	return all;
}

/* The one that has the same address, or is the only one, or its name. */
static const struct interface *find_new(const struct interfaces *now,
					const struct interface *was)
{
	for (size_t i = 0; i < now->n; i++)
		if (*was->mac && !strcmp(now->list[i].mac, was->mac))
			return &now->list[i];
	for (size_t i = 0; i < now->n; i++)
		if (now->n == 1 || !strcmp(now->list[i].name, was->name))
			return &now->list[i];
	return NULL;
}

/* Its index in *ret. False: what is missing is told. */
static bool restore_link(const struct interfaces *now, const struct interface *was,
			 uint32_t *ret, char *missing, size_t size)
{
	const struct interface *is = find_new(now, was);
	int err;

	if (!is) {
		snprintf(missing, size, "%s", was->name);
		return false;
	}
	*ret = is->index;
	if (sysroot_is_set())
		return !strcmp(is->name, was->name);
	err = set_name(is, was->name);
	if (err)
		snprintf(missing, size, "%s is %s now: %s", was->name, is->name,
			 errno_name(err));
	if (!err && was->mtu && is->mtu != was->mtu)
		err = set_link(is->index, 0, IFLA_MTU, &was->mtu, sizeof(was->mtu));
	if (!err && was->flags & IFF_UP)
		err = set_link(is->index, IFF_UP, 0, NULL, 0);
	if (err && !*missing)
		snprintf(missing, size, "%s is not up: %s", was->name, errno_name(err));
	return !err;
}

bool interfaces_restore(struct interfaces *interfaces, const struct bdf *bdf,
			char *missing, size_t size)
{
	struct interfaces now = { .n = 0 };
	uint32_t indices[INTERFACES_MAX] = { 0 };
	bool all = true;

	missing[0] = '\0';
	find_interfaces(&now, bdf);
	for (size_t i = 0; i < interfaces->n; i++)
		all &= restore_link(&now, &interfaces->list[i], &indices[i], missing,
				    size);
	if (all && !give_parts(interfaces, indices)) {
		snprintf(missing, size, "an address or a route");
		all = false;
	}
	return all;
}
