// SPDX-License-Identifier: GPL-2.0-or-later
#include "timeline.h"

#include "base/num.h"

/* It waits in the flood already: only a machine that is very busy takes longer. */
#define TIMELINE_LIMIT_NS (2 * NS_PER_SEC)

static uint64_t count_of(struct text runs)
{
	uint32_t value, count;
	uint64_t all = 0;

	while (timeline_next(&runs, &value, &count))
		all += count;
	return all;
}

void timeline_take(struct run *run, const struct timeline_part *part)
{
	struct traffic *t = &run->traffic;

	if (!part->at_ns) {
		t->whole = true;
		return;
	}
	/* Lines are in order and whole; what is not, comes from another flood. */
	if (t->whole || (t->to_ns && part->at_ns != t->to_ns))
		return;
	if (!t->to_ns)
		t->from_ns = part->at_ns;
	t->to_ns = part->at_ns + count_of(part->sent) * NS_PER_MSEC;
	if (t->sent.n) {
		strbuf_add(&t->sent, TEXT(","));
		strbuf_add(&t->replies, TEXT(","));
	}
	strbuf_add(&t->sent, part->sent);
	strbuf_add(&t->replies, part->replies);
}

static bool is_whole(void *arg)
{
	const struct run *run = arg;

	return run->traffic.whole || run->traffic.ended[0];
}

static uint64_t after_trigger(const struct sight *f, uint64_t at)
{
	return at > f->trigger_ns ? at - f->trigger_ns : 0;
}

static void record(struct run *run)
{
	const struct sight *f = &run->sight;
	const struct traffic *t = &run->traffic;
	struct record record = { .type = RECORD_TIMELINE, .cycle = run->cycle.cycle };

	record.timeline.from_ns = (int64_t)(t->from_ns - f->trigger_ns);
	record.timeline.step_ns = NS_PER_MSEC;
	record.timeline.sent = t->sent.s;
	record.timeline.replies = t->replies.s;
	record.timeline.marks = (struct timeline_marks){
		.marker = after_trigger(f, f->trigger_seen_ns),
		.restart = after_trigger(f, f->restart_ns),
		.banner = after_trigger(f, f->banner_ns),
		.shell = after_trigger(f, f->shell_ns),
		.last_reply = after_trigger(f, t->last_reply_down_ns),
		.first_reply = after_trigger(f, t->first_reply_up_ns),
	};
	run_record(run, &record);
}

void timeline_record(struct run *run)
{
	struct traffic *t = &run->traffic;

	if (!run->rig.load || !run->sight.trigger_ns || run->traffic.ended[0])
		return;
	t->whole = false;
	run->rig.ops->load_tell(run->rig.load, LOAD_TIMELINE);
	(void)!loop_until(run->loop, is_whole, run, loop_now_ns() + TIMELINE_LIMIT_NS);
	if (t->whole && t->sent.n)
		record(run);
	t->from_ns = t->to_ns = 0;
	strbuf_done(&t->sent);
	strbuf_done(&t->replies);
}
