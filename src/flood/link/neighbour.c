// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has an address on the link, as the kernel knows or finds out. */
#include "flood/link.h"

#include "base/num.h"
#include "link_internal.h"
#include "os/loop.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/netlink.h>
#include <netlink/route/neighbour.h>
#include <poll.h>
#include <string.h>

/* A change that the kernel does not tell of. */
#define LOOK_MS 100

bool link_neighbour_mac(struct nl_cache *neighbours, int ifindex, struct nl_addr *address,
			uint8_t ret[LINK_MAC])
{
	const int known = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY |
			  NUD_PROBE;
	struct rtnl_neigh *entry = rtnl_neigh_get(neighbours, ifindex, address);
	struct nl_addr *mac = entry ? rtnl_neigh_get_lladdr(entry) : NULL;
	bool yes = mac && rtnl_neigh_get_state(entry) & known &&
		   nl_addr_get_len(mac) == LINK_MAC;

	if (yes)
		memcpy(ret, nl_addr_get_binary_addr(mac), LINK_MAC);
	if (entry)
		rtnl_neigh_put(entry);
	return yes && !(ret[0] & 1);
}

static bool look(struct nl_sock *socket, struct link_way *way)
{
	struct nl_addr *addr = link_nl_addr((const struct sockaddr *)&way->neighbour);
	struct nl_cache *neighbours;

	way->has_mac = false;
	if (rtnl_neigh_alloc_cache(socket, &neighbours) >= 0) {
		way->has_mac = link_neighbour_mac(neighbours, way->ifindex, addr,
						  way->target_mac);
		nl_cache_free(neighbours);
	}
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
	while (watch >= 0 && recv(watch, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static int watch_changes(void)
{
	const struct sockaddr_nl groups = { .nl_family = AF_NETLINK,
					    .nl_groups = RTMGRP_NEIGH };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0)
		mem_close_fd(&fd);
	return fd;
}

int link_resolve(struct link_way *way, uint64_t limit_ns)
{
	uint64_t end = loop_now_ns() + limit_ns;
	_cleanup_close_ int watch = watch_changes();
	struct nl_sock *socket;
	bool asked = false;

	if (!way->ethernet || link_nl_open(&socket) < 0)
		return -EHOSTUNREACH;
	while (!look(socket, way) && loop_now_ns() < end) {
		if (!asked)
			make_ask(way);
		asked = true;
		wait_change(watch);
	}
	nl_socket_free(socket);
	return way->has_mac ? 0 : -EHOSTUNREACH;
}
