/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in the window to try next. A race that needs two events within microseconds of
 * each other hides in a narrow band of offsets; trying all offsets alike finds it once in
 * a hundred attempts, trying again near what was found, every other time. Pure: the same
 * options and the same evidence give the same offsets.
 */
#pragma once

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

/* Slices of the window in which evidence is counted. */
#define SWEEP_SLICES 64

/* What an attempt gave. */
enum sweep_evidence {
	SWEEP_NOTHING,
	SWEEP_NEAR, /* something else than usual: an error, a blocked write, another order */
	SWEEP_HIT, /* a finding */
};

/* Offsets in ns, from <= to. */
struct sweep_window {
	int64_t from_ns, to_ns;
};

struct sweep_options {
	struct sweep_window window;
	uint64_t step_ns;   /* from, from + step ...; 0: evenly, in no order */
	bool adaptive;      /* evidence attracts attempts */
	uint64_t jitter_ns; /* each offset is later by 0 .. this */
	uint64_t seed;
};

struct sweep {
	struct sweep_options options;
	uint64_t random;
	uint64_t tried; /* offsets handed out */
	struct sweep_slice {
		double attempts, hits, near;
	} slices[SWEEP_SLICES];
	double attempts, hits, near; /* of all slices */
};

void sweep_init(struct sweep *sweep, const struct sweep_options *options);
int64_t sweep_next(struct sweep *sweep);
/* got_ns: the achieved offset, which may lie outside of the window. */
void sweep_learn(struct sweep *sweep, int64_t got_ns, enum sweep_evidence evidence);
