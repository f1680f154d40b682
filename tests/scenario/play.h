/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a plan against a scripted target in virtual time, and reads its journal back. */
#pragma once

#include "journal/journal.h"
#include "run/run.h"
#include "scenario/sim.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* What a run left behind. */
struct result {
	int status;
	unsigned int verdicts, findings;
	struct verdict verdict[16];
	struct finding finding[16];
	unsigned int counters; /* told before a request to go down */
	struct target_counters told;
	unsigned int timelines, timeline_cycle[16];
	struct timeline_marks marks[16];
	int64_t timeline_from_ns;
	char sent[64], replies[64]; /* of the last timeline */
	char end[32];
	uint64_t took_ns;
};

static inline int play_remove(const char *path, const struct stat *st, int flag,
			      struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void play_read(const char *dir, struct result *result)
{
	struct journal_reader *reader;
	const struct record *record;
	enum phase phase = PHASE_NONE;
	const char *error;

	assert_int_equal(journal_reader_open(dir, &reader), 0);
	while (journal_reader_next(reader, &record, &error) == 1) {
		if (record->type == RECORD_VERDICT && result->verdicts < 16)
			result->verdict[result->verdicts++] = record->verdict.verdict;
		if (record->type == RECORD_FINDING && result->findings < 16)
			result->finding[result->findings++] = record->finding.finding;
		if (record->type == RECORD_COUNTERS && phase < PHASE_SHUTDOWN) {
			result->counters++;
			result->told = record->counters;
		}
		if (record->type == RECORD_PHASE)
			phase = record->phase.phase;
		if (record->type == RECORD_TIMELINE && result->timelines < 16) {
			result->timeline_cycle[result->timelines] = record->cycle;
			result->marks[result->timelines++] = record->timeline.marks;
			result->timeline_from_ns = record->timeline.from_ns;
			snprintf(result->sent, sizeof(result->sent), "%s",
				 record->timeline.sent);
			snprintf(result->replies, sizeof(result->replies), "%s",
				 record->timeline.replies);
		}
		if (record->type == RECORD_END)
			snprintf(result->end, sizeof(result->end), "%s",
				 record->end.reason);
	}
	assert_false(journal_reader_torn(reader));
	journal_reader_close(reader);
}

/* In plan->run_dir, whose journal is read afterwards. out: NULL is accepted. */
static inline struct result play_there(struct plan *plan, const struct rig_ops *rig,
				       FILE *out)
{
	struct result result = { 0 };
	struct rules *rules = rules_new();
	FILE *nowhere = fopen("/dev/null", "w");
	struct loop *loop;

	sim_start();
	assert_int_equal(loop_new(&loop), 0);
	result.status = run_execute(loop, plan, rig, rules, out ? out : nowhere);
	result.took_ns = sim_now_ns();
	loop_free(loop);
	play_read(plan->run_dir, &result);
	rules_free(rules);
	fclose(nowhere);
	return result;
}

static inline struct result play(struct plan *plan, const struct rig_ops *rig)
{
	char dir[] = "/tmp/iommu-stress-test-XXXXXX";
	struct result result;
	char *run_dir;

	assert_non_null(mkdtemp(dir));
	run_dir = xasprintf("%s/run", dir);
	plan->run_dir = run_dir;
	result = play_there(plan, rig, NULL);
	free(run_dir);
	nftw(dir, play_remove, 8, FTW_DEPTH | FTW_PHYS);
	return result;
}
