// SPDX-License-Identifier: GPL-2.0-or-later
/* One short function walks any scenario. */
#include "run/engine.h"

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
