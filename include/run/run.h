/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run: one target, one journal, many cycles. */
#pragma once

#include "classify/rules.h"
#include "load/flood.h"
#include "run/plan.h"
#include "target/target.h"

#include <stdio.h>

/* The load as the run sees it: samples come in, and it may end. */
struct load_events {
	void (*on_sample)(void *arg, const struct flood_sample *sample);
	/* By itself; not after load_stop. */
	void (*on_end)(void *arg, const char *reason);
	void *arg;
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
	/* The target needs its shell no longer: as much as it can bear, until released. */
	void (*load_press)(struct load *load, bool press);
	void (*load_stop)(struct load *load); /* NULL is accepted */
};

extern const struct rig_ops rig_virtual;

/* Steps and limits as --dry-run prints them. */
void run_print_plan(FILE *out, const struct plan *plan);

/*
 * The whole run: opens, cycles, closes, and prints to out a line a cycle and the summary.
 * Speaks. Returns the exit status (cmd.h). loop_interrupt(loop) ends it cleanly.
 */
int run_reboot(struct loop *loop, const struct plan *plan, const struct rig_ops *rig,
	       const struct rules *rules, FILE *out);
