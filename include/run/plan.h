/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run shall do. Immutable once checked; the first line of the journal. */
#pragma once

#include "board/board.h"
#include "classify/phase.h"
#include "flood/flood.h"
#include "run/unplug.h"

/* How the target is made to go down; a const table in src/run/plan.c. */
struct reboot_method {
	const char *name; /* as --method takes it */
	const char *help;
	const char *command; /* for the target's shell */
	bool powers_off;     /* needs the power switch to come back */
	bool needs_kexec;    /* a kernel to start must lie ready on the target */
};

struct plan {
	const char *scenario; /* "reboot", "unplug" */
	const char *target;   /* "virt:arm64" */
	struct board_options board;

	bool flood;
	struct flood_spec load;

	const struct reboot_method *method; /* reboot */
	struct unplug_plan unplug;
	unsigned int cycles;     /* 0: no count */
	uint64_t for_ns;         /* 0: no time limit */
	unsigned int until_hits; /* end after this many cycles with a finding; 0: go on */
	uint64_t settle_ns;      /* shell up .. load on */
	uint64_t jitter_ns;      /* settle is longer by 0 .. this, by seed */
	uint64_t seed;
	unsigned int baud; /* of the console from the trigger to the next banner; 0 = off */
	uint64_t limit_ns[PHASE_COUNT];

	const char *run_dir; /* NULL: made of time and target */
	bool resume;         /* go on with the run that is there */
	/* The command line behind the scenario's name, and where it was given. May be none. */
	const char *const *words;
	size_t n_words;
	const char *directory;
};

/* NULL behind the last. */
const struct reboot_method *reboot_method_at(unsigned int index);
const struct reboot_method *reboot_method_find(const char *name);

/* Plans as they are without any option. */
void plan_init_reboot(struct plan *plan);
void plan_init_unplug(struct plan *plan);
bool plan_is_unplug(const struct plan *plan);
/* "PHASE=TIME". -EINVAL: *ret_error (caller frees) says what is wrong. */
int plan_set_limit(struct plan *plan, const char *words, char **ret_error) _must_check_;
/* One JSON object; caller frees. */
char *plan_to_json(const struct plan *plan);
/*
 * The command line that stands in such an object. *ret_words ends with NULL; caller frees it
 * as one, and *ret_directory. -ENOENT: there is none.
 */
int plan_words_from_json(const char *plan, char ***ret_words,
			 char **ret_directory) _must_check_;
/*
 * Do two such objects ask for the same? Else the first key that differs (caller frees); NULL:
 * they do.
 */
char *plan_difference(const char *one, const char *other);
