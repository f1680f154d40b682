// SPDX-License-Identifier: GPL-2.0-or-later
/* The load: what it reports, and the steps that any scenario can put into its table. */
#include "traffic.h"

#include "base/num.h"
#include "counters.h"
#include "timeline.h"

#include <stdio.h>

/* The last sample before the trigger must not be older. */
#define SAMPLE_FRESH_NS (NS_PER_MSEC * 5 * FLOOD_SAMPLE_MS)

/* A decision rests on the newest sample, or a second has passed. */
static void record_sample(struct run *run)
{
	struct record record = { .type = RECORD_LOAD, .cycle = run->cycle.cycle };

	run->traffic.recorded_ns = run->traffic.sample.at_ns;
	record.load = run->traffic.sample;
	run_record(run, &record);
}

static void on_sample(void *arg, const struct flood_sample *sample)
{
	struct run *run = arg;
	const struct sight *s = &run->sight;
	struct traffic *t = &run->traffic;
	bool decides = false;

	t->sample = *sample;
	if (s->trigger_ns && s->banner_ns < s->trigger_ns) {
		t->last_reply_down_ns = sample->last_reply_ns;
	} else if (s->trigger_ns && !t->first_reply_up_ns &&
		   sample->last_reply_ns > s->banner_ns) {
		t->first_reply_up_ns = sample->first_reply_ns > s->banner_ns ?
					       sample->first_reply_ns :
					       sample->last_reply_ns;
		decides = true;
	}
	status_update();
	if (decides || sample->at_ns >= t->recorded_ns + NS_PER_SEC)
		record_sample(run);
}

static void on_load_end(void *arg, const char *reason)
{
	struct run *run = arg;

	snprintf(run->traffic.ended, sizeof(run->traffic.ended), "%s", reason);
}

static void on_timeline(void *arg, const struct timeline_part *part)
{
	timeline_take(arg, part);
}

static struct load_events events_of(struct run *run)
{
	return (struct load_events){ .on_sample = on_sample,
				     .on_end = on_load_end,
				     .on_timeline = on_timeline,
				     .arg = run };
}

void traffic_up(struct run *run)
{
	if (run->rig.load)
		run->rig.ops->load_tell(run->rig.load, LOAD_UP);
}

void traffic_on(struct run *run)
{
	struct load_events events = events_of(run);
	int r;

	if (!run->plan->flood)
		return;
	shell_mark(run, "flood");
	if (run->rig.load)
		return;
	r = run->rig.ops->load_start(run->loop, run->plan, run->rig.target, &events,
				     &run->rig.load);
	if (r < 0)
		snprintf(run->traffic.ended, sizeof(run->traffic.ended),
			 "the flood could not be started");
	traffic_up(run);
}

bool traffic_steady(const struct run *run)
{
	const struct flood_sample *s = &run->traffic.sample;

	return !run->plan->flood ||
	       (s->steady && loop_now_ns() - s->at_ns < SAMPLE_FRESH_NS);
}

bool traffic_holds(const struct run *run)
{
	return !run->plan->flood || run->traffic.sample.state == FLOOD_HOLD;
}

/* The first cycle's load. What is confirmed already is not kept waiting. */
void traffic_confirm(struct run *run)
{
	if (!traffic_steady(run))
		counters_ask(run);
}

void traffic_surge(struct run *run)
{
	run->traffic.surge_until_ns = 0;
	if (!run->rig.load || !run->plan->load.surge_ns)
		return;
	run->rig.ops->load_tell(run->rig.load, LOAD_SURGE);
	run->traffic.surge_until_ns = loop_now_ns() + run->plan->load.surge_ns;
	run->clock.wake_ns = run->traffic.surge_until_ns;
}

bool traffic_surged(const struct run *run)
{
	return loop_now_ns() >= run->traffic.surge_until_ns;
}

void traffic_mark(struct run *run)
{
	if (run->rig.load)
		run->rig.ops->load_tell(run->rig.load, LOAD_MARK);
	if (run->plan->flood)
		record_sample(run);
}

void traffic_press(struct run *run)
{
	if (run->rig.load)
		run->rig.ops->load_tell(run->rig.load, LOAD_PRESS);
}

bool traffic_back(const struct run *run)
{
	return !run->plan->flood || run->traffic.first_reply_up_ns;
}
