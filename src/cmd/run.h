/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands that run a plan have in common. */
#pragma once

#include "opts.h"
#include "run/run.h"

/*
 * argv of a command that runs a plan. With --resume, that of the run that is gone on with
 * takes its place, and the working directory becomes that run's.
 */
struct cmd_line {
	int argc;
	char **argv;
	char *scenario;
	char **words;             /* behind argv[0], in their order; NULL at the end */
	char *directory, *resume; /* absolute; resume NULL: a new run */
	char *plan;               /* of the run that is gone on with, as it began */
};

/* How a command makes of its words what it runs; input is its own. */
struct cmd_maker {
	const char *scenario;
	/* From the beginning, whatever is in input. */
	void (*parse)(void *input, const struct cmd_line *line);
	/* cmd_run() and what it takes; frees what is in input. */
	int (*run)(void *input, const struct cmd_line *line, bool dry_run);
};

/*
 * Parses and runs, with --resume what the run that is gone on with was begun with. options
 * is the part of input that parse fills in. Speaks; returns the exit status.
 */
int cmd_line_run(const struct cmd_maker *maker, int argc, char **argv, void *input,
		 const struct opts_run *options);

/*
 * Prints the plan (dry_run), or prepares the target and runs it until it ends or is
 * interrupted. Speaks; returns the exit status. Frees opts->files.
 */
int cmd_run(struct plan *plan, const struct cmd_line *line, struct opts_rules *opts,
	    bool dry_run);
/* argp_error for what is no target, and for one that lacks a part that the plan needs. */
void cmd_check_target(struct argp_state *state, const struct plan *plan);
