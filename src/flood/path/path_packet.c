// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole frames through a packet socket, in batches, through the queueing discipline of the
 * interface: when its queue is full, the socket says so and nothing is lost, for less fits
 * into the socket than into the queue. The frames carry the target's Ethernet address, so
 * no table of neighbours stands between the return of a link and the first request.
 */
#include "path_packet.h"

#include "bpf.h"
#include "filter.h"
#include "flood/link/netlink.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* Replies that a counter lets go on to be looked at, each time that there is a look. */
#define SAMPLE 2u

/*
 * The kernel doubles it: some 85 of the smallest frames are on their way at once, of 1000
 * that a queue takes by default. More would come to the target in bursts that it cannot
 * answer: its kernel has room for some 300 replies (net/ipv4/icmp.c, icmp_sk_init), and
 * drops those that do not fit (OutDiscards).
 */
#define SEND_ROOM 32768

bool packet_replies(struct path *path, uint64_t *ret)
{
	struct packet *own = path->own;

	if (!own->counts)
		return false;
	own->drops += filter_take_packet_drops(path->fds[0]);
	*ret = own->drops + path->came +
	       reply_counter_take(own->counter,
				  path->spec.measure == PATH_MEASURE_ALL ? SAMPLE : 0);
	return true;
}

int packet_send(struct path *path, struct path_request *requests, unsigned int n)
{
	return path_send_to(path, path->fds[0], requests, n, 0);
}

void packet_take(struct path *path, unsigned int index, struct text frame,
		 path_echo_fn fn, void *arg)
{
	const struct packet *own = path->own;
	struct frame_echo echo;

	(void)index;
	if (frame_parse_echo(&own->seen, frame, &echo))
		fn(arg, &echo, path->stamp_ns);
}

/* Reports go to groups that this host is in none of; the interface may leave them out. */
static void hear_reports(const struct path *path, int ifindex)
{
	const unsigned int reports = FLOOD_KIND(FLOOD_IGMP) | FLOOD_KIND(FLOOD_MLD);
	const struct packet_mreq groups = { .mr_ifindex = ifindex,
					    .mr_type = PACKET_MR_ALLMULTI };

	if (flood_spec_kinds(&path->spec.flood) & reports)
		(void)!setsockopt(path->fds[0], SOL_PACKET, PACKET_ADD_MEMBERSHIP,
				  &groups, sizeof(groups));
}

static int bind_to(const struct path *path, int ifindex)
{
	const struct packet *own = path->own;
	const struct sockaddr_ll interface = { .sll_family = AF_PACKET,
					       .sll_protocol = own->protocol,
					       .sll_ifindex = ifindex };

	if (bind(path->fds[0], (const struct sockaddr *)&interface, sizeof(interface)) <
	    0)
		return -errno;
	hear_reports(path, ifindex);
	return 0;
}

/*
 * Where there is no queue, there is nothing to go through for. Not when a program at the
 * way out is to see what is sent.
 */
static void choose_way(struct path *path)
{
	struct packet *own = path->own;
	int bypass = !own->turbo && !netlink_has_queue(path->watch.ifindex);

	(void)!setsockopt(path->fds[0], SOL_PACKET, PACKET_QDISC_BYPASS, &bypass,
			  sizeof(bypass));
}

/* A new interface, or one that somebody has given another Ethernet address. */
void packet_changed(struct path *path)
{
	struct packet *own = path->own;
	const struct path_watch *w = &path->watch;
	struct frame_ends ends = path->ends;

	/* One that has been elsewhere may come back under the number that it had. */
	if (!w->ifindex) {
		own->ifindex = 0;
		return;
	}
	if (w->ifindex != own->ifindex && bind_to(path, w->ifindex) == 0) {
		own->ifindex = w->ifindex;
		choose_way(path);
	}
	if (memcmp(ends.our_mac, w->mac, FRAME_MAC) != 0) {
		memcpy(ends.our_mac, w->mac, FRAME_MAC);
		memcpy(own->seen.our_mac, w->mac, FRAME_MAC);
		path_set_ends(path, &ends);
	}
}

void packet_free(struct path *path)
{
	struct packet *own = path->own;

	reply_counter_free(own->counter);
	free(own);
}

static const struct path_ops packet_ops = {
	.send = packet_send,
	.take = packet_take,
	.replies = packet_replies,
	.changed = packet_changed,
	.free = packet_free,
	.busy = PACKET_BUSY,
	.owns_fds = true,
};

/*
 * A socket for all frames sees them before a counter can take them away, so one that wants
 * replies of one family only asks for no others. Without a counter that makes no difference:
 * the socket's filter takes the same replies of all frames. Protocol 0 is shown nothing.
 */
static void choose_protocol(struct path *path)
{
	struct packet *own = path->own;
	enum flood_family family = path->spec.flood.family;
	bool one = family == FLOOD_V4 || family == FLOOD_V6;

	if (path->spec.measure == PATH_MEASURE_NONE)
		return;
	own->protocol = htons(ETH_P_ALL);
	if (!own->counts || !one || path->ends.vlan)
		return;
	own->protocol = htons(family == FLOOD_V6 ? ETH_P_IPV6 : ETH_P_IP);
	own->counter = reply_counter_open(path->watch.ifindex, &path->ends,
					  &path->spec.mark, family);
}

static int set_up(struct path *path)
{
	const int one = 1, room = SEND_ROOM;
	struct packet *own = path->own;
	int fd = path->fds[0], r;

	own->seen = path->ends;
	own->seen.vlan = 0;
	own->counts = flood_spec_kinds(&path->spec.flood) == FLOOD_KIND(FLOOD_ICMP);
	choose_protocol(path);
	r = own->counts ? filter_packet(fd, &path->ends, &path->spec.mark) :
			  filter_from(fd, path->ends.target_mac);
	if (r < 0)
		return r;
	if (own->counts)
		filter_make_small(fd);
	else
		filter_make_large(fd);
	/* Each frame sent would be looked at otherwise. */
	(void)!setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) < 0)
		return -errno;
	r = bind_to(path, path->watch.ifindex);
	/* What came before there was a filter and an interface is not ours. */
	(void)filter_take_packet_drops(fd);
	return r;
}

static int check_ethernet(int fd, const char *interface)
{
	struct ifreq request = { 0 };

	strncpy(request.ifr_name, interface, sizeof(request.ifr_name) - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		return -errno;
	return request.ifr_hwaddr.sa_family == ARPHRD_ETHER ? 0 : -EOPNOTSUPP;
}

int packet_open(const struct path_ops *ops, const char *interface,
		const struct frame_ends *ends, const struct path_spec *spec,
		struct path **ret)
{
	struct path *path;
	struct packet *own;
	int fd, r;

	/* Protocol 0: nothing is received before it is bound. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	path = path_new(ops, ends, spec, 2048);
	path->own = own = xcalloc(1, sizeof(*own));
	path->fds[0] = fd;
	r = check_ethernet(fd, interface);
	if (r == 0)
		r = path_watch_open(path, interface);
	if (r == 0)
		r = set_up(path);
	own->ifindex = path->watch.ifindex;
	if (r < 0)
		path_free(path);
	else
		*ret = path;
	return r;
}

int path_open_packet(const char *interface, const struct frame_ends *ends,
		     const struct path_spec *spec, struct path **ret)
{
	int r = packet_open(&packet_ops, interface, ends, spec, ret);

	if (r == 0)
		choose_way(*ret);
	return r;
}
