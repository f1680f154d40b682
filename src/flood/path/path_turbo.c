// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One packet of ours becomes up to TURBO_CLONES requests on the interface's way out. Numbers
 * go to the program through memory, for it runs within the system call that sends the
 * packet.
 */
#include "bpf.h"
#include "path_packet.h"
#include "turbo_bpf.h"

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
#include "flood/wire/bytes.h"
#include "os/loop.h"
#include "turbo.skel.h"

#include <bpf/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* Some drivers bring their counters up to date once a second or two. */
#define PROBE_NS    (2500 * NS_PER_MSEC)
#define PROBE_MS    5
/* Frames of one call of a live program: 50 to 500 ms of them. */
#define CALL_FRAMES 500000u
#define TRY_FRAMES  64u
/* The interface is asked for its counter so often. */
#define ASK_NS      (5 * NS_PER_MSEC)

/* A request of number 0, and what its number goes into. */
struct turbo_frame {
	uint8_t bytes[FRAME_MAX];
	size_t n;
	uint32_t sum;  /* of what the ICMP checksum covers, not folded */
	uint32_t icmp; /* where that header begins */
};

struct turbo {
	struct turbo_bpf *bpf;
	struct bpf_attached attached;
	bool gone;                    /* the interface that has the program */
	struct turbo_frame frames[2]; /* v4, v6; the same while `running` */
	struct {
		bool possible; /* the driver can */
		bool running;
		pthread_t thread;
		struct bpf_link *passes;        /* its pass_all; NULL: not needed */
		uint64_t sent, asked_ns, begin; /* of the interface */
	} live;
};

static struct turbo *turbo_of(const struct path *path)
{
	return ((const struct packet *)path->own)->turbo;
}

/* The sum is what the checksum of number 0 says, for numbers only add to it. */
static void make_frame(const struct path *path, enum flood_family family,
		       struct turbo_frame *ret)
{
	struct mix_frame frame[MIX_FRAMES];

	(void)mix_make(path->mix, FLOOD_ICMP, family, 0, frame);
	ret->icmp =
		14 + (path->ends.vlan ? FRAME_VLAN : 0) + (family == FLOOD_V6 ? 40 : 20);
	ret->sum = (uint16_t)~get16(frame->head + ret->icmp + 2);
	ret->n = frame->head_len + frame->pad_len;
	if (ret->n > sizeof(ret->bytes))
		abort();
	memcpy(ret->bytes, frame->head, frame->head_len);
	memcpy(ret->bytes + frame->head_len, mix_pad(path->mix), frame->pad_len);
}

static void make_frames(struct path *path)
{
	struct turbo *t = turbo_of(path);

	make_frame(path, FLOOD_V4, &t->frames[0]);
	make_frame(path, FLOOD_V6, &t->frames[1]);
}

/* Whether the packets that the interface has sent become at least n, given time. */
static bool has_sent(int ifindex, uint64_t n)
{
	uint64_t end = loop_now_ns() + PROBE_NS;

	/* Nobody tells when a counter changes. */
	while (netlink_packets_sent(ifindex) < n) {
		if (loop_now_ns() >= end)
			return false;
		(void)!poll(NULL, 0, PROBE_MS);
	}
	return true;
}

/* -- one packet, many requests -------------------------------------------------------- */

/* Requests of one family whose numbers are evenly spaced. */
struct run {
	struct path_request *requests[PATH_BATCH];
	unsigned int n;
	uint32_t step;
};

static int send_run(struct path *path, struct run *run)
{
	struct turbo *t = turbo_of(path);
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
	int r4, r6;

	if (turbo_of(path)->gone)
		return packet_send(path, requests, n);
	r4 = send_family(path, requests, n, FLOOD_V4);
	r6 = send_family(path, requests, n, FLOOD_V6);
	return r4 < 0 ? r4 : r6;
}

/* -- live: frames that begin in the kernel -------------------------------------------- */

/*
 * An XDP program is run for each, as if it had come in, and sends it out. Each such call
 * takes some 30 ms to set up, so it is one long call after the other, in a thread of its
 * own. Returns early once stop is set, or by a signal.
 */
static int live_call(struct turbo *t, unsigned int which, uint32_t n)
{
	const struct turbo_frame *frame = &t->frames[which];
	struct turbo_shared *shared = &t->bpf->bss->live;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		    .data_size_in = (uint32_t)frame->n, .repeat = (int)n,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	shared->sum = frame->sum;
	shared->icmp = frame->icmp;
	return bpf_prog_test_run_opts(bpf_program__fd(t->bpf->progs.make_live), &options);
}

static void *live_thread(void *arg)
{
	const struct path *path = arg;
	enum flood_family family = path->spec.flood.family;
	struct turbo *t = turbo_of(path);
	unsigned int which = family & FLOOD_V4 ? 0 : 1;
	int r = 0;

	/* A call ends early when the process is stopped, or frozen with the machine. */
	while (!__atomic_load_n(&t->bpf->bss->live.stop, __ATOMIC_ACQUIRE) &&
	       (r == 0 || r == -EINTR)) {
		r = live_call(t, which, CALL_FRAMES);
		if (family == FLOOD_BOTH)
			which = !which;
	}
	return NULL;
}

static uint64_t turbo_made(struct path *path)
{
	struct turbo *t = turbo_of(path);
	uint64_t now = loop_now_ns(), sent;

	if (!t->live.running || now - t->live.asked_ns < ASK_NS)
		return t->live.sent;
	t->live.asked_ns = now;
	sent = netlink_packets_sent(t->attached.ifindex);
	/* An interface that has gone has no counter. */
	if (sent > t->live.begin + t->live.sent)
		t->live.sent = sent - t->live.begin;
	return t->live.sent;
}

/* Starts or stops; returns whether it runs. */
static bool live_run(struct path *path, bool on)
{
	struct turbo *t = turbo_of(path);

	if (on == t->live.running)
		return on;
	__atomic_store_n(&t->bpf->bss->live.stop, !on, __ATOMIC_RELEASE);
	if (on) {
		t->live.begin = netlink_packets_sent(t->attached.ifindex) - t->live.sent;
		on = pthread_create(&t->live.thread, NULL, live_thread, path) == 0;
	} else {
		pthread_join(t->live.thread, NULL);
		t->live.asked_ns = 0;
		(void)turbo_made(path);
	}
	t->live.running = on;
	return on;
}

static bool turbo_flat_out(struct path *path, bool on)
{
	const struct turbo *t = turbo_of(path);

	return t->live.possible && live_run(path, on && !t->gone && path_has_link(path));
}

static bool live_probe(const struct path *path)
{
	struct turbo *t = turbo_of(path);
	uint64_t before = netlink_packets_sent(t->attached.ifindex);
	unsigned int which = path->spec.flood.family & FLOOD_V4 ? 0 : 1;

	return live_call(t, which, TRY_FRAMES) == 0 &&
	       has_sent(t->attached.ifindex, before + TRY_FRAMES);
}

/* Most drivers only send redirected frames when they have a program of their own. */
static void live_open(struct path *path)
{
	struct turbo *t = turbo_of(path);

	t->live.possible = live_probe(path);
	if (t->live.possible)
		return;
	t->live.passes =
		bpf_program__attach_xdp(t->bpf->progs.pass_all, t->attached.ifindex);
	if (!t->live.passes) {
		path->note =
			xasprintf("no frames begin in the kernel: %s", strerror(errno));
		return;
	}
	t->live.possible = live_probe(path);
	if (t->live.possible)
		return;
	path->note = xasprintf("no frames begin in the kernel: %s does not send them",
			       path->watch.name);
	(void)!bpf_link__destroy(t->live.passes);
	t->live.passes = NULL;
}

/* -- opening -------------------------------------------------------------------------- */

/*
 * The program has gone with the interface, and the right to attach it again is given up:
 * each packet is one request from then on.
 */
static void turbo_changed(struct path *path)
{
	struct packet *own = path->own;
	struct turbo *t = own->turbo;

	(void)live_run(path, false);
	if (path->watch.ifindex != own->ifindex) {
		t->gone = true;
		t->bpf->bss->clones.count = 0;
	}
	packet_changed(path);
	make_frames(path);
}

static void turbo_free(struct path *path)
{
	struct turbo *t = turbo_of(path);

	if (t) {
		(void)live_run(path, false);
		(void)!bpf_link__destroy(t->live.passes);
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
	r = turbo_send(path, requests, ARRAY_SIZE(requests));
	if (r == 0 && has_sent(path->watch.ifindex, before + ARRAY_SIZE(requests)))
		return 0;
	*ret_reason = xasprintf("%s has not sent what was made", path->watch.name);
	return -EOPNOTSUPP;
}

/* Under another mark, so that what is tried out is not counted as answered. */
static int try_out(struct path *path, char **ret_reason)
{
	const struct path_spec spec = path->spec;
	int r;

	path->spec.mark.ident = (uint16_t)~spec.mark.ident;
	path_set_ends(path, &path->ends);
	make_frames(path);
	r = probe(path, ret_reason);
	if (r == 0)
		live_open(path);
	path->spec = spec;
	path_set_ends(path, &path->ends);
	make_frames(path);
	return r;
}

int path_open_turbo(const char *interface, const struct frame_ends *ends,
		    const struct path_spec *spec, struct path **ret, char **ret_reason)
{
	const struct flood_spec *flood = &spec->flood;
	struct path *path;
	int r;

	/* All requests of a family must differ by their number alone. */
	if (flood_spec_kinds(flood) != FLOOD_KIND(FLOOD_ICMP) || flood->size_to ||
	    flood->sources > 1 || flood->size > frame_payload_max(flood->family)) {
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
