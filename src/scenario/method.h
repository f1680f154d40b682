/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --method takes: a table of its own in each scenario. */
#pragma once

#include "run/plan.h"

/* A row; one without a name ends the table. */
struct method {
	const char *name, *help;
	const char *how;  /* the scenario's own */
	bool powers_off;  /* needs the power switch to come back */
	bool needs_kexec; /* a kernel to start must lie ready on the target */
};

/* The row of this name, or argp_error. */
const struct method *method_parse(const struct method *methods, const char *name,
				  struct argp_state *state);
/* scenario.help_filter: the table between the description and the exit status. */
char *method_help(const struct method *methods, int key, const char *text);
