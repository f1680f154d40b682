// SPDX-License-Identifier: GPL-2.0-or-later
/* Cycles, their verdicts, and when it is enough. */
#include "internal.h"

#include "base/log.h"
#include "base/num.h"
#include "base/version.h"
#include "cmd.h"
#include "report/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* In a row. More of them will not be better, and the lab wants to know. */
#define INVALID_MAX 3

static char *default_dir(const char *target)
{
	char stamp[32], name[64];
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	snprintf(name, sizeof(name), "%s", target);
	for (char *p = name; *p; p++)
		if (*p == ':' || *p == '/')
			*p = '-';
	return xasprintf("iommu-stress-runs/%s-%s", stamp, name);
}

static int open_journal(struct run *run)
{
	_cleanup_free_ char *dir = run->plan->run_dir ? xstrdup(run->plan->run_dir) :
							default_dir(run->plan->target);
	int r = journal_create(dir, &run->journal);

	/* Two runs within one second. */
	for (unsigned int i = 2; r == -EEXIST && !run->plan->run_dir && i < 100; i++) {
		_cleanup_free_ char *next = xasprintf("%s-%u", dir, i);

		r = journal_create(next, &run->journal);
	}
	if (r == -EEXIST)
		log_error("%s holds a run already; choose another --run-dir", dir);
	else if (r == -EBUSY)
		log_error("another run is writing to %s; choose another --run-dir", dir);
	else if (r < 0)
		log_errno(r, "cannot create the run directory %s", dir);
	return r;
}

static void record_plan(struct run *run)
{
	_cleanup_free_ char *plan = plan_to_json(run->plan);
	struct record record = { .type = RECORD_RUN };
	time_t now = time(NULL);
	char wall[32];
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(wall, sizeof(wall), "%Y-%m-%dT%H:%M:%SZ", &utc);
	record.run.tool = version_string;
	record.run.scenario = run->plan->scenario;
	record.run.target = run->plan->target;
	record.run.wall = wall;
	record.run.plan = plan;
	record.run.seed = run->plan->seed;
	record.run.cycles = run->plan->cycles;
	run_record(run, &record);
}

static int open_run(struct run *run, const struct rules *rules)
{
	const struct target_events events = observe_target_events(run);
	_cleanup_free_ char *log_path = NULL;
	int r = open_journal(run);

	if (r < 0)
		return r;
	observe_open(run, rules);
	record_plan(run);
	run->facts.banner_expected = true;
	log_path = xasprintf("%s/target.log", journal_dir(run->journal));
	return run->rig->target_open(run->loop, run->plan, log_path, &events,
				     &run->target);
}

static void close_run(struct run *run)
{
	if (run->load)
		run->rig->load_stop(run->load);
	if (run->target)
		target_close(run->target);
	if (run->journal)
		observe_close(run);
	journal_close(run->journal);
	fold_done(&run->fold);
}

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
	if (run->phase == PHASE_UP && shell_is_alive(run))
		return; /* the proof of replies after the boot is missing: verdict tells */
	c->hang_phase = run->phase;
	c->hang_after_ns = run->plan->limit_ns[run->phase];
	snprintf(c->last_line, sizeof(c->last_line), "%s", f->last_line);
	record_hang(run, limit);
}

static void note_end(struct run *run, enum step_end end)
{
	struct cycle_facts *c = &run->cycle;
	const struct run_facts *f = &run->facts;

	c->invalid_phase = run->phase;
	c->triggered = f->trigger_seen;
	c->shell_back = f->shell && f->banner_ns > f->trigger_ns;
	c->load_after = f->first_reply_up_ns;
	c->boot_id_known = f->boot_id_before[0] && f->boot_id[0];
	c->boot_id_changed = strcmp(f->boot_id_before, f->boot_id) != 0;
	if (end == STEP_LIMIT)
		note_limit(run);
	if (end == STEP_GONE)
		snprintf(c->invalid, sizeof(c->invalid), "%s",
			 f->gone[0]    ? f->gone :
			 f->refused[0] ? f->refused :
					 f->load_ended);
}

/* False: interrupted meanwhile. */
static bool bring_back(struct run *run, enum step_end end)
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
	if (end == STEP_STOPPED)
		return false;
	note_end(run, end);
	note_times(run);
	/* What was seen has its verdict, also when bringing the target back is cut short. */
	cut_short = end != STEP_DONE && !bring_back(run, end);
	observe_flush(run);
	record.verdict.times = run->times;
	verdict_of_cycle(&run->cycle, &record.verdict.verdict);
	run_record(run, &record);
	if (run->failed)
		return false;
	status_stop();
	if (log_get_level() >= LOG_LEVEL_NOTICE)
		report_cycle_line(run->out, run->color, &record, run->plan->cycles);
	fflush(run->out);
	status_start(run);
	*ret = record.verdict.verdict.outcome;
	return !cut_short;
}

/* NULL: go on. */
static const char *why_enough(const struct run *run, unsigned int invalid_row)
{
	const struct plan *plan = run->plan;
	const unsigned int *o = run->fold.outcomes;
	unsigned int hits =
		o[OUTCOME_SPLAT] + o[OUTCOME_CRASH] + o[OUTCOME_HANG] + o[OUTCOME_LOST];

	if (run->failed)
		return "failed";
	if (run->lost)
		return "lost";
	if (invalid_row >= INVALID_MAX)
		return "invalid";
	if (plan->until_hits && hits >= plan->until_hits)
		return "hit";
	if (plan->for_ns && loop_now_ns() - run->begin_ns >= plan->for_ns)
		return "time";
	if (plan->cycles && run->fold.finished >= plan->cycles)
		return "done";
	return NULL;
}

static int sync_journal(struct run *run)
{
	int r = journal_sync(run->journal);

	if (r < 0 && !run->failed) {
		run->failed = r;
		log_errno(r, "cannot write %s to disk", journal_dir(run->journal));
	}
	return r;
}

static const char *run_cycles(struct run *run)
{
	const char *enough = NULL;
	unsigned int invalid_row = 0;

	for (unsigned int n = 1; !enough; n++) {
		enum outcome outcome;

		run->cycle_begin_ns = loop_now_ns();
		if (sync_journal(run) < 0)
			return "failed";
		if (!run_cycle(run, n, &outcome))
			return run->failed ? "failed" : "interrupted";
		invalid_row = outcome == OUTCOME_INVALID ? invalid_row + 1 : 0;
		enough = why_enough(run, invalid_row);
	}
	return enough;
}

static int end_run(struct run *run, const char *reason)
{
	struct record record = { .type = RECORD_END };
	int status = fold_status(&run->fold);

	if (!strcmp(reason, "interrupted"))
		status = EXIT_INTERRUPTED;
	else if (!strcmp(reason, "failed") && status == EXIT_PASS)
		status = EXIT_INVALID;
	observe_flush(run);
	record.end.reason = reason;
	record.end.status = status;
	run_record(run, &record);
	(void)sync_journal(run);
	return status;
}

/* A run that could not begin says so in its journal, if it has come that far. */
static int refuse_run(struct run *run, int r)
{
	struct record record = { .type = RECORD_END };
	int status = EXIT_INVALID;

	if (r == -EINTR)
		status = EXIT_INTERRUPTED;
	else if (r == -EEXIST || r == -EBUSY || r == -EINVAL || r == -ENOENT)
		status = EXIT_USAGE;
	if (run->journal) {
		record.end.reason = "not started";
		record.end.status = status;
		run_record(run, &record);
	}
	return status;
}

int run_reboot(struct loop *loop, const struct plan *plan, const struct rig_ops *rig,
	       const struct rules *rules, FILE *out)
{
	struct run run = { .plan = plan,
			   .rig = rig,
			   .loop = loop,
			   .begin_ns = loop_now_ns(),
			   .random = plan->seed,
			   .color = report_wants_color(out),
			   .out = out };
	int status, r;

	r = open_run(&run, rules);
	if (r == 0) {
		status_start(&run);
		status = end_run(&run, run_cycles(&run));
		status_stop();
		report_summary(out, run.color, &run.fold, rules,
			       journal_dir(run.journal));
	} else {
		status = refuse_run(&run, r);
	}
	close_run(&run);
	return status;
}
