// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/link.h"

#include "base/num.h"
#include "netlink.h"
#include "os/loop.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/route.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* A default gateway that has not answered by then is none. */
#define GATEWAY_NS NS_PER_SEC
/* A change of the neighbour tables that the kernel does not tell of. */
#define LOOK_MS 100

static int refuse(char **ret_reason, const char *reason)
{
	*ret_reason = xstrdup(reason);
	return -EPERM;
}

static int check_ipv4(const struct sockaddr_in *in, char **ret_reason)
{
	in_addr_t ip = ntohl(in->sin_addr.s_addr);

	/* 0.0.0.0/8: "this network"; Linux takes 0.0.0.0 for itself. */
	if (ip >> 24 == 0)
		return refuse(ret_reason, "is no address of a machine");
	if (IN_MULTICAST(ip))
		return refuse(ret_reason, "is a multicast address");
	if (ip >> 28 == 15)
		return refuse(ret_reason, "is a broadcast or reserved address");
	return 0;
}

static int check_ipv6(const struct sockaddr_in6 *in6, char **ret_reason)
{
	if (IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr))
		return refuse(ret_reason, "is no address of a machine");
	if (IN6_IS_ADDR_MULTICAST(&in6->sin6_addr))
		return refuse(ret_reason, "is a multicast address");
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) ||
	    (IN6_IS_ADDR_V4COMPAT(&in6->sin6_addr) &&
	     !IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr)))
		return refuse(ret_reason, "is an IPv4 address: write it as one");
	if (IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) && !in6->sin6_scope_id)
		return refuse(ret_reason, "is a link-local address: add its "
					  "interface, as in fe80::1%eth0");
	return 0;
}

/* An IPv4 address against one of ours and its network: broadcasts are not in all routes. */
static int check_own_ipv4(const struct sockaddr_in *in, const struct ifaddrs *own,
			  char **ret_reason)
{
	in_addr_t ip = ntohl(in->sin_addr.s_addr);
	in_addr_t ours =
		ntohl(((struct sockaddr_in *)(void *)own->ifa_addr)->sin_addr.s_addr);
	in_addr_t mask = own->ifa_netmask ?
				 ntohl(((struct sockaddr_in *)(void *)own->ifa_netmask)
					       ->sin_addr.s_addr) :
				 UINT32_MAX;

	if (ip == ours)
		return refuse(ret_reason, "is this host itself");
	/* Both ends of a link of two are machines (RFC 3021). */
	if (mask < UINT32_MAX - 1 && (ip & mask) == (ours & mask) &&
	    ((ip | mask) == UINT32_MAX || (ip & ~mask) == 0))
		return refuse(ret_reason, "is a broadcast address");
	return 0;
}

static int check_own(const struct sockaddr *address, char **ret_reason)
{
	struct ifaddrs *all, *own;
	int r = 0;

	if (getifaddrs(&all) < 0) {
		*ret_reason = xstrdup("cannot be told from an address of this host");
		return -ENETUNREACH;
	}
	for (own = all; own && r == 0; own = own->ifa_next) {
		if (!own->ifa_addr || own->ifa_addr->sa_family != address->sa_family)
			continue;
		if (address->sa_family == AF_INET)
			r = check_own_ipv4((const void *)address, own, ret_reason);
		else if (!memcmp(netlink_bytes(address), netlink_bytes(own->ifa_addr),
				 sizeof(struct in6_addr)))
			r = refuse(ret_reason, "is this host itself");
	}
	freeifaddrs(all);
	return r;
}

static int take_route(struct nl_msg *message, void *arg)
{
	struct rtnl_route **route = arg;

	if (nlmsg_hdr(message)->nlmsg_type == RTM_NEWROUTE && !*route &&
	    rtnl_route_parse(nlmsg_hdr(message), route) < 0)
		*route = NULL;
	return NL_OK;
}

/* As rtnl_route_lookup, which cannot be told the interface. */
static int look_up(struct nl_sock *socket, const struct sockaddr *address, int interface,
		   struct rtnl_route **ret)
{
	/* Its table, too: one that the kernel only assumes, for an interface, is of none. */
	struct rtmsg header = { .rtm_family = (unsigned char)address->sa_family,
				.rtm_flags = RTM_F_LOOKUP_TABLE };
	struct nl_addr *addr =
		netlink_address(address->sa_family, netlink_bytes(address));
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETROUTE, 0);
	int r;

	if (!message)
		abort();
	header.rtm_dst_len = (unsigned char)nl_addr_get_prefixlen(addr);
	if (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put_addr(message, RTA_DST, addr) < 0 ||
	    (interface && nla_put_u32(message, RTA_OIF, (uint32_t)interface) < 0))
		abort();
	nl_addr_put(addr);
	*ret = NULL;
	nl_socket_disable_seq_check(socket);
	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take_route, ret);
	r = nl_send_auto(socket, message);
	nlmsg_free(message);
	if (r >= 0)
		r = nl_recvmsgs_default(socket);
	/* An answer is not acknowledged, so this reads exactly the answer or the error. */
	if (r < 0)
		return r;
	return *ret && rtnl_route_get_table(*ret) ? 0 : -NLE_OBJ_NOTFOUND;
}

/* Of the route's own family, or of another one; NULL: none. */
static struct nl_addr *gateway_of(struct rtnl_nexthop *hop)
{
	struct nl_addr *gateway = rtnl_route_nh_get_gateway(hop);

	return gateway ? gateway : rtnl_route_nh_get_via(hop);
}

static int take_hop(struct rtnl_route *route, const struct sockaddr *address,
		    const struct link_wish *wish, struct link_way *way, char **ret_reason)
{
	struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
	struct nl_addr *gateway;

	if (!hop || rtnl_route_get_nnexthops(route) != 1)
		return refuse(ret_reason, "has several routes");
	way->ifindex = rtnl_route_nh_get_ifindex(hop);
	gateway = gateway_of(hop);
	if (!gateway) {
		memcpy(&way->neighbour, address,
		       address->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
						       sizeof(struct sockaddr_in6));
		return 0;
	}
	if (!wish->allow_routed) {
		char name[INET6_ADDRSTRLEN];

		*ret_reason = xasprintf("is not on a link of this host (gateway %s)",
					nl_addr2str(gateway, name, sizeof(name)));
		return -EPERM;
	}
	socklen_t len = sizeof(way->neighbour);

	if (nl_addr_fill_sockaddr(gateway, (struct sockaddr *)&way->neighbour, &len) < 0)
		return refuse(ret_reason, "has a gateway of an unknown kind");
	return 0;
}

/* A tunnel has no gateway, but what is behind it is another network all the same. */
static int take_link(struct nl_sock *socket, bool allow_routed, struct link_way *way,
		     char **ret_reason)
{
	struct rtnl_link *link = NULL;
	struct nl_addr *mac;
	unsigned int flags;

	if (rtnl_link_get_kernel(socket, way->ifindex, NULL, &link) < 0) {
		*ret_reason = xstrdup("is behind an interface that has just gone");
		return -ENETUNREACH;
	}
	flags = rtnl_link_get_flags(link);
	mac = rtnl_link_get_addr(link);
	way->mtu = rtnl_link_get_mtu(link);
	way->ethernet = rtnl_link_get_arptype(link) == ARPHRD_ETHER && mac &&
			nl_addr_get_len(mac) == LINK_MAC && !(flags & IFF_NOARP);
	if (way->ethernet)
		memcpy(way->our_mac, nl_addr_get_binary_addr(mac), LINK_MAC);
	snprintf(way->name, sizeof(way->name), "%s", rtnl_link_get_name(link));
	rtnl_link_put(link);
	if (flags & IFF_LOOPBACK)
		return refuse(ret_reason, "is this host itself");
	if (flags & IFF_POINTOPOINT && !allow_routed)
		return refuse(ret_reason, "is behind a point-to-point link");
	return 0;
}

static int check_type(struct rtnl_route *route, char **ret_reason)
{
	switch (rtnl_route_get_type(route)) {
	case RTN_UNICAST:
		return 0;
	case RTN_LOCAL:
		return refuse(ret_reason, "is this host itself");
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return refuse(ret_reason, "is a broadcast address");
	default:
		*ret_reason = xstrdup("cannot be reached from this host");
		return -ENETUNREACH;
	}
}

/* What a route's hops are asked for; stops at the first that is not zero. */
typedef int (*gateway_fn)(void *arg, struct nl_addr *gateway, int interface);

static int each_gateway(struct nl_sock *socket, int family, gateway_fn fn, void *arg)
{
	struct nl_cache *routes;
	int r = rtnl_route_alloc_cache(socket, family, 0, &routes);

	if (r < 0)
		return r;
	for (struct nl_object *o = nl_cache_get_first(routes); o && r == 0;
	     o = nl_cache_get_next(o)) {
		struct rtnl_route *route = (struct rtnl_route *)o;

		if (nl_addr_get_prefixlen(rtnl_route_get_dst(route)))
			continue;
		for (int i = 0; i < rtnl_route_get_nnexthops(route) && r == 0; i++) {
			struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, i);
			struct nl_addr *gateway = gateway_of(hop);

			if (gateway)
				r = fn(arg, gateway, rtnl_route_nh_get_ifindex(hop));
		}
	}
	nl_cache_free(routes);
	return r;
}

static int is_gateway(void *arg, struct nl_addr *gateway, int interface)
{
	(void)interface;
	return nl_addr_cmp(gateway, arg) == 0;
}

static int refuse_unknown(int error, char **ret_reason)
{
	*ret_reason = xasprintf("cannot be told from a gateway: %s", nl_geterror(error));
	return -ENETUNREACH;
}

static int check_gateway(struct nl_sock *socket, const struct sockaddr *address,
			 char **ret_reason)
{
	struct nl_addr *addr =
		netlink_address(address->sa_family, netlink_bytes(address));
	/* An IPv4 route may have an IPv6 gateway. */
	int r = each_gateway(socket, AF_INET, is_gateway, addr);

	if (r == 0)
		r = each_gateway(socket, AF_INET6, is_gateway, addr);
	nl_addr_put(addr);
	if (r > 0)
		return refuse(ret_reason, "is the default gateway of this host");
	if (r == 0)
		return 0;
	return refuse_unknown(r, ret_reason);
}

static int check_route(struct nl_sock *socket, const struct sockaddr *address,
		       const struct link_wish *wish, struct link_way *way,
		       char **ret_reason)
{
	struct rtnl_route *route = NULL;
	struct nl_addr *from;
	int interface = 0, scope = 0, r;

	if (address->sa_family == AF_INET6)
		scope = (int)((const struct sockaddr_in6 *)address)->sin6_scope_id;
	interface = scope;
	if (wish->interface) {
		interface = (int)if_nametoindex(wish->interface);
		if (!interface) {
			*ret_reason =
				xasprintf("has no way through %s: no such interface",
					  wish->interface);
			return -ENETUNREACH;
		}
	}
	if (scope && scope != interface)
		return refuse(ret_reason, "is behind another interface than --interface");
	r = look_up(socket, address, interface, &route);
	if (r < 0) {
		*ret_reason = xasprintf("has no route: %s", nl_geterror(r));
		if (route)
			rtnl_route_put(route);
		return -ENETUNREACH;
	}
	r = check_type(route, ret_reason);
	if (r == 0)
		r = take_hop(route, address, wish, way, ret_reason);
	from = rtnl_route_get_pref_src(route);
	if (r == 0 && from && nl_addr_get_len(from) <= sizeof(way->our_address))
		memcpy(way->our_address, nl_addr_get_binary_addr(from),
		       nl_addr_get_len(from));
	rtnl_route_put(route);
	return r;
}

int link_find(const struct sockaddr *address, const struct link_wish *wish,
	      struct link_way *ret, char **ret_reason)
{
	_cleanup_netlink_ struct nl_sock *socket = NULL, *links = NULL;
	struct link_way way = { 0 };
	int r = address->sa_family == AF_INET ?
			check_ipv4((const struct sockaddr_in *)(const void *)address,
				   ret_reason) :
			check_ipv6((const struct sockaddr_in6 *)(const void *)address,
				   ret_reason);

	if (r == 0)
		r = check_own(address, ret_reason);
	if (r < 0)
		return r;
	r = netlink_open(&socket);
	if (r < 0) {
		*ret_reason = xasprintf("has no route: %s", nl_geterror(r));
		return -ENETUNREACH;
	}
	r = check_route(socket, address, wish, &way, ret_reason);
	if (r < 0)
		return r;
	/* A socket whose answers were read by a handler of ours is not for caches. */
	r = netlink_open(&links);
	if (r < 0) {
		*ret_reason = xasprintf("has no link: %s", nl_geterror(r));
		return -ENETUNREACH;
	}
	r = take_link(links, wish->allow_routed, &way, ret_reason);
	if (r == 0)
		r = check_gateway(links, address, ret_reason);
	if (r == 0)
		*ret = way;
	return r;
}

/* -- who has an address on the link, as the kernel knows or finds out ------------------ */

static bool look(struct nl_sock *socket, struct link_way *way)
{
	const struct sockaddr *neighbour = (const struct sockaddr *)&way->neighbour;
	struct nl_addr *addr =
		netlink_address(neighbour->sa_family, netlink_bytes(neighbour));

	way->has_mac = netlink_neighbour(socket, way->ifindex, addr, way->target_mac) > 0;
	nl_addr_put(addr);
	return way->has_mac;
}

/*
 * An empty datagram to the discard port makes the kernel ask, and goes nowhere but to the
 * neighbour itself.
 */
static void make_ask(const struct link_way *way)
{
	struct sockaddr_storage to = way->neighbour;
	bool v4 = to.ss_family == AF_INET;
	_cleanup_close_ int fd =
		socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		return;
	if (v4)
		((struct sockaddr_in *)&to)->sin_port = htons(9);
	else
		((struct sockaddr_in6 *)&to)->sin6_port = htons(9);
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, way->name,
		       (socklen_t)strlen(way->name) + 1) == 0 &&
	    setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
		       v4 ? IP_TTL : IPV6_UNICAST_HOPS, &one, sizeof(one)) == 0)
		(void)!sendto(fd, "", 0, MSG_DONTWAIT, (struct sockaddr *)&to,
			      v4 ? sizeof(struct sockaddr_in) :
				   sizeof(struct sockaddr_in6));
}

/* The next change of the neighbour tables. */
static void wait_change(int watch)
{
	struct pollfd in = { .fd = watch, .events = POLLIN };
	char bytes[4096];

	(void)!poll(&in, 1, LOOK_MS);
	while (watch >= 0 && recv(watch, bytes, sizeof(bytes), 0) > 0)
		;
}

int link_resolve(struct link_way *way, uint64_t limit_ns)
{
	uint64_t end = loop_now_ns() + limit_ns;
	_cleanup_close_ int watch = netlink_watch(RTMGRP_NEIGH);
	_cleanup_netlink_ struct nl_sock *socket = NULL;
	bool asked = false;

	if (!way->ethernet || netlink_open(&socket) < 0)
		return -EHOSTUNREACH;
	while (!look(socket, way) && loop_now_ns() < end) {
		if (!asked)
			make_ask(way);
		asked = true;
		wait_change(watch);
	}
	return way->has_mac ? 0 : -EHOSTUNREACH;
}

static int has_same_mac(void *arg, struct nl_addr *gateway, int interface)
{
	const struct link_way *way = arg;
	struct link_way other = *way;
	socklen_t len = sizeof(other.neighbour);

	if (interface != way->ifindex ||
	    nl_addr_fill_sockaddr(gateway, (struct sockaddr *)&other.neighbour, &len) < 0)
		return 0;
	return link_resolve(&other, GATEWAY_NS) == 0 &&
	       !memcmp(other.target_mac, way->target_mac, LINK_MAC);
}

/* A router that answers ARP for what is behind it would pass the flood on. */
int link_check_mac(struct link_way *way, char **ret_reason)
{
	_cleanup_netlink_ struct nl_sock *socket = NULL;
	int r = netlink_open(&socket);

	if (r == 0)
		r = each_gateway(socket, AF_INET, has_same_mac, way);
	if (r == 0)
		r = each_gateway(socket, AF_INET6, has_same_mac, way);
	if (r > 0)
		return refuse(ret_reason,
			      "is answered for by the default gateway of this host");
	return r < 0 ? refuse_unknown(r, ret_reason) : 0;
}
