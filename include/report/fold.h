/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The summary of a run: a fold over its records. The live run and `report RUNDIR` use the
 * same fold, so they cannot differ. Its size does not grow with the number of cycles.
 */
#pragma once

#include "journal/record.h"

/* Distinct bugs that are told one by one; what comes after them is only counted. */
#define FOLD_BUGS_MAX 128

/* In how many cycles something was seen, and how those ended. */
struct fold_seen {
	unsigned int findings, cycles; /* cycles: 0 = only outside of cycles */
	unsigned int first_cycle, last_cycle;
	unsigned int outcomes[OUTCOME_COUNT];
};

/* Findings of one `bug`. */
struct fold_bug {
	struct finding first; /* as it was seen first */
	char report[128];     /* extracted file of the first, "" none */
	struct fold_seen seen;
};

/* Findings of one known issue: several bugs can be manifestations of it. */
struct fold_known {
	char id[48];
	struct fold_seen seen;
};

struct fold {
	char tool[32], scenario[16], target[64], kernel[96], wall[32], end[64];
	unsigned int planned; /* cycles asked for, 0 = no count */
	unsigned int begun, finished;
	unsigned int outcomes[OUTCOME_COUNT];
	struct {
		unsigned int cycle;
		struct verdict verdict;
	} first[OUTCOME_COUNT]; /* where outcomes[] is not 0 */
	struct verdict last;
	uint64_t at_ns, elapsed_ns; /* of the last record; without gaps of resumed runs */
	/* Over cycles that came back by themselves; a hang's limit is not the kernel's. */
	struct cycle_times sum;
	unsigned int timed, last_replies, first_replies; /* summands */
	struct flood_sample load;                        /* the last one */
	uint64_t sent, replies;                          /* of all floods of the run */
	struct fold_bug *bugs;
	size_t n_bugs;
	unsigned int more_bugs; /* findings of bugs beyond FOLD_BUGS_MAX */
	struct fold_known *known;
	size_t n_known;
	bool ended;
	int status; /* exit status of the run, once it has ended */
};

/* {0} is the fold of no records. */
void fold_apply(struct fold *fold, const struct record *record);
void fold_done(struct fold *fold);

/* Cycles with a finding: splat, crash, hang, lost. */
unsigned int fold_hits(const struct fold *fold);
/* Cycles that say something: all but the invalid ones. */
unsigned int fold_measured(const struct fold *fold);
/* A finding that is a failure, not a note. */
bool fold_bug_counts(const struct fold_bug *bug);
/*
 * Exit status by what was seen: 1 with any hit or finding, else 3 when nothing or not
 * everything could be measured, else 0.
 */
int fold_status(const struct fold *fold);
