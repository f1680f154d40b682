// SPDX-License-Identifier: GPL-2.0-or-later
#include "netlink.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <stdlib.h>
#include <string.h>

int netlink_open(struct nl_sock **ret)
{
	struct nl_sock *socket = nl_socket_alloc();
	int r;

	if (!socket)
		abort();
	r = nl_connect(socket, NETLINK_ROUTE);
	if (r < 0)
		nl_socket_free(socket);
	else
		*ret = socket;
	return r < 0 ? r : 0;
}

void netlink_close(struct nl_sock **socket)
{
	nl_socket_free(*socket);
}

int netlink_watch(uint32_t groups)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK,
					     .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = -errno;

		mem_close_fd(&fd);
		return r;
	}
	return fd;
}

const void *netlink_bytes(const struct sockaddr *address)
{
	return address->sa_family == AF_INET ?
		       (const void *)&((const struct sockaddr_in *)address)->sin_addr :
		       (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;
}

struct nl_addr *netlink_address(int family, const void *bytes)
{
	struct nl_addr *addr = nl_addr_build(family, bytes, family == AF_INET ? 4 : 16);

	if (!addr)
		abort();
	return addr;
}

int netlink_neighbour(struct nl_sock *socket, int ifindex, struct nl_addr *address,
		      uint8_t ret_mac[LINK_MAC])
{
	const int known = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY |
			  NUD_PROBE;
	struct nl_cache *neighbours;
	struct rtnl_neigh *entry;
	struct nl_addr *mac;
	int state = 0, r = rtnl_neigh_alloc_cache(socket, &neighbours);

	if (r < 0)
		return r;
	entry = rtnl_neigh_get(neighbours, ifindex, address);
	mac = entry ? rtnl_neigh_get_lladdr(entry) : NULL;
	if (mac && nl_addr_get_len(mac) == LINK_MAC &&
	    rtnl_neigh_get_state(entry) & known) {
		memcpy(ret_mac, nl_addr_get_binary_addr(mac), LINK_MAC);
		/* A group's is no machine's. */
		state = ret_mac[0] & 1 ? 0 : rtnl_neigh_get_state(entry);
	}
	if (entry)
		rtnl_neigh_put(entry);
	nl_cache_free(neighbours);
	return state;
}

/* NULL: it is not there, or cannot be asked for. Caller puts it. */
static struct rtnl_link *ask_link(int ifindex)
{
	_cleanup_netlink_ struct nl_sock *socket = NULL;
	struct rtnl_link *link = NULL;

	if (netlink_open(&socket) == 0)
		(void)!rtnl_link_get_kernel(socket, ifindex, NULL, &link);
	return link;
}

bool netlink_has_queue(int ifindex)
{
	struct rtnl_link *link = ask_link(ifindex);
	const char *qdisc = link ? rtnl_link_get_qdisc(link) : NULL;
	bool yes = !qdisc || strcmp(qdisc, "noqueue") != 0;

	if (link)
		rtnl_link_put(link);
	return yes;
}

uint64_t netlink_packets_sent(int ifindex)
{
	struct rtnl_link *link = ask_link(ifindex);
	uint64_t n = link ? rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS) : 0;

	if (link)
		rtnl_link_put(link);
	return n;
}
