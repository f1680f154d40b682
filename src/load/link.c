// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/link.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>

static int refuse(char **ret_reason, const char *reason)
{
	*ret_reason = xstrdup(reason);
	return -EPERM;
}

/* What can be told from the address alone. */
static int check_address(const struct sockaddr *address, char **ret_reason)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;
		in_addr_t ip = ntohl(in->sin_addr.s_addr);

		/* 0.0.0.0/8: "this network"; Linux takes 0.0.0.0 for itself. */
		if (ip >> 24 == 0)
			return refuse(ret_reason, "is no address of a machine");
		if (IN_MULTICAST(ip))
			return refuse(ret_reason, "is a multicast address");
		if (ip >> 28 == 15)
			return refuse(ret_reason, "is a broadcast or reserved address");
	} else {
		const struct sockaddr_in6 *in6 = (const void *)address;

		if (IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
			return refuse(ret_reason, "is no address of a machine");
		if (IN6_IS_ADDR_MULTICAST(&in6->sin6_addr))
			return refuse(ret_reason, "is a multicast address");
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) ||
		    IN6_IS_ADDR_V4COMPAT(&in6->sin6_addr))
			if (!IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr))
				return refuse(ret_reason, "is an IPv4 address: write it "
							  "as one");
		if (IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) && !in6->sin6_scope_id)
			return refuse(ret_reason, "is a link-local address: add its "
						  "interface, as in fe80::1%eth0");
	}
	return 0;
}

static struct nl_addr *make_addr(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return nl_addr_build(AF_INET,
				     &((const struct sockaddr_in *)address)->sin_addr, 4);
	return nl_addr_build(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr,
			     16);
}

/* A tunnel has no gateway, but what is behind it is another network all the same. */
static bool is_point_to_point(struct nl_sock *socket, int interface)
{
	struct rtnl_link *link = NULL;
	bool yes;

	if (rtnl_link_get_kernel(socket, interface, NULL, &link) < 0)
		return true;
	yes = rtnl_link_get_flags(link) & IFF_POINTOPOINT;
	rtnl_link_put(link);
	return yes;
}

static int check_hops(struct nl_sock *socket, struct rtnl_route *route, char **ret_reason)
{
	for (int i = 0; i < rtnl_route_get_nnexthops(route); i++) {
		struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, i);
		struct nl_addr *gateway = rtnl_route_nh_get_gateway(hop);
		char name[INET6_ADDRSTRLEN];

		if (!gateway)
			gateway = rtnl_route_nh_get_via(hop);
		if (gateway) {
			*ret_reason =
				xasprintf("is not on a link of this host (gateway %s)",
					  nl_addr2str(gateway, name, sizeof(name)));
			return -EPERM;
		}
		if (is_point_to_point(socket, rtnl_route_nh_get_ifindex(hop)))
			return refuse(ret_reason, "is behind a point-to-point link");
	}
	return 0;
}

static int check_route(struct nl_sock *socket, struct rtnl_route *route,
		       bool allow_off_link, char **ret_reason)
{
	switch (rtnl_route_get_type(route)) {
	case RTN_LOCAL:
		return 0;
	case RTN_UNICAST:
		return allow_off_link ? 0 : check_hops(socket, route, ret_reason);
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return refuse(ret_reason, "is a broadcast address");
	default:
		*ret_reason = xstrdup("cannot be reached from this host");
		return -ENETUNREACH;
	}
}

int link_check(const struct sockaddr *address, bool allow_off_link, char **ret_reason)
{
	struct rtnl_route *route = NULL;
	struct nl_sock *socket;
	struct nl_addr *addr;
	int r = check_address(address, ret_reason);

	if (r < 0)
		return r;
	if (address->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL(&((const struct sockaddr_in6 *)address)->sin6_addr))
		return 0;
	socket = nl_socket_alloc();
	addr = make_addr(address);
	if (!socket || !addr)
		abort();
	r = nl_connect(socket, NETLINK_ROUTE);
	if (r == 0)
		r = rtnl_route_lookup(socket, addr, &route);
	if (r < 0) {
		*ret_reason = xasprintf("has no route: %s", nl_geterror(r));
		r = -ENETUNREACH;
	} else {
		r = check_route(socket, route, allow_off_link, ret_reason);
		rtnl_route_put(route);
	}
	nl_addr_put(addr);
	nl_socket_free(socket);
	return r;
}
