// SPDX-License-Identifier: GPL-2.0-or-later
/* A run from its first record to its last, and when it is enough. */
#include "internal.h"

#include "base/exit_status.h"
#include "base/log.h"
#include "base/version.h"
#include "report/text.h"
#include "run/past.h"

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

static int create_journal(struct run *run)
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

void run_record_plan(struct run *run)
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
	int r = run->plan->resume ? past_open_journal(run->plan->run_dir, &run->journal) :
				    create_journal(run);

	if (r < 0)
		return r;
	observe_open(run, rules);
	if (run->plan->resume)
		r = run_resume(run);
	else
		run_record_plan(run);
	if (r < 0)
		return r;
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
	unplug_free(run->unplug);
}

void run_print_cycle(struct run *run, const struct record *verdict)
{
	status_stop();
	if (log_get_level() >= LOG_LEVEL_NOTICE)
		report_cycle_line(run->out, run->color, verdict, run->plan->cycles);
	fflush(run->out);
	status_start(run);
}

const char *run_complete(const struct run *run)
{
	const struct plan *plan = run->plan;
	uint64_t spent_ns = run->spent_ns + (loop_now_ns() - run->begin_ns);

	if (plan->until_hits && fold_hits(&run->fold) >= plan->until_hits)
		return "hit";
	if (plan->for_ns && spent_ns >= plan->for_ns)
		return "time";
	if (plan->cycles && run->fold.finished >= plan->cycles)
		return "done";
	return NULL;
}

const char *run_enough(struct run *run, enum outcome outcome)
{
	run->invalid_row = outcome == OUTCOME_INVALID ? run->invalid_row + 1 : 0;
	if (run->failed)
		return "failed";
	if (run->lost)
		return "lost";
	if (run->invalid_row >= INVALID_MAX)
		return "invalid";
	return run_complete(run);
}

bool run_is_refused(const struct run *run)
{
	const struct run_facts *f = &run->facts;

	return f->refused[0] && !f->gone[0] && !f->unsure && !run->acted;
}

int run_sync(struct run *run)
{
	int r = journal_sync(run->journal);

	if (r < 0 && !run->failed) {
		run->failed = r;
		log_errno(r, "cannot write %s to disk", journal_dir(run->journal));
	}
	return r;
}

static int end_run(struct run *run, const char *reason)
{
	struct record record = { .type = RECORD_END };
	int status = fold_status(&run->fold);

	if (!strcmp(reason, "interrupted"))
		status = EXIT_INTERRUPTED;
	else if (!strcmp(reason, "refused"))
		status = run->acted ? EXIT_INVALID : EXIT_USAGE;
	else if (!strcmp(reason, "failed") && status == EXIT_PASS)
		status = EXIT_INVALID;
	observe_flush(run);
	record.end.reason = reason;
	record.end.status = status;
	run_record(run, &record);
	(void)run_sync(run);
	return status;
}

/* A run that could not begin says so in its journal, if it has come that far. */
static int refuse_run(struct run *run, int r)
{
	struct record record = { .type = RECORD_END };
	int status = EXIT_INVALID;

	if (r == -EINTR)
		status = EXIT_INTERRUPTED;
	else if (r == -EEXIST || r == -EALREADY || r == -EBUSY || r == -EINVAL ||
		 r == -ENOENT || r == -ENOEXEC)
		status = EXIT_USAGE;
	if (run->journal && r != -EALREADY) {
		record.end.reason = "not started";
		record.end.status = status;
		run_record(run, &record);
	}
	return status;
}

/* All cycles, and what they come to. */
static int go_through(struct run *run)
{
	const char *reason;
	int status;

	status_start(run);
	reason = run->unplug ? unplug_cycles(run) : reboot_cycles(run);
	status = end_run(run, reason);
	status_stop();
	if (!strcmp(reason, "interrupted"))
		log_notice("`iommu-stress %s --resume %s` goes on with it",
			   run->plan->scenario, journal_dir(run->journal));
	if (strcmp(reason, "refused") != 0)
		report_summary(run->out, run->color, &run->fold, run->rules,
			       journal_dir(run->journal));
	else if (!run->facts.refused_told)
		log_error("%s", run->facts.refused);
	return status;
}

int run_execute(struct loop *loop, const struct plan *plan, const struct rig_ops *rig,
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

	if (plan_is_unplug(plan))
		run.unplug = unplug_new(plan);
	r = open_run(&run, rules);
	status = r == 0 ? go_through(&run) : refuse_run(&run, r);
	close_run(&run);
	return status;
}
