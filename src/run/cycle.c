// SPDX-License-Identifier: GPL-2.0-or-later
/* Cycles of any scenario: when they are enough, and what the way each one ended means. */
#include "base/log.h"
#include "base/num.h"
#include "report/summary.h"
#include "run/engine.h"

#include <stdio.h>
#include <string.h>

/* In a row. More of them will not be better, and the lab wants to know. */
#define INVALID_MAX 3

/* A later cycle hears of the one before while it settles, and while its load is confirmed. */
#define LAST_SETTLE_NS (NS_PER_SEC / 2)

bool run_is_refused(const struct run *run)
{
	const struct sight *s = &run->sight;

	return s->refused[0] && !s->gone[0] && !s->unsure && !s->acted;
}

enum run_end run_stopped(const struct run *run)
{
	return run->recorder.failed ? RUN_FAILED : RUN_INTERRUPTED;
}

/* All that was asked for has been done when so many cycles more are, or it goes on. */
static enum run_end complete(const struct run *run, unsigned int more)
{
	const struct plan *plan = run->plan;
	uint64_t spent_ns = run->clock.spent_ns + (loop_now_ns() - run->clock.begin_ns);

	if (plan->until_hits && fold_hits(&run->recorder.fold) >= plan->until_hits)
		return RUN_HIT;
	if (plan->for_ns && spent_ns >= plan->for_ns)
		return RUN_TIME;
	if (plan->cycles && run->recorder.fold.finished + more >= plan->cycles)
		return RUN_DONE;
	return RUN_GOES_ON;
}

static void print_cycle(struct run *run, const struct record *verdict)
{
	struct recorder *recorder = &run->recorder;

	status_stop();
	if (log_get_level() >= LOG_LEVEL_NOTICE)
		report_cycle_line(recorder->out, recorder->color, verdict,
				  run->plan->cycles);
	fflush(recorder->out);
	status_start(run);
}

enum outcome run_judge(struct run *run, const struct cycle_facts *facts,
		       const struct cycle_times *times, bool quiet, enum run_end *ret_end)
{
	struct record record = { .type = RECORD_VERDICT, .cycle = facts->cycle };
	enum outcome outcome;

	record.verdict.times = *times;
	verdict_of_cycle(facts, &record.verdict.verdict);
	run_record(run, &record);
	outcome = record.verdict.verdict.outcome;
	if (!run->recorder.failed && (!quiet || outcome != OUTCOME_PASS))
		print_cycle(run, &record);
	run->invalid_row = outcome == OUTCOME_INVALID ? run->invalid_row + 1 : 0;
	if (run->recorder.failed)
		*ret_end = RUN_FAILED;
	else if (run->sight.lost)
		*ret_end = RUN_LOST;
	else if (run->invalid_row >= INVALID_MAX)
		*ret_end = RUN_INVALID;
	else
		*ret_end = complete(run, 0);
	return outcome;
}

static void note_no_shell(struct run *run, const char *limit)
{
	struct cycle_facts *c = &run->cycle;

	if (run->sight.last_byte_ns)
		snprintf(
			c->invalid, sizeof(c->invalid),
			"no shell answered on the console within %s of power on (--limit "
			"boot=TIME); last line: %.100s",
			limit, run->sight.last_line);
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
	snprintf(f->bug, sizeof(f->bug), "hang:%s", phase_name(run->clock.phase));
	snprintf(f->title, sizeof(f->title), "phase %s did not end within %s",
		 phase_name(run->clock.phase), limit);
	snprintf(f->severity, sizeof(f->severity), "error");
	snprintf(f->text, sizeof(f->text), "%s", run->sight.last_line);
	snprintf(f->kernel, sizeof(f->kernel), "%.63s", run->recorder.fold.kernel);
	f->count = 1;
	f->phase = run->clock.phase;
	f->cycle = run->cycle.cycle;
	f->offset = journal_console_offset(run->recorder.journal);
	record.finding.report = "";
	run_record(run, &record);
}

/* A shell that answers has no worker that it waits for. */
static bool worker_is_silent(struct run *run)
{
	enum phase phase = run->clock.phase;
	bool asks =
		phase == PHASE_BIND ||
		(!run->scenario->cycle && (phase == PHASE_UNPLUG || phase == PHASE_BACK));

	return asks && shell_is_alive(run);
}

/* What a phase that exceeded its limit means. */
static void note_limit(struct run *run)
{
	struct cycle_facts *c = &run->cycle;
	const struct sight *f = &run->sight;
	char limit[NUM_DURATION_MAX];

	num_format_duration(limit, run->plan->limit_ns[run->clock.phase]);
	if (run->clock.phase == PHASE_BOOT && !run->recorder.fold.kernel[0]) {
		/* Nothing has ever run there: that is no finding about this kernel. */
		note_no_shell(run, limit);
		return;
	}
	if (run->clock.phase == PHASE_FLOOD && shell_is_alive(run)) {
		snprintf(
			c->invalid, sizeof(c->invalid),
			"the load was never steady within %s: %u replies/s to %u requests/s",
			limit, run->traffic.sample.reply_rate, run->traffic.sample.rate);
		return;
	}
	if (run->clock.phase == PHASE_TRIGGER && shell_is_alive(run)) {
		snprintf(c->invalid, sizeof(c->invalid),
			 "the shell answers, but did not execute the request within %s; "
			 "last line: %.100s",
			 limit, f->last_line);
		return;
	}
	if (worker_is_silent(run)) {
		snprintf(c->invalid, sizeof(c->invalid),
			 "the worker on the target did not answer within %s; last line: "
			 "%.100s",
			 limit, f->last_line);
		return;
	}
	if (run->clock.phase == PHASE_UP && shell_is_alive(run))
		return; /* the proof of replies after the boot is missing: verdict tells */
	c->hang_phase = run->clock.phase;
	c->hang_after_ns = run->plan->limit_ns[run->clock.phase];
	snprintf(c->last_line, sizeof(c->last_line), "%s", f->last_line);
	record_hang(run, limit);
}

void run_note_end(struct run *run, enum step_end end)
{
	struct cycle_facts *c = &run->cycle;
	const struct sight *f = &run->sight;

	c->invalid_phase = run->clock.phase;
	if (end == STEP_LIMIT)
		note_limit(run);
	if (end == STEP_GONE)
		snprintf(c->invalid, sizeof(c->invalid), "%s",
			 f->gone[0]    ? f->gone :
			 f->refused[0] ? f->refused :
					 run->traffic.ended);
}

bool run_bring_back(struct run *run, enum step_end end)
{
	bool recovered;

	/* A target that has never been up is not brought back by trying it again, and one
	 * that cannot do what is asked of it will not learn it. */
	if (!run->recorder.fold.kernel[0] || run->sight.refused[0]) {
		run->sight.lost = true;
		return true;
	}
	recovered = recover(run, end);
	if (run->recorder.failed || loop_interrupted(run->loop))
		return false;
	run->cycle.recovery_failed = run->sight.lost = !recovered;
	return true;
}

static bool never(const struct run *run)
{
	(void)run;
	return false;
}

/* As long as a cycle in the middle waits after its boot. */
static enum step_end settle_last(struct run *run)
{
	enum step_end end = step_wait(run, never, LAST_SETTLE_NS + run->plan->settle_ns);

	return end == STEP_LIMIT ? STEP_DONE : end;
}

/* The steps once, up to their verdict. */
static enum run_end walk_cycle(struct run *run)
{
	const struct scenario *scenario = run->scenario;
	const uint64_t *phase_ns = run->clock.phase_ns;
	enum step_end end;
	enum run_end enough;
	bool cut_short;

	observe_begin_cycle(run, run->recorder.fold.judged + 1);
	end = step_walk(run, scenario->steps, scenario->n_steps);
	/* Nothing comes behind it that would hear what its boot still has to say. */
	if (end == STEP_DONE && complete(run, 1) != RUN_GOES_ON)
		end = settle_last(run);
	if (end == STEP_STOPPED)
		return run_stopped(run);
	if (run_is_refused(run))
		return RUN_REFUSED;
	run->times = (struct cycle_times){
		.settle = phase_ns[PHASE_SETTLE],
		.confirm = phase_ns[PHASE_FLOOD] + phase_ns[PHASE_UP],
		.boot = phase_ns[PHASE_BOOT],
	};
	scenario->prove(run);
	run_note_end(run, end);
	run->times.total = loop_now_ns() - run->clock.cycle_begin_ns;
	if (end == STEP_DONE && run->sight.spoiled)
		end = STEP_LIMIT;
	run->sight.spoiled = false;
	/* What was seen has its verdict, also when bringing the target back is cut short. */
	cut_short = end != STEP_DONE && !run_bring_back(run, end);
	classifier_flush(run->rig.classifier);
	(void)run_judge(run, &run->cycle, &run->times, false, &enough);
	return cut_short ? run_stopped(run) : enough;
}

enum run_end run_cycles(struct run *run)
{
	const struct scenario *scenario = run->scenario;
	enum run_end end = complete(run, 0);

	while (end == RUN_GOES_ON) {
		run->clock.cycle_begin_ns = loop_now_ns();
		if (run_sync(run) < 0)
			end = RUN_FAILED;
		else
			end = scenario->cycle ? scenario->cycle(run) : walk_cycle(run);
	}
	run->end = end;
	if (scenario->put_back)
		scenario->put_back(run);
	return end;
}
