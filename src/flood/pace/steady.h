/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether replies come steadily: the proof that the load is there, before a trigger is
 * pulled. Pure: fed with one sample each FLOOD_SAMPLE_MS, or a little later.
 *
 * Steady is judged over STEADY_BUCKETS buckets of one sample each, or of as many samples
 * as it takes to expect STEADY_EXPECTED replies in a bucket (rates below 20 a second:
 * at 10 a second the window is one second). All of these must hold:
 * - the whole window was held at the same rate;
 * - each bucket had replies, and is within STEADY_PERCENT of the window's mean (one reply
 *   more or less is always allowed). On a busy controller a board gets its time in
 *   portions that are larger than that; so over STEADY_LONG times the window, no bucket
 *   below a quarter of the mean will do as well;
 * - the mean is at least STEADY_MIN a second, or half of a lower fixed rate. Two replies a
 *   sample are the least that "each sample had replies" says anything about, and a target
 *   at rest answers a thousand times more: less than that is a target that has not come
 *   up yet, or no load worth a trigger;
 * - with rate auto, PACE_POOR_PERCENT of the requests were answered. A fixed rate and
 *   `max` may be beyond what the target can do: that is what was asked for.
 */
#pragma once

#include "pace.h"

#define STEADY_BUCKETS  5u
#define STEADY_EXPECTED 2u
#define STEADY_PERCENT  35u
#define STEADY_LONG     4u
#define STEADY_MIN      20u
/* Enough for one request a second. */
#define STEADY_SAMPLES \
	(STEADY_LONG * STEADY_BUCKETS * STEADY_EXPECTED * 1000 / FLOOD_SAMPLE_MS)

struct steady_sample {
	uint64_t elapsed_ns;
	uint64_t attempts, replies; /* in this sample, of kinds that are answered */
};

struct steady {
	uint32_t wanted;
	unsigned int asked, of; /* so many of so many requests are answered one by one */
	unsigned int least;     /* samples in a bucket: those between two bursts */
	uint32_t rate;          /* of the samples that count */
	unsigned int n;         /* samples in the ring */
	unsigned int held;      /* newest of them that were held at this rate */
	unsigned int next;
	struct steady_sample ring[STEADY_SAMPLES];
};

void steady_init(struct steady *s, const struct flood_spec *spec);
/* The next sample, at the end of which the pace was like this. */
void steady_add(struct steady *s, const struct pace *pace,
		const struct steady_sample *sample);
bool steady_judge(const struct steady *s);
/* Replies a second over the last STEADY_BUCKETS samples. */
uint32_t steady_reply_rate(const struct steady *s);
