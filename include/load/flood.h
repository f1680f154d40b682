/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ping flood: ICMP echo requests in an open loop. It runs as a process of its own
 * (`iommu-stress flood`), which writes one line of samples to standard output each
 * FLOOD_SAMPLE_MS and ends when its standard input ends, with a last sample. A line that
 * its reader leaves no room for is left out: the flood never waits. A line "press" on its
 * standard input makes a rate of auto a multiple of itself, until a line "release".
 */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define FLOOD_SAMPLE_MS 100

/* Where frames go. */
enum flood_path {
	FLOOD_PATH_FRAMES, /* a datagram socket that carries whole Ethernet frames (QEMU) */
	FLOOD_PATH_RAW,    /* raw ICMP sockets of this host */
};

enum flood_family {
	FLOOD_V4 = 1,
	FLOOD_V6 = 2,
	FLOOD_BOTH = 3, /* alternating */
};

#define FLOOD_RATE_AUTO 0 /* find what the target keeps up with, hold just below */
#define FLOOD_RATE_MAX  UINT32_MAX /* as fast as the path takes */

/* What "rate=N" and "size=BYTES" may say; one path's limit of the size may be lower. */
#define FLOOD_RATE_LIMIT 10000000u
#define FLOOD_SIZE_MIN   16u
#define FLOOD_SIZE_LIMIT 65487u /* of an IPv6 echo request */

struct flood_spec {
	enum flood_family family;
	uint32_t rate; /* requests a second, or FLOOD_RATE_* */
	uint32_t size; /* payload bytes of a request */
};

#define FLOOD_SPEC_DEFAULT    \
	((struct flood_spec){ \
		.family = FLOOD_BOTH, .rate = FLOOD_RATE_AUTO, .size = 1400 })

/*
 * "v4", "v6", "both", "rate=N|max|auto", "size=BYTES" joined by commas, on top of what
 * *spec holds. -EINVAL: *ret_error (caller frees) says which word is wrong.
 */
int flood_spec_parse(const char *words, struct flood_spec *spec,
		     char **ret_error) _must_check_;

/*
 * One sample. Counters run from the start of the process; times are CLOCK_BOOTTIME ns.
 * As text: `flood state=hold sent=.. replies=.. drops=.. bad=.. rate=.. reply_rate=..
 * rtt_us=.. steady=0|1 first_reply=NS last_reply=NS at=NS`.
 */
enum flood_state {
	FLOOD_WAIT, /* no reply yet: probing slowly */
	FLOOD_RAMP, /* looking for the rate */
	FLOOD_HOLD, /* at the rate, whether replies come or not */
};

struct flood_sample {
	enum flood_state state;
	uint64_t at_ns;
	uint64_t sent, replies;
	uint64_t drops; /* requests that the path did not take in time, not in sent */
	uint64_t bad;   /* replies to our requests with damaged content */
	uint32_t rate;  /* requests a second wanted now */
	uint32_t reply_rate; /* replies a second over the last 500 ms */
	uint32_t rtt_us;     /* median of the replies since the last sample, 0 = none */
	/*
	 * Replies have been steady for the confirmation window of 500 ms (longer at rates
	 * below 20 a second): the rules are in load/steady.h.
	 */
	bool steady;
	uint64_t last_reply_ns; /* 0 = none yet */
	/*
	 * First reply after the last silence of >= 500 ms (three requests' time at rates
	 * below 6 a second).
	 */
	uint64_t first_reply_ns;
};

/* False for a line that is no sample. */
bool flood_sample_parse(struct text line, struct flood_sample *ret);
/* Adds the line, without a newline. */
void flood_sample_format(const struct flood_sample *sample, struct strbuf *out);
const char *flood_state_name(enum flood_state state);
