/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run shall do. Immutable once checked; the first line of the journal. */
#pragma once

#include "board/board.h"
#include "classify/phase.h"
#include "flood/flood.h"
#include "run/scenario.h"

struct plan {
	const struct scenario *scenario;
	void *own;                   /* its options */
	const struct method *method; /* of scenario->methods */
	const char *target;          /* "virt:arm64" */
	struct board_options board;

	bool flood;
	struct flood_spec load;

	const char *const *devices; /* as the user named them */
	size_t n_devices;           /* 0: the virtual board's test device */
	unsigned int allowed; /* guards that are overridden: bits of device/guard.h */

	unsigned int cycles;     /* 0: no count */
	uint64_t for_ns;         /* 0: no time limit */
	unsigned int until_hits; /* end after this many cycles with a finding; 0: go on */
	uint64_t settle_ns;      /* shell up .. load on */
	uint64_t jitter_ns; /* what waits by chance waits 0 .. this longer, by seed */
	uint64_t seed;
	uint64_t limit_ns[PHASE_COUNT];

	const char *run_dir; /* NULL: made of time and target */
	bool resume;         /* go on with the run that is there */
	/* The command line behind the scenario's name, and where it was given. May be none. */
	const char *const *words;
	size_t n_words;
	const char *directory;
};

/* The plan of a scenario as it is without any option; freed with plan_done. */
void plan_init(struct plan *plan, const struct scenario *scenario);
void plan_done(struct plan *plan);
/* The argument of an option, or argp_error naming it. */
uint64_t plan_duration(struct argp_state *state, const char *option, const char *arg);
/* "PHASE=TIME". -EINVAL: *ret_error (caller frees) says what is wrong. */
int plan_set_limit(struct plan *plan, const char *words, char **ret_error) _must_check_;
/* One JSON object; caller frees. */
char *plan_to_json(const struct plan *plan);
/* A text of the user's, clean; null for NULL. For scenario.plan_json. */
json_t *plan_text(const char *s);
/*
 * The command line that stands in such an object. *ret_words ends with NULL; caller frees it
 * as one, and *ret_directory. -ENOENT: there is none.
 */
int plan_words_from_json(const char *plan, char ***ret_words,
			 char **ret_directory) _must_check_;
/*
 * Do two such objects ask for the same? Else the first key that differs (caller frees); NULL:
 * they do. A key that is missing is as good as one with null or 0.
 */
char *plan_difference(const char *one, const char *other);
