// SPDX-License-Identifier: GPL-2.0-or-later
#include "turbo_live.h"

#ifdef HAVE_BPF
#include "base/num.h"
#include "flood/link/netlink.h"
#include "flood/wire/bytes.h"
#include "os/loop.h"
#include "turbo.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

/* Some drivers bring their counters up to date once a second or two. */
#define PROBE_NS (2500 * NS_PER_MSEC)
#define PROBE_MS 5
/* Frames of one call: 50 to 500 ms of them. */
#define CALL_FRAMES 500000u
#define TRY_FRAMES  64u
/* The interface is asked for its counter so often. */
#define ASK_NS (5 * NS_PER_MSEC)

struct live {
	struct turbo_bpf *bpf;   /* not ours */
	struct bpf_link *passes; /* its pass_all; NULL: not needed */
	int ifindex;
	enum flood_family family;
	struct turbo_frame frames[2];
	pthread_t thread;
	bool running;
	uint64_t sent, asked_ns, begin; /* of the interface */
};

bool turbo_has_sent(int ifindex, uint64_t n)
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

bool turbo_can(const struct path_spec *spec)
{
	const struct flood_spec *flood = &spec->flood;

	return flood_spec_kinds(flood) == FLOOD_KIND(FLOOD_ICMP) && !flood->size_to &&
	       flood->sources <= 1 && flood->size <= frame_payload_max(flood->family);
}

/* The sum is what the checksum of number 0 says, for numbers only add to it. */
void turbo_make_frame(const struct path *path, enum flood_family family,
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

void live_set_frames(struct live *live, struct path *path)
{
	turbo_make_frame(path, FLOOD_V4, &live->frames[0]);
	turbo_make_frame(path, FLOOD_V6, &live->frames[1]);
}

/* Returns early once stop is set, or by a signal. */
static int call(struct live *live, unsigned int which, uint32_t n)
{
	const struct turbo_frame *frame = &live->frames[which];
	struct turbo_shared *shared = &live->bpf->bss->live;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		    .data_size_in = (uint32_t)frame->n, .repeat = (int)n,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	shared->sum = frame->sum;
	shared->icmp = frame->icmp;
	return bpf_prog_test_run_opts(bpf_program__fd(live->bpf->progs.make_live),
				      &options);
}

static bool is_stopped(const struct live *live)
{
	return __atomic_load_n(&live->bpf->bss->live.stop, __ATOMIC_ACQUIRE);
}

static void *run(void *arg)
{
	struct live *live = arg;
	unsigned int which = live->family & FLOOD_V4 ? 0 : 1;
	int r = 0;

	/* A call ends early when the process is stopped, or frozen with the machine. */
	while (!is_stopped(live) && (r == 0 || r == -EINTR)) {
		r = call(live, which, CALL_FRAMES);
		if (live->family == FLOOD_BOTH)
			which = !which;
	}
	return NULL;
}

/* Most drivers only send redirected frames when they have a program of their own. */
static bool probe(struct live *live)
{
	uint64_t before = netlink_packets_sent(live->ifindex);
	unsigned int which = live->family & FLOOD_V4 ? 0 : 1;

	return call(live, which, TRY_FRAMES) == 0 &&
	       turbo_has_sent(live->ifindex, before + TRY_FRAMES);
}

struct live *live_open(struct path *path, struct turbo_bpf *bpf, char **ret_note)
{
	struct live *live = xcalloc(1, sizeof(*live));

	live->bpf = bpf;
	live->ifindex = path->watch.ifindex;
	live->family = path->spec.flood.family;
	live_set_frames(live, path);
	if (probe(live))
		return live;
	live->passes = bpf_program__attach_xdp(bpf->progs.pass_all, live->ifindex);
	if (live->passes && probe(live))
		return live;
	*ret_note =
		live->passes ?
			xasprintf("no frames begin in the kernel: %s does not send them",
				  path->watch.name) :
			xasprintf("no frames begin in the kernel: %s", strerror(errno));
	live_close(live);
	return NULL;
}

bool live_run(struct live *live, bool on)
{
	if (on == live->running)
		return on;
	__atomic_store_n(&live->bpf->bss->live.stop, !on, __ATOMIC_RELEASE);
	if (on) {
		live->begin = netlink_packets_sent(live->ifindex) - live->sent;
		on = pthread_create(&live->thread, NULL, run, live) == 0;
	} else {
		pthread_join(live->thread, NULL);
		live->asked_ns = 0;
		(void)live_made(live);
	}
	live->running = on;
	return on;
}

uint64_t live_made(struct live *live)
{
	uint64_t now = loop_now_ns(), sent;

	if (!live->running || now - live->asked_ns < ASK_NS)
		return live->sent;
	live->asked_ns = now;
	sent = netlink_packets_sent(live->ifindex);
	/* An interface that has gone has no counter. */
	if (sent > live->begin + live->sent)
		live->sent = sent - live->begin;
	return live->sent;
}

void live_close(struct live *live)
{
	if (!live)
		return;
	(void)live_run(live, false);
	(void)!bpf_link__destroy(live->passes);
	free(live);
}
#endif
