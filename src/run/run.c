// SPDX-License-Identifier: GPL-2.0-or-later
/* A run from its first record to its last. */
#include "base/exit_status.h"
#include "base/log.h"
#include "report/summary.h"
#include "run/engine.h"
#include "run/past.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

static int create_journal(const struct plan *plan, struct journal **ret)
{
	_cleanup_free_ char *dir = plan->run_dir ? xstrdup(plan->run_dir) :
						   default_dir(plan->target);
	int r = journal_create(dir, ret);

	/* Two runs within one second. */
	for (unsigned int i = 2; r == -EEXIST && !plan->run_dir && i < 100; i++) {
		_cleanup_free_ char *next = xasprintf("%s-%u", dir, i);

		r = journal_create(next, ret);
	}
	if (r == -EEXIST)
		log_error("%s holds a run already; choose another --run-dir", dir);
	else if (r == -EBUSY)
		log_error("another run is writing to %s; choose another --run-dir", dir);
	else if (r < 0 && !past_tell_untrusted(dir, r))
		log_errno(r, "cannot create the run directory %s", dir);
	return r;
}

static int open_run(struct run *run)
{
	const struct target_events events = observe_target_events(run);
	struct recorder *recorder = &run->recorder;
	_cleanup_free_ char *log_path = NULL;
	int r = run->plan->resume ?
			past_open_journal(run->plan->run_dir, &recorder->journal) :
			create_journal(run->plan, &recorder->journal);

	if (r < 0)
		return r;
	observe_open(run);
	if (run->plan->resume)
		r = run_resume(run);
	else
		run_record_plan(run);
	if (r < 0)
		return r;
	run->sight.banner_expected = true;
	log_path = xasprintf("%s/target.log", journal_dir(recorder->journal));
	r = run->rig.ops->target_open(run->loop, run->plan, log_path, &events,
				      &run->rig.target);
	if (r == 0)
		shell_watch(run);
	return r;
}

static void close_run(struct run *run)
{
	if (run->rig.load)
		run->rig.ops->load_stop(run->rig.load);
	shell_unwatch(run);
	if (run->rig.target)
		target_close(run->rig.target);
	if (run->recorder.journal)
		observe_close(run);
	journal_close(run->recorder.journal);
	fold_done(&run->recorder.fold);
	if (run->scenario->done)
		run->scenario->done(run->own);
	free(run->own);
}

/* As the last record has it. */
static const char *const reasons[] = {
	[RUN_DONE] = "done",
	[RUN_TIME] = "time",
	[RUN_HIT] = "hit",
	[RUN_INVALID] = "invalid",
	[RUN_LOST] = "lost",
	[RUN_REFUSED] = "refused",
	[RUN_INTERRUPTED] = "interrupted",
	[RUN_FAILED] = "failed",
	[RUN_NOT_STARTED] = "not started",
};

static int record_end(struct run *run, enum run_end end, int status)
{
	struct record record = { .type = RECORD_END };

	record.end.reason = reasons[end];
	record.end.status = status;
	run_record(run, &record);
	return status;
}

static int end_run(struct run *run, enum run_end end)
{
	int status = fold_status(&run->recorder.fold);

	if (end == RUN_INTERRUPTED)
		status = EXIT_INTERRUPTED;
	else if (end == RUN_REFUSED)
		status = run->sight.acted ? EXIT_INVALID : EXIT_USAGE;
	else if (end == RUN_FAILED && status == EXIT_PASS)
		status = EXIT_INVALID;
	classifier_flush(run->rig.classifier);
	record_end(run, end, status);
	(void)run_sync(run);
	return status;
}

/* Why it was not even begun: what the user can mend is bad usage. */
static int status_of_error(int r)
{
	switch (-r) {
	case EINTR:
		return EXIT_INTERRUPTED;
	case EEXIST:
	case EALREADY:
	case EBUSY:
	case EINVAL:
	case ELOOP:
	case ENOENT:
	case ENOEXEC:
	case EPERM:
		return EXIT_USAGE;
	default:
		return EXIT_INVALID;
	}
}

/* All cycles, and what they come to. */
static int go_through(struct run *run)
{
	struct recorder *recorder = &run->recorder;
	enum run_end end;
	int status;

	status_start(run);
	end = run_cycles(run);
	status = end_run(run, end);
	status_stop();
	if (end == RUN_INTERRUPTED)
		log_notice("`iommu-stress %s --resume %s` goes on with it",
			   run->scenario->name, journal_dir(recorder->journal));
	if (end != RUN_REFUSED)
		report_summary(recorder->out, recorder->color, &recorder->fold,
			       run->rig.rules, journal_dir(recorder->journal));
	else if (!run->sight.refused_told)
		log_error("%s", run->sight.refused);
	return status;
}

int run_execute(struct loop *loop, const struct plan *plan, const struct rig_ops *rig,
		const struct rules *rules, FILE *out)
{
	struct run run = { .plan = plan,
			   .scenario = plan->scenario,
			   .own = xcalloc(1, plan->scenario->own_size),
			   .loop = loop,
			   .rig = { .ops = rig, .rules = rules },
			   .recorder = { .out = out, .color = report_wants_color(out) },
			   .clock = { .begin_ns = loop_now_ns(), .random = plan->seed } };
	int status, r;

	r = open_run(&run);
	if (r == 0)
		status = go_through(&run);
	else
		status = status_of_error(r);
	/* One that could not begin says so, if it has come that far. */
	if (r < 0 && run.recorder.journal && r != -EALREADY)
		record_end(&run, RUN_NOT_STARTED, status);
	close_run(&run);
	return status;
}
