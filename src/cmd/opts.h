/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of options that several commands share, as argp children. The comment names what
 * the child's input must point to.
 */
#pragma once

#include "classify/rules.h"

#include <argp.h>
#include <stdbool.h>

extern const struct argp opts_load_argp;   /* struct plan */
extern const struct argp opts_run_argp;    /* struct opts_run */
extern const struct argp opts_output_argp; /* NULL: sets the log level */
extern const struct argp opts_rules_argp;  /* struct opts_rules */
extern const struct argp opts_guard_argp; /* unsigned int: 1 << enum guard_rule, allowed */
/* For struct argp_child.header. */
#define OPTS_GUARD_HEADER "What guards refuse otherwise:"

struct plan;

struct opts_run {
	struct plan *plan;
	bool dry_run;
	bool cycles_given;  /* -n was there: other ends of a run do not replace it */
	const char *resume; /* run to go on with; NULL: begin one */
};

/* Rule files besides the built-in ones and the user's own. {0} is valid. */
struct opts_rules {
	char **files; /* --rules; the array is the caller's to free */
	size_t n_files;
};

/* All rules: built in, the user's own, --rules. 0, or -errno after it was said. */
int opts_rules_load(const struct opts_rules *o, struct rules **ret);
