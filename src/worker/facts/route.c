// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Routes, as the kernel would take them: rtnetlink(7). It knows all rules, tables and VRFs,
 * of which /proc/net/route shows the main table only.
 */
#include "facts.h"
#include "worker/netlink.h"

#include <net/if.h>
#include <sys/socket.h>

struct answer {
	const struct facts_use *use;
	const struct facts_to *to;
	size_t n; /* interfaces that were named */
	/* Of the last default route that was listed. */
	uint32_t table, metric;
};

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

static int take_route(void *arg, const struct nlmsghdr *header)
{
	struct answer *answer = arg;
	const struct rtmsg *route = NLMSG_DATA(header);
	const struct rtattr *out, *hops;
	uint32_t table, metric;
	size_t n = answer->n;
	int err = 0;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*route)))
		return -EBADMSG;
	/* A dump of a family that the kernel does not have is one of all families. */
	if (route->rtm_family != answer->to->family)
		return 0;
	table = netlink_u32(netlink_find(header, sizeof(*route), RTA_TABLE),
			    route->rtm_table);
	metric = netlink_u32(netlink_find(header, sizeof(*route), RTA_PRIORITY), 0);
	if (!is_wanted(answer, route, table, metric))
		return 0;
	out = netlink_find(header, sizeof(*route), RTA_OIF);
	hops = netlink_find(header, sizeof(*route), RTA_MULTIPATH);
	if (out)
		err = take_interface(answer, (int)netlink_u32(out, 0));
	if (hops)
		err = take_hops(answer, hops) ?: err;
	/* net.ipv4.nexthop_compat_mode=0 shows objects by their number only. */
	return err ?: answer->n > n ? 0 : -ENODATA;
}

/* The routes to an address, from a source or NULL, as seen in a VRF; 0: in none. */
static int ask_way(struct answer *answer, const void *source, unsigned int vrf)
{
	const struct facts_to *to = answer->to;
	unsigned char size = to->family == AF_INET6 ? 16 : 4;
	/* The route itself, not the next hop that it would give this time. */
	const struct rtmsg route = { .rtm_family = (unsigned char)to->family,
				     .rtm_dst_len = size * 8,
				     .rtm_src_len = source ? size * 8 : 0,
				     .rtm_flags = RTM_F_FIB_MATCH };
	struct netlink_request request;
	int err;

	netlink_begin(&request, RTM_GETROUTE, 0, &route, sizeof(route));
	netlink_add(&request, RTA_DST, to->address, size);
	if (source)
		netlink_add(&request, RTA_SRC, source, size);
	if (vrf)
		netlink_add(&request, RTA_OIF, &vrf, sizeof(vrf));
	err = netlink_ask(&request, RTM_NEWROUTE, take_route, answer);
	/* The source may be no address of this network namespace, or no longer. */
	if (err && source)
		return ask_way(answer, NULL, vrf);
	return err == -ENETUNREACH || err == -EHOSTUNREACH ? 0 : err;
}

static int ask_list(struct answer *answer)
{
	int err;

	/* It changed meanwhile. */
	for (int i = 0; i < 10; i++) {
		err = netlink_dump(RTM_GETROUTE, answer->to->family, take_route, answer);
		if (err != -EINTR)
			break;
		answer->table = answer->metric = 0;
	}
	return err;
}

/* Which VRF the controller talks through is not known: each of them counts. */
static int ask_vrfs(struct answer *answer)
{
	_cleanup_names_ struct names names = names_read(path_make("/sys/class/net").s);
	const char *name;
	int err = 0;

	while ((name = names_next(&names))) {
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
