// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One packet of ours becomes up to TURBO_CLONES requests on the interface's way out. Numbers
 * go to the program through memory, for it runs within the system call that sends the
 * packet.
 */
#include "bpf.h"
#include "turbo_live.h"

#include <errno.h>

#ifndef HAVE_BPF
int path_open_turbo(const char *interface, const struct frame_ends *ends,
		    const struct path_spec *spec, struct path **ret, char **ret_reason)
{
	(void)interface, (void)ends, (void)spec, (void)ret;
	*ret_reason = bpf_lacks();
	return -EOPNOTSUPP;
}
#else
#include "base/num.h"
#include "flood/link/netlink.h"
#include "flood/rights.h"
#include "turbo.skel.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

struct turbo {
	struct turbo_bpf *bpf;
	struct bpf_attached attached;
	struct live *live;            /* NULL: the driver cannot */
	bool gone;                    /* the interface that has the program */
	struct turbo_frame frames[2]; /* v4, v6 */
};

/* -- sending -------------------------------------------------------------------------- */

/* Requests of one family whose numbers are evenly spaced. */
struct run {
	struct path_request *requests[PATH_BATCH];
	unsigned int n;
	uint32_t step;
};

static int send_run(struct path *path, struct run *run)
{
	struct turbo *t = ((struct packet *)path->own)->turbo;
	const struct path_request *first = run->requests[0];
	const struct turbo_frame *frame = &t->frames[first->family == FLOOD_V6];
	struct turbo_shared *clones = &t->bpf->bss->clones;
	unsigned int done;
	ssize_t n;

	*clones = (struct turbo_shared){ .count = run->n,
					 .seq = first->seq,
					 .step = run->step,
					 .sum = frame->sum,
					 .icmp = frame->icmp };
	n = send(path->fds[0], frame->bytes, frame->n, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* What is made is made, whatever became of the packet itself. */
	done = (unsigned int)*(volatile __u64 *)&clones->done + (n >= 0);
	for (unsigned int i = 0; i < done && i < run->n; i++)
		run->requests[i]->taken = true;
	if (done >= run->n)
		return 0;
	return path_send_error(path, n < 0 ? errno : ENOBUFS);
}

static int send_family(struct path *path, struct path_request *requests, unsigned int n,
		       enum flood_family family)
{
	struct run run = { .n = 0 };
	int r = 0;

	for (unsigned int i = 0; i < n && r == 0; i++) {
		struct path_request *one = &requests[i];
		uint32_t step;

		if (one->family != family)
			continue;
		step = run.n ? one->seq - run.requests[run.n - 1]->seq : 0;
		if (run.n > 1 && step != run.step) {
			r = send_run(path, &run);
			run.n = 0;
		}
		run.step = step;
		run.requests[run.n++] = one;
	}
	return run.n && r == 0 ? send_run(path, &run) : r;
}

static int turbo_send(struct path *path, struct path_request *requests, unsigned int n)
{
	const struct turbo *t = ((struct packet *)path->own)->turbo;
	int r4, r6;

	if (t->gone)
		return packet_send(path, requests, n);
	r4 = send_family(path, requests, n, FLOOD_V4);
	r6 = send_family(path, requests, n, FLOOD_V6);
	return r4 < 0 ? r4 : r6;
}

/* -- opening -------------------------------------------------------------------------- */

static void fill_frames(struct path *path)
{
	struct turbo *t = ((struct packet *)path->own)->turbo;

	turbo_make_frame(path, FLOOD_V4, &t->frames[0]);
	turbo_make_frame(path, FLOOD_V6, &t->frames[1]);
}

static bool turbo_flat_out(struct path *path, bool on)
{
	struct turbo *t = ((struct packet *)path->own)->turbo;

	return t->live && live_run(t->live, on && !t->gone && path_has_link(path));
}

static uint64_t turbo_made(struct path *path)
{
	struct turbo *t = ((struct packet *)path->own)->turbo;

	return t->live ? live_made(t->live) : 0;
}

/*
 * The program has gone with the interface, and the right to attach it again is given up:
 * each packet is one request from then on.
 */
static void turbo_changed(struct path *path)
{
	struct packet *own = path->own;
	struct turbo *t = own->turbo;

	if (path->watch.ifindex != own->ifindex) {
		t->gone = true;
		t->bpf->bss->clones.count = 0;
	}
	packet_changed(path);
	fill_frames(path);
}

static void turbo_free(struct path *path)
{
	struct packet *own = path->own;
	struct turbo *t = own->turbo;

	if (t) {
		live_close(t->live);
		if (t->attached.ifindex)
			bpf_detach_out(&t->attached);
		turbo_bpf__destroy(t->bpf);
		free(t);
	}
	packet_free(path);
}

static const struct path_ops turbo_ops = {
	.send = turbo_send,
	.take = packet_take,
	.replies = packet_replies,
	.flat_out = turbo_flat_out,
	.made = turbo_made,
	.changed = turbo_changed,
	.free = turbo_free,
	.busy = UINT32_MAX,
	.owns_fds = true,
};

static int set_up(struct path *path, char **ret_reason)
{
	struct packet *own = path->own;
	struct turbo *t = own->turbo = xcalloc(1, sizeof(*t));
	uint32_t mark;
	int r;

	t->attached.link_fd = -1;
	fill_frames(path);
	if (getrandom(&mark, sizeof(mark), 0) < 0)
		return -errno;
	/* 0 is everybody's. */
	mark |= 1;
	t->bpf = turbo_bpf__open();
	r = t->bpf ? 0 : -errno;
	if (r == 0) {
		t->bpf->rodata->clone_mark = mark;
		t->bpf->rodata->live_ifindex = path->watch.ifindex;
		r = turbo_bpf__load(t->bpf);
	}
	if (r < 0) {
		*ret_reason = xasprintf("the kernel does not take the program: %s",
					strerror(-r));
		return r;
	}
	r = bpf_attach_out(bpf_program__fd(t->bpf->progs.make_clones),
			   path->watch.ifindex, &t->attached);
	if (r < 0) {
		*ret_reason = xasprintf("%s does not take the program: %s",
					path->watch.name, strerror(-r));
		return r;
	}
	/* Without a link, nobody but us takes the program away. */
	if (t->attached.link_fd < 0)
		path->rights = RIGHTS_NET_ADMIN;
	return setsockopt(path->fds[0], SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ?
		       -errno :
		       0;
}

/* A few requests to the target, as many as the interface must have sent then. */
static int probe(struct path *path, char **ret_reason)
{
	struct path_request requests[8];
	uint64_t before = netlink_packets_sent(path->watch.ifindex);
	enum flood_family family = path->spec.flood.family & FLOOD_V4 ? FLOOD_V4 :
									FLOOD_V6;
	int r;

	if (!path_has_link(path)) {
		*ret_reason = xasprintf("%s has no carrier, so it cannot be tried",
					path->watch.name);
		return -ENETDOWN;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++)
		requests[i] = (struct path_request){ .family = family, .seq = i };
	fill_frames(path);
	r = turbo_send(path, requests, ARRAY_SIZE(requests));
	if (r == 0 && turbo_has_sent(path->watch.ifindex, before + ARRAY_SIZE(requests)))
		return 0;
	*ret_reason = xasprintf("%s has not sent what was made", path->watch.name);
	return -EOPNOTSUPP;
}

/* Under another mark, so that what is tried out is not counted as answered. */
static int try_out(struct path *path, char **ret_reason)
{
	struct turbo *t = ((struct packet *)path->own)->turbo;
	const struct path_spec spec = path->spec;
	int r;

	path->spec.mark.ident = (uint16_t)~spec.mark.ident;
	path_set_ends(path, &path->ends);
	r = probe(path, ret_reason);
	if (r == 0)
		t->live = live_open(path, t->bpf, &path->note);
	path->spec = spec;
	path_set_ends(path, &path->ends);
	fill_frames(path);
	if (t->live)
		live_set_frames(t->live, path);
	return r;
}

int path_open_turbo(const char *interface, const struct frame_ends *ends,
		    const struct path_spec *spec, struct path **ret, char **ret_reason)
{
	struct path *path;
	int r;

	if (!turbo_can(spec)) {
		*ret_reason =
			xstrdup("it multiplies echo requests of one size and source, "
				"each in one frame");
		return -EOPNOTSUPP;
	}
	r = packet_open(&turbo_ops, interface, ends, spec, &path);
	if (r < 0)
		return r;
	r = set_up(path, ret_reason);
	if (r == 0)
		r = try_out(path, ret_reason);
	if (r < 0)
		path_free(path);
	else
		*ret = path;
	return r;
}
#endif
