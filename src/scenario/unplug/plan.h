/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked of an unplug run: which device, who holds it, how it is unplugged, how the
 * holder lets go, and at which offsets. The words are those of iommu-stress-worker(8).
 */
#pragma once

#include "device/means.h"
#include "judge/sweep.h"
#include "run/plan.h"

#include <stddef.h>

/* How the holder lets go. */
struct unplug_release {
	const char *name, *help;
};

/* NULL behind the last. */
const struct unplug_release *unplug_release_at(unsigned int index);
/* NULL: there is no such word. */
const char *unplug_release_find(const char *name);

/* Offsets that are asked for; only the last is a window by itself. */
enum unplug_sweep {
	UNPLUG_AUTO,   /* the window is measured, evidence attracts attempts */
	UNPLUG_WITHIN, /* the window is given, evidence attracts attempts */
	UNPLUG_EVENLY, /* the window is given */
};

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

/* What suits the holder, when nothing else is asked for. */
const char *unplug_release_default(const struct unplug_plan *plan);
/* Why its holder cannot let go like that, NULL: it can. */
const char *unplug_release_lacks(const struct unplug_plan *plan);
/* Its holder is a QEMU on the target. */
bool unplug_needs_qemu(const struct unplug_plan *plan);
/* "FROM..TO", "FROM..TO,STEP", "FROM..TO,auto", "auto". -EINVAL: *ret_error, caller frees. */
int unplug_parse_sweep(const char *words, struct unplug_plan *ret,
		       char **ret_error) _must_check_;
/* One offset, "-1.5us": all attempts are made there. */
int unplug_parse_offset(const char *words, int64_t *ret_ns) _must_check_;

/* Of struct scenario; plan->own is a struct unplug_plan. */
void unplug_plan_init(struct plan *plan);
void unplug_plan_json(const struct plan *plan, json_t *root);
void unplug_print_head(FILE *out, const struct plan *plan);
void unplug_print_rest(FILE *out, const struct plan *plan);
