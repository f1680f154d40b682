/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reboot and rebind share: how it is done, and the time between the shell and the load,
 * by chance a bit longer: two steps.
 */
#pragma once

#include "run/engine.h"
#include "run/plan.h"

/*
 * --method, --settle and --jitter, as children of a scenario's options; their input is the
 * plan.
 */
extern const struct argp_child common_options[];
/* scenario.help_tables: its methods. */
char *common_help_tables(const struct scenario *scenario);
/* scenario.settle_ns */
#define SETTLE_DEFAULT_NS (200 * NS_PER_MSEC)
/* A line of --dry-run. */
void settle_print(FILE *out, const struct plan *plan);

void settle_begin(struct run *run);
bool settle_nearly(const struct run *run);
/* The load has not stopped since the last cycle, so the target has counts. */
void settle_end(struct run *run);
bool settle_over(const struct run *run);
/* scenario.recall: each cycle that has come so far has drawn its time. */
void settle_recall(struct run *run, const struct record *record);
