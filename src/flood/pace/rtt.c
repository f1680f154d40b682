// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtt.h"

/* Up to RTT_STEPS one a microsecond, then RTT_STEPS each time the time doubles. */
static unsigned int bucket_of(uint32_t us)
{
	unsigned int shift, bucket;

	if (us < RTT_STEPS)
		return us;
	shift = 27 - (unsigned int)__builtin_clz(us);
	bucket = shift * RTT_STEPS + (us >> shift);
	return bucket < RTT_BUCKETS ? bucket : RTT_BUCKETS - 1;
}

/* The largest time of a bucket. */
static uint32_t bucket_max(unsigned int bucket)
{
	unsigned int shift = bucket / RTT_STEPS;

	if (bucket < 2 * RTT_STEPS)
		return bucket;
	shift--;
	return ((RTT_STEPS + bucket % RTT_STEPS + 1) << shift) - 1;
}

void rtt_add(struct rtt *rtt, uint64_t us)
{
	uint32_t time = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;

	rtt->n++;
	rtt->counts[bucket_of(time)]++;
	if (time > rtt->max_us)
		rtt->max_us = time;
}

uint32_t rtt_permille(const struct rtt *rtt, unsigned int permille)
{
	uint64_t want = rtt->n * permille, seen = 0;

	if (!rtt->n)
		return 0;
	for (unsigned int i = 0; i + 1 < RTT_BUCKETS; i++) {
		seen += rtt->counts[i];
		if (seen * 1000 >= want && seen)
			return bucket_max(i) < rtt->max_us ? bucket_max(i) : rtt->max_us;
	}
	return rtt->max_us;
}
