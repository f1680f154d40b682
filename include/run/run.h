/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run: one target, one journal, many cycles. */
#pragma once

#include "board/target.h"
#include "classify/rules.h"
#include "flood/flood.h"
#include "flood/timeline.h"
#include "run/plan.h"

#include <stdio.h>

/* The load as the run sees it: samples come in, and it may end. */
struct load_events {
	void (*on_sample)(void *arg, const struct flood_sample *sample);
	/* By itself; not after load_stop. */
	void (*on_end)(void *arg, const char *reason);
	/* Line by line after LOAD_TIMELINE; with at_ns 0 it is over. */
	void (*on_timeline)(void *arg, const struct timeline_part *part);
	void *arg;
};

/* What a load can be told. */
enum load_word {
	LOAD_SURGE,    /* all that goes, until the target is silent */
	LOAD_MARK,     /* this is the trigger */
	LOAD_PRESS,    /* the target needs its shell no longer: as much as it can bear */
	LOAD_RELEASE,  /* back to what it keeps up with */
	LOAD_UP,       /* the target is up: if it is silent, it is drowned */
	LOAD_TIMELINE, /* tell what was sent and answered around the trigger */
};

struct load; /* each rig's own */

/*
 * What a run is bound to. The program has one (a virtual board and a flood process), the
 * scenario tests another (a scripted console in virtual time). Both functions speak.
 */
struct rig_ops {
	/* log_path: where the target's own words go (QEMU's standard error). */
	int (*target_open)(struct loop *loop, const struct plan *plan,
			   const char *log_path, const struct target_events *events,
			   struct target **ret);
	int (*load_start)(struct loop *loop, const struct plan *plan,
			  struct target *target, const struct load_events *events,
			  struct load **ret);
	void (*load_tell)(struct load *load, enum load_word word);
	void (*load_stop)(struct load *load); /* NULL is accepted */
	/* As target_worker() of board/target.h: a run that goes on undoes what was left. */
	int (*worker)(struct loop *loop, const char *target, const char *words,
		      char **ret_output);
};

extern const struct rig_ops rig_real;

/* Steps and limits as --dry-run prints them. */
void run_print_plan(FILE *out, const struct plan *plan);

/*
 * The whole run: opens, cycles, closes, and prints to out a line a cycle and the summary.
 * Speaks. Returns the exit status (cmd.h). loop_interrupt(loop) ends it cleanly.
 */
int run_execute(struct loop *loop, const struct plan *plan, const struct rig_ops *rig,
		const struct rules *rules, FILE *out);
