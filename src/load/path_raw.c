// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Raw ICMP sockets of this host. The kernel makes the IP header; it hands up IPv4 with
 * the header, ICMPv6 without, and computes the ICMPv6 checksum itself.
 */
#include "load/path.h"

#include "path_internal.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <unistd.h>

#define RECEIVE_ROOM (4 << 20)

static int raw_send(struct path *path, struct path_request *requests, unsigned int n)
{
	int r4 = 0, r6 = 0;

	if (path->fds[0] >= 0)
		r4 = path_send_to(path, path->fds[0], requests, n, FLOOD_V4);
	if (path->fds[1] >= 0)
		r6 = path_send_to(path, path->fds[1], requests, n, FLOOD_V6);
	return r4 < 0 ? r4 : r6;
}

static void raw_take(struct path *path, unsigned int index, struct text datagram,
		     path_echo_fn fn, void *arg)
{
	struct frame_echo echo;

	(void)path;
	if (index ? frame_parse_echo_icmp(FLOOD_V6, datagram, &echo) :
		    frame_parse_echo_ipv4(datagram, &echo))
		fn(arg, &echo);
}

static const struct path_ops raw_ops = {
	.send = raw_send,
	.take = raw_take,
	.busy = 64,
	.owns_fds = true,
};

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* Replies of a millisecond must fit; beyond the system's limit only with CAP_NET_ADMIN. */
static void make_room(int fd)
{
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_ROOM) < 0)
		(void)!set_int(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_ROOM);
}

static int open_v4(const struct path_peers *peers, int *ret)
{
	_cleanup_close_ int fd =
		socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);
	struct icmp_filter filter = { .data = ~(1u << ICMP_ECHOREPLY) };
	int r;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter)) < 0)
		return -errno;
	/* Should the route change meanwhile, the flood still never passes a router. */
	if (!peers->off_link) {
		r = set_int(fd, IPPROTO_IP, IP_TTL, 1);
		if (r == 0)
			r = set_int(fd, SOL_SOCKET, SO_DONTROUTE, 1);
		if (r < 0)
			return r;
	}
	make_room(fd);
	if (connect(fd, (const struct sockaddr *)peers->v4, sizeof(*peers->v4)) < 0)
		return -errno;
	*ret = fd;
	fd = -1;
	return 0;
}

static int open_v6(const struct path_peers *peers, int *ret)
{
	_cleanup_close_ int fd =
		socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	struct icmp6_filter filter;
	int r;

	if (fd < 0)
		return -errno;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0)
		return -errno;
	r = peers->off_link ? 0 : set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1);
	if (r < 0)
		return r;
	make_room(fd);
	if (connect(fd, (const struct sockaddr *)peers->v6, sizeof(*peers->v6)) < 0)
		return -errno;
	*ret = fd;
	fd = -1;
	return 0;
}

int path_open_raw(const struct path_peers *peers, const struct path_spec *spec,
		  struct path **ret)
{
	static const struct frame_ends no_ends;
	struct path *path = path_new(&raw_ops, &no_ends, spec, spec->size + 128);
	int r = 0;

	if (peers->v4)
		r = open_v4(peers, &path->fds[0]);
	if (r == 0 && peers->v6)
		r = open_v6(peers, &path->fds[1]);
	if (r < 0) {
		path_free(path);
		return r;
	}
	*ret = path;
	return 0;
}
