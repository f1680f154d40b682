// SPDX-License-Identifier: GPL-2.0-or-later
/* The one way into the journal; what stands there is folded at once. */
#include "base/log.h"
#include "base/version.h"
#include "run/engine.h"

#include <stdio.h>
#include <time.h>

void run_fail(struct run *run, int r, const char *what)
{
	struct recorder *recorder = &run->recorder;

	if (recorder->failed)
		return;
	recorder->failed = r;
	log_errno(r, "%s %s, the run ends; free space there", what,
		  journal_dir(recorder->journal));
	loop_interrupt(run->loop);
}

void run_record(struct run *run, struct record *record)
{
	struct recorder *recorder = &run->recorder;
	int r;

	if (recorder->failed)
		return;
	record->at_ns = loop_now_ns();
	r = journal_append(recorder->journal, record);
	if (r < 0)
		run_fail(run, r, "cannot record in");
	else
		fold_apply(&recorder->fold, record);
}

int run_sync(struct run *run)
{
	struct recorder *recorder = &run->recorder;
	int r = journal_sync(recorder->journal);

	if (r < 0 && !recorder->failed) {
		recorder->failed = r;
		log_errno(r, "cannot write %s to disk", journal_dir(recorder->journal));
	}
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
	record.run.scenario = run->plan->scenario->name;
	record.run.target = run->plan->target;
	record.run.wall = wall;
	record.run.plan = plan;
	record.run.seed = run->plan->seed;
	record.run.cycles = run->plan->cycles;
	run_record(run, &record);
}

void run_record_power(struct run *run, const char *action, const char *event)
{
	struct record record = { .type = RECORD_POWER, .cycle = run->cycle.cycle };

	record.power.action = action;
	record.power.event = event;
	run_record(run, &record);
}
