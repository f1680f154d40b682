/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A histogram of round-trip times: fixed size, exact to a sixteenth, up to a minute. Adding
 * one costs as much as looking at it. Pure.
 */
#pragma once

#include <stdint.h>

#define RTT_STEPS   16u /* of each doubling */
#define RTT_BUCKETS (RTT_STEPS * 24u)

struct rtt {
	uint64_t n;
	uint32_t max_us;
	uint32_t counts[RTT_BUCKETS];
};

void rtt_add(struct rtt *rtt, uint64_t us);
/* At most this many of a thousand took longer; 0 when there are none. */
uint32_t rtt_permille(const struct rtt *rtt, unsigned int permille);
