/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Groups of options that several commands share, as argp children. The comment names what
 * the child's input must point to.
 */
#pragma once

#include <argp.h>
#include <stdbool.h>

extern const struct argp opts_load_argp;   /* struct plan */
extern const struct argp opts_run_argp;    /* struct opts_run */
extern const struct argp opts_output_argp; /* NULL: sets the log level */

struct plan;

struct opts_run {
	struct plan *plan;
	bool dry_run;
	bool cycles_given; /* -n was there: other ends of a run do not replace it */
};
