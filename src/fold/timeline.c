// SPDX-License-Identifier: GPL-2.0-or-later
#include "timeline.h"

#include "flood/timeline.h"

/* Elements that begin before the first step, or behind the last one, are left out. */
static unsigned int add_runs(uint64_t *steps, int64_t at_ns, uint64_t step_ns,
			     struct text runs)
{
	unsigned int last = 0;
	uint32_t value, count;

	at_ns += (int64_t)FOLD_TIMELINE_BEFORE_NS;
	while (timeline_next(&runs, &value, &count))
		for (; count; count--, at_ns += (int64_t)step_ns) {
			uint64_t i = (uint64_t)at_ns / FOLD_TIMELINE_STEP_NS;

			if (at_ns < 0 || i >= FOLD_TIMELINE_STEPS)
				continue;
			steps[i] += value;
			last = value ? (unsigned int)i + 1 : last;
		}
	return last;
}

void timeline_apply(struct fold_timeline *t, const struct record *record)
{
	const struct timeline_marks *seen = &record->timeline.marks;
	uint64_t step_ns = record->timeline.step_ns;
	int64_t from_ns = record->timeline.from_ns;
	unsigned int last;

	/* A journal may say anything. */
	if (!step_ns || step_ns > NS_PER_SEC || from_ns > (int64_t)(3600 * NS_PER_SEC) ||
	    from_ns < -(int64_t)(3600 * NS_PER_SEC))
		return;
	t->cycles++;
	last = add_runs(t->sent, from_ns, step_ns, text_of(record->timeline.sent));
	t->steps = last > t->steps ? last : t->steps;
	(void)add_runs(t->replies, from_ns, step_ns, text_of(record->timeline.replies));
#define ADD(mark) (t->sums.mark += (seen)->mark, t->counts.mark += (seen)->mark != 0)
	ADD(marker);
	ADD(last_reply);
	ADD(restart);
	ADD(banner);
	ADD(first_reply);
	ADD(shell);
#undef ADD
}
