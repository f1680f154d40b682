// SPDX-License-Identifier: GPL-2.0-or-later
#include "settle.h"

#include "base/num.h"
#include "base/random.h"
#include "counters.h"

/* How long a slow target takes to report its counters. */
#define COUNTERS_NS (150 * NS_PER_MSEC)

void settle_begin(struct run *run)
{
	struct clock *clock = &run->clock;
	uint64_t jitter = run->plan->jitter_ns;

	shell_mark(run, "settle");
	clock->settle_until_ns = loop_now_ns() + run->plan->settle_ns;
	if (jitter)
		clock->settle_until_ns += random_next(&clock->random) % jitter;
	clock->wake_ns = clock->settle_until_ns - COUNTERS_NS;
}

bool settle_nearly(const struct run *run)
{
	return loop_now_ns() + COUNTERS_NS >= run->clock.settle_until_ns;
}

void settle_end(struct run *run)
{
	counters_ask(run);
	run->clock.wake_ns = run->clock.settle_until_ns;
}

bool settle_over(const struct run *run)
{
	return loop_now_ns() >= run->clock.settle_until_ns;
}

void settle_recall(struct run *run, const struct record *record)
{
	struct clock *clock = &run->clock;

	/* The cycle without a verdict will draw again. */
	if (record->type == RECORD_PHASE && record->phase.phase == PHASE_SETTLE)
		clock->drawn = true;
	if (record->type != RECORD_VERDICT)
		return;
	if (clock->drawn && run->plan->jitter_ns)
		(void)random_next(&clock->random);
	clock->drawn = false;
}
