// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One short function walks any scenario. It waits for what the handlers see, and for what ends
 * it early.
 */
#include "base/num.h"
#include "run/engine.h"

#include <errno.h>
#include <stdio.h>

/*
 * After a panic: a kernel that will not restart says so ("end Kernel panic") and is given
 * up soon; one that restarts is given the time that firmware needs before its first line.
 */
#define DEAD_AFTER_END_NS   NS_PER_SEC
#define DEAD_AFTER_PANIC_NS (15 * NS_PER_SEC)

/* A loop that wakes up this late was not just busy. */
#define STANDSTILL_NS (10 * NS_PER_SEC)

/* More boots than this after one request are a boot loop: waiting longer tells nothing. */
#define BOOT_LOOP_BANNERS 3

/* When a panicked target counts as dead; UINT64_MAX: it has not panicked. */
static uint64_t dead_at(const struct sight *f)
{
	uint64_t from = f->last_byte_ns;

	if (!f->panic)
		return UINT64_MAX;
	if (f->panic_end)
		return from + DEAD_AFTER_END_NS;
	if (f->panic_until_ns > from)
		from = f->panic_until_ns;
	return from + DEAD_AFTER_PANIC_NS;
}

struct waiting {
	struct run *run;
	run_condition_fn until;
	unsigned int banners, early_banners; /* when waiting began */
	enum step_end end;
};

static bool is_over(void *arg)
{
	struct waiting *w = arg;
	const struct run *run = w->run;

	if (run->recorder.failed)
		w->end = STEP_STOPPED;
	else if (run->sight.gone[0] || run->traffic.ended[0])
		w->end = STEP_GONE;
	else if (run->sight.refused[0] && run->end == RUN_GOES_ON)
		w->end = STEP_GONE;
	else if (run->cycle.early_banners > w->early_banners ||
		 run->cycle.banners > w->banners + BOOT_LOOP_BANNERS)
		w->end = STEP_RESTARTED;
	else if (w->until(run))
		w->end = STEP_DONE;
	else if (loop_now_ns() >= dead_at(&run->sight))
		w->end = STEP_DEAD;
	else
		return false;
	return true;
}

/*
 * A controller that was suspended or stopped has measured nothing meanwhile: limits that
 * passed in that time are no hangs.
 */
static bool stood_still(struct run *run, uint64_t wake_ns)
{
	char text[NUM_DURATION_MAX];
	uint64_t now = loop_now_ns();

	if (now < wake_ns + STANDSTILL_NS)
		return false;
	snprintf(run->sight.gone, sizeof(run->sight.gone),
		 "this machine stood still for %s (suspended or stopped)",
		 num_format_duration(text, now - wake_ns));
	return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

enum step_end step_wait(struct run *run, run_condition_fn until, uint64_t limit_ns)
{
	struct waiting w = { .run = run,
			     .until = until,
			     .banners = run->cycle.banners,
			     .early_banners = run->cycle.early_banners };
	uint64_t deadline = loop_now_ns() + limit_ns;

	for (;;) {
		/* Not longer than a second at once: a longer sleep is one of the controller. */
		uint64_t now = loop_now_ns(), wake = now + NS_PER_SEC;
		int r;

		wake = earlier(earlier(wake, deadline), dead_at(&run->sight));
		if (run->clock.wake_ns > now)
			wake = earlier(wake, run->clock.wake_ns);
		r = loop_until(run->loop, is_over, &w, wake);
		if (stood_still(run, wake))
			return STEP_GONE;
		if (r == 0)
			return w.end;
		if (r != -ETIMEDOUT)
			return STEP_STOPPED;
		if (loop_now_ns() >= deadline)
			return STEP_LIMIT;
		status_update();
	}
}

/* -- a table of steps --------------------------------------------------------------------- */

static void enter_phase(struct run *run, enum phase phase)
{
	uint64_t offset = run->sight.phase_offset[phase];
	struct record record = { .type = RECORD_PHASE, .cycle = run->cycle.cycle };

	run->clock.phase = phase;
	/* The later phases the console tells itself. */
	if (phase == PHASE_BOOT || phase == PHASE_SETTLE)
		classifier_set_phase(run->rig.classifier, run->cycle.cycle, phase);
	run->clock.phase_begin_ns = run->clock.limit_begin_ns = loop_now_ns();
	run->clock.slack_ns = 0;
	record.phase.phase = phase;
	record.phase.offset = offset ? offset :
				       journal_console_offset(run->recorder.journal);
	run_record(run, &record);
	status_update();
}

/* The limit is that of the phase, whose steps share it. */
static uint64_t limit_left(const struct run *run, enum phase phase)
{
	uint64_t spent = loop_now_ns() - run->clock.limit_begin_ns;
	uint64_t limit = run->plan->limit_ns[phase] + run->clock.slack_ns;

	return spent < limit ? limit - spent : 0;
}

enum step_end step_walk(struct run *run, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum step_end end;

		/* A phase may take several steps. */
		if (!i || steps[i].phase != steps[i - 1].phase)
			enter_phase(run, steps[i].phase);
		if (steps[i].act)
			steps[i].act(run);
		do
			end = step_wait(run, steps[i].until,
					limit_left(run, steps[i].phase));
		while (end == STEP_LIMIT && limit_left(run, steps[i].phase));
		run->clock.phase_ns[steps[i].phase] =
			loop_now_ns() - run->clock.phase_begin_ns;
		if (end != STEP_DONE)
			return end;
	}
	return STEP_DONE;
}
