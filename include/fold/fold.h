/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The summary of a run: a fold over its records. The live run and `report RUNDIR` use the
 * same fold, so they cannot differ. Its size does not grow with the number of cycles.
 */
#pragma once

#include "base/num.h"
#include "journal/record.h"

/* Distinct bugs that are told one by one; what comes after them is only counted. */
#define FOLD_BUGS_MAX 128
/* A cycle's number beyond it is not looked at closely: it is damaged. */
#define FOLD_CYCLES_MAX 10000000

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

/* Slices in which attempts to unplug are shown. */
#define FOLD_SLICES 32
/* Attempts are asked for in batches of at most so many, and judged together. */
#define FOLD_RECENT 64
/* Offset errors are counted in steps of this, the last one takes the rest. */
#define FOLD_ERROR_NS    100
#define FOLD_ERROR_STEPS 1000

/* Attempts to unplug by their achieved offset. */
struct fold_offsets {
	struct sweep_window window; /* as it was asked for last */
	bool from_request;          /* else from the unplug write */
	bool known;                 /* there is a window */
	struct fold_slice {
		unsigned int attempts, hits;
	} slices[FOLD_SLICES + 1]; /* the last one: achieved beyond the window */
	/* Attempts whose verdict may still come, by their cycle; cycle 0: none. */
	struct fold_recent {
		unsigned int cycle, slice, error;
		uint64_t total_ns;
	} recent[FOLD_RECENT];
	unsigned int attempts;
	uint64_t total_ns; /* all of them together, on the target */
	unsigned int errors[FOLD_ERROR_STEPS];
};

/* Around the triggers of all cycles, in steps from so long before it on. */
#define FOLD_TIMELINE_STEP_NS   (10 * NS_PER_MSEC)
#define FOLD_TIMELINE_BEFORE_NS (500 * NS_PER_MSEC)
#define FOLD_TIMELINE_STEPS     800

struct fold_timeline {
	unsigned int cycles;
	unsigned int steps; /* up to the last one with a request in any cycle */
	uint64_t sent[FOLD_TIMELINE_STEPS], replies[FOLD_TIMELINE_STEPS];
	struct timeline_marks sums, counts; /* counts: summands */
};

struct fold {
	char device[32], iommu[32]; /* that is unplugged */
	struct fold_offsets offsets;
	char tool[32], scenario[16], target[64], kernel[96], wall[32], end[64];
	unsigned int planned; /* cycles asked for, 0 = no count */
	unsigned int begun, finished;
	unsigned int judged; /* the last cycle that has its verdict */
	uint8_t *verdicts;   /* a bit a cycle: it has one */
	size_t n_verdicts;   /* bytes */
	bool doubtful; /* a cycle had two: the first counts; or a line was no record */
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
	struct flood_losses {
		uint64_t lost, duplicates, bad, reports;
		struct flood_errors errors;
	} losses; /* of the floods before the last one */
	/* Of the last boot that told them, and of those before it. */
	struct target_counters counters, counters_before;
	unsigned int counted; /* boots before the last one that did */
	struct fold_timeline timeline;
	struct fold_bug *bugs;
	size_t n_bugs;
	unsigned int more_bugs; /* findings of bugs beyond FOLD_BUGS_MAX */
	struct fold_known *known;
	size_t n_known;
	bool ended;
	int status; /* exit status of the run, once it has ended */
};

/* Of all floods of the run. */
struct flood_losses fold_losses(const struct fold *fold);
/* What the target has counted, of all boots. Returns of how many. */
unsigned int fold_counters(const struct fold *fold, struct target_counters *ret);

/*
 * Median of |achieved - wanted| in ns, rounded up to FOLD_ERROR_NS; 0: no attempts. The last
 * of FOLD_ERROR_STEPS stands for all that is more.
 */
uint64_t fold_offsets_error(const struct fold_offsets *o);

/* {0} is the fold of no records. */
void fold_apply(struct fold *fold, const struct record *record);
void fold_done(struct fold *fold);

/* Cycles with a finding: splat, crash, hang, lost, gone. */
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
/*
 * What may be said of a journal that somebody reads later: 1 with any finding, the run's own
 * status too; 0 only when nothing is missing: its end, cycles that were asked for, and nothing
 * doubtful. Else 3, or 2 when the run was refused.
 */
int fold_told_status(const struct fold *fold);
