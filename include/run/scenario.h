/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scenario: what is done to a target, again and again. The engine of this room walks any;
 * src/scenario/ has them, one row each in its table.
 */
#pragma once

#include "classify/classifier.h"
#include "journal/record.h"
#include "judge/verdict.h"

#include <argp.h>
#include <jansson.h>
#include <stdio.h>

struct plan;
struct run;

/* Why a run ends, or that it goes on; the words are those of the journal's last record. */
enum run_end {
	RUN_GOES_ON,
	RUN_DONE,        /* as many cycles as were asked for */
	RUN_TIME,        /* for as long as was asked for */
	RUN_HIT,         /* as many findings as were asked for */
	RUN_INVALID,     /* several cycles in a row could not be measured */
	RUN_LOST,        /* the target does not come back */
	RUN_REFUSED,     /* the target cannot do what is asked of it */
	RUN_INTERRUPTED, /* by the user */
	RUN_FAILED,      /* recording is impossible */
	RUN_NOT_STARTED,
};

/* How waiting ended. */
enum step_end {
	STEP_DONE,
	STEP_LIMIT,     /* a phase took longer than its limit */
	STEP_DEAD,      /* panicked, and nothing has followed */
	STEP_RESTARTED, /* a banner that nobody asked for */
	STEP_GONE,      /* console, board or load ended */
	STEP_STOPPED,   /* interrupted, or recording failed */
};

typedef bool (*run_condition_fn)(const struct run *run);

struct step {
	enum phase phase;
	void (*act)(struct run *run); /* NULL: nothing to do */
	run_condition_fn until;       /* holds: go on */
	/* What a phase waits for, for people; NULL: as in the step before it. */
	const char *words;
};

/* What a scenario takes besides what all take. */
enum scenario_takes {
	SCENARIO_LOAD = 1 << 0,    /* --flood and its short forms */
	SCENARIO_DEVICES = 1 << 1, /* arguments DEVICE... */
	SCENARIO_GUARDS = 1 << 2,  /* --allow-*, what guards allow */
	SCENARIO_WORKER = 1 << 3,  /* has a worker on the target */
};

/* A row of what --method takes; one without a name ends the table. */
struct method {
	const char *name, *help;
	const char *command; /* for the target's shell; NULL: the worker does it */
	const char *means;   /* of device/means.h: what the device needs for it */
	bool powers_off;     /* needs the power switch to come back */
	bool needs_kexec;    /* a kernel to start must lie ready on the target */
};

struct scenario {
	const char *name, *help; /* as a command; help: one line */
	const char *doc;         /* the command's --help, above its options */
	const char *target;      /* without --target */
	unsigned int cycles;     /* without -n */
	uint64_t settle_ns;      /* without --settle */
	unsigned int takes;      /* SCENARIO_* */
	unsigned int needs; /* of the target: TARGET_*, besides console and control */
	/* What --method takes, the default first, and what that is; NULL: an option of its own. */
	const struct method *methods;
	const char *methods_help;

	/* Its own options; their input is struct plan *. */
	const struct argp *options;
	/* What their words mean, below the options of --help; caller frees. */
	char *(*help_tables)(const struct scenario *scenario);

	/* Bytes of plan->own, and what is in it before any option; NULL: all 0. */
	size_t plan_size;
	void (*plan_init)(struct plan *plan);
	/* Once all options are known. Speaks: -EINVAL. May be NULL. */
	int (*plan_check)(struct plan *plan);
	/*
	 * Keys of its own in the journal's plan; and --dry-run: its first line, NULL: the
	 * method, and others.
	 */
	void (*plan_json)(const struct plan *plan, json_t *root);
	void (*print_head)(FILE *out, const struct plan *plan);
	void (*print_rest)(FILE *out, const struct plan *plan);

	/* What is walked in each cycle. */
	const struct step *steps;
	size_t n_steps;

	/* Bytes of run->own, which begins as all 0; done frees what is in it, and may be NULL. */
	size_t own_size;
	void (*done)(void *own);
	/*
	 * One cycle, or a batch of them: RUN_GOES_ON, or why the run ends. NULL: the steps are
	 * walked, and prove tells what was seen for a pass, and how long it took.
	 */
	enum run_end (*cycle)(struct run *run);
	void (*prove)(struct run *run);
	/*
	 * After the last cycle: the target gets back what was taken from it. A target that has
	 * refused can be waited for here. May be NULL.
	 */
	void (*put_back)(struct run *run);

	/* From within the loop: they record, and never wait or act. All may be NULL. */
	bool (*on_marker)(struct run *run, const struct console_line *line); /* taken */
	void (*on_line)(struct run *run, const struct console_line *line);
	/* TARGET_UEVENTS: what the kernel reports of this PCI device. */
	void (*on_uevent)(struct run *run, const char *action, const char *bdf);
	/* Of a cycle that is not run->cycle. NULL: there is none. */
	struct cycle_facts *(*facts_of)(struct run *run, unsigned int cycle);
	/* Each record of a run that goes on, in their order. */
	void (*recall)(struct run *run, const struct record *record);
	/* How it is done, above an extracted report; NULL: "method NAME". */
	void (*words)(const struct run *run, char *buffer, size_t size);
};
