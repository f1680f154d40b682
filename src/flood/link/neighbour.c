// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has an address on the link, as the kernel knows or finds out. */
#include "flood/link.h"

#include "base/num.h"
#include "netlink.h"
#include "os/loop.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/addr.h>
#include <poll.h>
#include <string.h>

/* A change that the kernel does not tell of. */
#define LOOK_MS 100

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
