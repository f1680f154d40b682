// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Raw ICMP sockets of this host. The kernel makes the IP header; it hands up IPv4 with
 * the header, ICMPv6 without, and computes the ICMPv6 checksum itself.
 */
#include "filter.h"
#include "path.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Drops of the two sockets, which wrap. */
struct raw {
	uint32_t seen[2];
	uint64_t drops;
	bool bound; /* to the interface */
};

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

	if (index ? frame_parse_echo_icmp(FLOOD_V6, datagram, &echo) :
		    frame_parse_echo_ipv4(datagram, &echo))
		fn(arg, &echo, path->stamp_ns);
}

static bool raw_replies(struct path *path, uint64_t *ret)
{
	struct raw *own = path->own;

	for (unsigned int i = 0; i < 2; i++) {
		uint32_t now = path->fds[i] >= 0 ? filter_raw_drops(path->fds[i]) : 0;

		own->drops += now - own->seen[i];
		own->seen[i] = now;
	}
	*ret = own->drops + path->came;
	return true;
}

static void raw_free(struct path *path)
{
	free(path->own);
}

static int set(int fd, int level, int name, const void *value, size_t len)
{
	return setsockopt(fd, level, name, value, (socklen_t)len) < 0 ? -errno : 0;
}

static int set_int(int fd, int level, int name, int value)
{
	return set(fd, level, name, &value, sizeof(value));
}

/*
 * A packet takes no other interface, whatever the routes. Unlike a socket that is bound to
 * it, one like this may be set anew when the interface has come back under another number.
 */
static int set_interface(const struct path *path, unsigned int index)
{
	const struct raw *own = path->own;
	uint32_t ifindex = htonl((uint32_t)path->watch.ifindex);

	if (path->fds[index] < 0 || path->watch.fd < 0 || !ifindex || own->bound)
		return 0;
	return set(path->fds[index], index ? IPPROTO_IPV6 : IPPROTO_IP,
		   index ? IPV6_UNICAST_IF : IP_UNICAST_IF, &ifindex, sizeof(ifindex));
}

static void raw_changed(struct path *path)
{
	(void)!set_interface(path, 0);
	(void)!set_interface(path, 1);
}

static const struct path_ops raw_ops = {
	.send = raw_send,
	.take = raw_take,
	.replies = raw_replies,
	.changed = raw_changed,
	.free = raw_free,
	/* What is not read is counted all the same. */
	.busy = UINT32_MAX,
	.owns_fds = true,
	.has_error_queue = true,
};

static int set_up(int fd, bool v6, const struct path_peers *peers,
		  const struct path_spec *spec)
{
	const bool deaf = spec->measure == PATH_MEASURE_NONE;
	const struct icmp_filter echo = { .data = deaf ? ~0u : ~(1u << ICMP_ECHOREPLY) };
	const int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	struct icmp6_filter echo6;
	int r;

	ICMP6_FILTER_SETBLOCKALL(&echo6);
	if (!deaf)
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &echo6);
	r = v6 ? set(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &echo6, sizeof(echo6)) :
		 set(fd, SOL_RAW, ICMP_FILTER, &echo, sizeof(echo));
	/* Should the route change meanwhile, the flood still never passes a router. */
	if (r == 0 && !peers->routed)
		r = set_int(fd, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL, 1);
	if (r == 0 && !peers->routed && !v6)
		r = set_int(fd, SOL_SOCKET, SO_DONTROUTE, 1);
	/* A full queue is told then, and what ICMP messages say. */
	if (r == 0)
		r = set_int(fd, level, v6 ? IPV6_RECVERR : IP_RECVERR, 1);
	/*
	 * Bound, the socket is not shown replies of other interfaces, which would be
	 * counted, and IPv6, too, keeps to its interface when a route prefers another one.
	 */
	if (r == 0 && peers->only)
		r = set(fd, SOL_SOCKET, SO_BINDTODEVICE, peers->interface,
			strlen(peers->interface));
	if (r == 0) {
		filter_make_small(fd);
		r = filter_raw(fd, v6 ? FLOOD_V6 : FLOOD_V4, &spec->mark);
	}
	return r;
}

static int open_socket(struct path *path, const struct path_peers *peers, bool v6)
{
	const struct sockaddr *to = v6 ? (const struct sockaddr *)peers->v6 :
					 (const struct sockaddr *)peers->v4;
	int fd = socket(to->sa_family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	int r;

	if (fd < 0)
		return -errno;
	path->fds[v6] = fd;
	r = set_up(fd, v6, peers, &path->spec);
	if (r == 0 && connect(fd, to, v6 ? sizeof(*peers->v6) : sizeof(*peers->v4)) < 0)
		r = -errno;
	return r == 0 ? set_interface(path, v6) : r;
}

int path_open_raw(const struct path_peers *peers, const struct path_spec *spec,
		  struct path **ret)
{
	static const struct frame_ends no_ends;
	struct path *path;
	struct raw *own;
	int r = 0;

	if (flood_spec_kinds(&spec->flood) != FLOOD_KIND(FLOOD_ICMP) || spec->flood.vlan)
		return -EOPNOTSUPP;
	path = path_new(&raw_ops, &no_ends, spec,
			flood_spec_size_max(&spec->flood) + 128);
	path->own = own = xcalloc(1, sizeof(*own));
	own->bound = peers->only;
	if (peers->interface)
		r = path_watch_open(path, peers->interface);
	if (r == 0 && peers->v4)
		r = open_socket(path, peers, false);
	if (r == 0 && peers->v6)
		r = open_socket(path, peers, true);
	if (r < 0) {
		path_free(path);
		return r;
	}
	*ret = path;
	return 0;
}
