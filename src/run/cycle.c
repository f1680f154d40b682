// SPDX-License-Identifier: GPL-2.0-or-later
/* Reboot cycles, and what the way each one ended means. */
#include "internal.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

static uint64_t span(uint64_t from, uint64_t to)
{
	return from && to > from ? to - from : 0;
}

static void note_times(struct run *run)
{
	const struct run_facts *f = &run->facts;
	struct cycle_times *t = &run->times;

	t->total = loop_now_ns() - run->cycle_begin_ns;
	t->settle = run->phase_ns[PHASE_SETTLE];
	t->confirm = run->phase_ns[PHASE_FLOOD] + run->phase_ns[PHASE_UP];
	t->down = span(f->trigger_ns, f->banner_ns);
	t->boot = run->phase_ns[PHASE_BOOT];
	if (t->down && f->shell_ns > f->banner_ns)
		t->boot += f->shell_ns - f->banner_ns;
	t->last_reply_after = span(f->trigger_ns, f->last_reply_down_ns);
	t->first_reply_after = span(f->trigger_ns, f->first_reply_up_ns);
}

static void note_no_shell(struct run *run, const char *limit)
{
	struct cycle_facts *c = &run->cycle;

	if (run->facts.last_byte_ns)
		snprintf(
			c->invalid, sizeof(c->invalid),
			"no shell answered on the console within %s of power on (--limit "
			"boot=TIME); last line: %.100s",
			limit, run->facts.last_line);
	else
		snprintf(c->invalid, sizeof(c->invalid),
			 "the console has been silent for %s since power on; is there a "
			 "console= for it?",
			 limit);
}

/* A hang is a finding like any other; it is recorded before anything is done about it. */
static void record_hang(struct run *run, const char *limit)
{
	struct record record = { .type = RECORD_FINDING, .cycle = run->cycle.cycle };
	struct finding *f = &record.finding.finding;

	f->type = FINDING_HANG;
	snprintf(f->kind, sizeof(f->kind), "hang");
	snprintf(f->bug, sizeof(f->bug), "hang:%s", phase_name(run->phase));
	snprintf(f->title, sizeof(f->title), "phase %s did not end within %s",
		 phase_name(run->phase), limit);
	snprintf(f->severity, sizeof(f->severity), "error");
	snprintf(f->text, sizeof(f->text), "%s", run->facts.last_line);
	snprintf(f->kernel, sizeof(f->kernel), "%.63s", run->fold.kernel);
	f->count = 1;
	f->phase = run->phase;
	f->cycle = run->cycle.cycle;
	f->offset = journal_console_offset(run->journal);
	record.finding.report = "";
	run_record(run, &record);
}

/* What a phase that exceeded its limit means. */
static void note_limit(struct run *run)
{
	struct cycle_facts *c = &run->cycle;
	const struct run_facts *f = &run->facts;
	char limit[NUM_DURATION_MAX];

	num_format_duration(limit, run->plan->limit_ns[run->phase]);
	if (run->phase == PHASE_BOOT && !run->fold.kernel[0]) {
		/* Nothing has ever run there: that is no finding about this kernel. */
		note_no_shell(run, limit);
		return;
	}
	if (run->phase == PHASE_FLOOD && shell_is_alive(run)) {
		snprintf(
			c->invalid, sizeof(c->invalid),
			"the load was never steady within %s: %u replies/s to %u requests/s",
			limit, f->sample.reply_rate, f->sample.rate);
		return;
	}
	if (run->phase == PHASE_BIND && shell_is_alive(run)) {
		snprintf(c->invalid, sizeof(c->invalid),
			 "the worker on the target did not answer within %s; last line: "
			 "%.100s",
			 limit, f->last_line);
		return;
	}
	if (run->phase == PHASE_UP && shell_is_alive(run))
		return; /* the proof of replies after the boot is missing: verdict tells */
	c->hang_phase = run->phase;
	c->hang_after_ns = run->plan->limit_ns[run->phase];
	snprintf(c->last_line, sizeof(c->last_line), "%s", f->last_line);
	record_hang(run, limit);
}

void run_note_end(struct run *run, enum step_end end)
{
	struct cycle_facts *c = &run->cycle;
	const struct run_facts *f = &run->facts;

	c->invalid_phase = run->phase;
	if (end == STEP_LIMIT)
		note_limit(run);
	if (end == STEP_GONE)
		snprintf(c->invalid, sizeof(c->invalid), "%s",
			 f->gone[0]    ? f->gone :
			 f->refused[0] ? f->refused :
					 f->load_ended);
}

static void note_proofs(struct run *run)
{
	struct cycle_facts *c = &run->cycle;
	const struct run_facts *f = &run->facts;

	c->triggered = f->trigger_seen;
	c->shell_back = f->shell && f->banner_ns > f->trigger_ns;
	c->load_after = f->first_reply_up_ns;
	c->boot_id_known = f->boot_id_before[0] && f->boot_id[0];
	c->boot_id_changed = strcmp(f->boot_id_before, f->boot_id) != 0;
}

bool run_bring_back(struct run *run, enum step_end end)
{
	/* A target that has never been up is not brought back by trying it again, and one
	 * that cannot do what is asked of it will not learn it. */
	if (!run->fold.kernel[0] || run->facts.refused[0]) {
		run->lost = true;
		return true;
	}
	run->cycle.recovered = recover(run, end);
	if (run->failed || loop_interrupted(run->loop))
		return false;
	run->cycle.recovery_failed = run->lost = !run->cycle.recovered;
	return true;
}

/* One cycle up to its verdict. False: the run ends with it, or in the middle of it. */
static bool run_cycle(struct run *run, unsigned int number, enum outcome *ret)
{
	struct record record = { .type = RECORD_VERDICT, .cycle = number };
	enum step_end end;
	bool cut_short;

	observe_begin_cycle(run, number);
	end = step_walk(run, reboot_steps, reboot_steps_count);
	if (end == STEP_STOPPED || run_is_refused(run))
		return false;
	note_proofs(run);
	run_note_end(run, end);
	note_times(run);
	run_timeline_record(run);
	/* What was seen has its verdict, also when bringing the target back is cut short. */
	cut_short = end != STEP_DONE && !run_bring_back(run, end);
	observe_flush(run);
	record.verdict.times = run->times;
	verdict_of_cycle(&run->cycle, &record.verdict.verdict);
	run_record(run, &record);
	if (run->failed)
		return false;
	run_print_cycle(run, &record);
	*ret = record.verdict.verdict.outcome;
	return !cut_short;
}

const char *reboot_cycles(struct run *run)
{
	const char *enough = run_complete(run);

	run->first_cycle = run->fold.judged + 1;
	for (unsigned int n = run->first_cycle; !enough; n++) {
		enum outcome outcome;

		run->cycle_begin_ns = loop_now_ns();
		if (run_sync(run) < 0)
			return "failed";
		if (!run_cycle(run, n, &outcome))
			return run->failed         ? "failed" :
			       run_is_refused(run) ? "refused" :
						     "interrupted";
		enough = run_enough(run, outcome);
	}
	return enough;
}
