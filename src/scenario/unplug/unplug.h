/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the unplug test share. unplug.c has the test in its order, choose.c
 * makes a device and a command line of facts and guards, markers.c turns the worker's
 * markers into facts of the attempts on their way, judge.c makes verdicts and the next
 * offsets of them, options.c is what can be asked of it.
 */
#pragma once

#include "device/means.h"
#include "judge/sweep.h"
#include "run/engine.h"
#include "run/plan.h"
#include "scenario/device.h"

/* Attempts that are asked for at once. A line of a terminal's input queue is short. */
#define UNPLUG_BATCH_MAX 32
/* Attempts before the window is chosen. */
#define UNPLUG_MEASURED 8
/* Different orders of kernel messages that are told apart. */
#define UNPLUG_ORDERS 16

/* How the holder lets go; one without a name ends the table. */
extern const struct unplug_release {
	const char *name, *help;
} unplug_releases[];

/* Offsets that are asked for; only the last is a window by itself. */
enum unplug_sweep {
	UNPLUG_AUTO,   /* the window is measured, evidence attracts attempts */
	UNPLUG_WITHIN, /* the window is given, evidence attracts attempts */
	UNPLUG_EVENLY, /* the window is given */
};

/* What is asked of a run. The words are those of iommu-stress-worker(8). */
struct unplug_plan {
	const struct means *holder;
	const struct means *method; /* NULL: what suits the device */
	const char *release;
	bool release_given; /* else it is what suits the holder */
	enum unplug_sweep sweep;
	struct sweep_window window;
	uint64_t step_ns;
	bool restore;        /* the device gets its own driver in between */
	bool churn;          /* map, unmap and read the configuration space while held */
	uint64_t blocked_ns; /* a write that takes longer waits for the user */
	unsigned int batch;  /* attempts that are asked for at once */
	const char *qemu;    /* program of the holder `qemu`, NULL: the target's own */
};

/* An attempt on its way. */
struct unplug_try {
	unsigned int cycle;
	int64_t want_ns;
	bool begun; /* its marker stood in the kernel log */
	bool ended; /* so did that of its result, whole or not */
	struct attempt attempt;
	struct cycle_facts facts;
	uint32_t order; /* of the kernel's messages so far */
};

struct unplug {
	struct taken taken;
	const struct means *method;
	char *race;       /* command line of the race */
	size_t restoring; /* the one that `restore` is asked for, index in taken.undo */

	bool begun;                   /* the device is held, and can be raced */
	bool ready, ended;            /* the worker's race */
	bool stuck;                   /* it cannot go on: the unplug never returned */
	char why[VERDICT_REASON_MAX]; /* why it cannot go on, in the worker's words */

	struct unplug_try tries[UNPLUG_BATCH_MAX];
	size_t n_tries;
	unsigned int removals, returns; /* of the device in this batch, by uevents */
	uint64_t replies_since_ns;      /* a load must have been answered since then */
	unsigned int last_cycle;        /* that was begun */
	unsigned int
		recalled; /* offsets of a batch whose verdicts have not been read yet */

	bool has_window;
	struct sweep sweep;
	/* Measured for the window. */
	int64_t unplug_ns[UNPLUG_MEASURED], request_ns[UNPLUG_MEASURED],
		close_ns[UNPLUG_MEASURED];
	size_t n_measured;
	struct {
		uint32_t order;
		unsigned int seen;
	} orders[UNPLUG_ORDERS];
};

static inline struct unplug *unplug_of(const struct run *run)
{
	return run->own;
}

static inline const struct unplug_plan *unplug_plan_of(const struct run *run)
{
	return run->plan->own;
}

/* choose.c: run->sight.refused tells what is wrong. */
void unplug_choose(struct run *run);

/* markers.c */
/* True: the marker was the worker's. */
bool unplug_on_marker(struct run *run, const struct console_line *line);
void unplug_on_line(struct run *run, const struct console_line *line);
/* The try of this cycle, or NULL. */
struct unplug_try *unplug_try_of(struct unplug *unplug, unsigned int cycle);

/* scenario.on_uevent */
void unplug_on_uevent(struct run *run, const char *action, const char *bdf);

/* judge.c */
/* Chooses the window once enough was measured, or it was given. */
void unplug_open_window(struct run *run);
int64_t unplug_next_offset(struct unplug *unplug);
/*
 * From the journal of a run that goes on, in the order of its records: afterwards all is as it
 * was when the last attempt had its verdict, but for offsets that were never tried.
 */
void unplug_recall(struct run *run, const struct record *record);
/* Verdict, records and what the sweep learns of it. */
enum run_end unplug_judge(struct run *run, struct unplug_try *try);

/* options.c */
/* What suits the holder, when nothing else is asked for. */
const char *unplug_release_default(const struct unplug_plan *plan);
/* Why its holder cannot let go like that, NULL: it can. */
const char *unplug_release_lacks(const struct unplug_plan *plan);
/* Its holder is a QEMU on the target. */
bool unplug_needs_qemu(const struct unplug_plan *plan);
/* "FROM..TO", "FROM..TO,STEP", "FROM..TO,auto", "auto". -EINVAL: *ret_error, caller frees. */
int unplug_parse_sweep(const char *words, struct unplug_plan *ret,
		       char **ret_error) _must_check_;

/* Of struct scenario; plan->own is a struct unplug_plan. */
extern const struct argp unplug_options;
char *unplug_help_tables(const struct scenario *scenario);
int unplug_plan_check(struct plan *plan);
void unplug_plan_init(struct plan *plan);
void unplug_plan_json(const struct plan *plan, json_t *root);
void unplug_print_head(FILE *out, const struct plan *plan);
void unplug_print_rest(FILE *out, const struct plan *plan);
