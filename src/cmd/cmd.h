/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subcommands: one file each in src/cmd, one row each in the table of src/main.c. */
#pragma once

#include "base/exit_status.h"

struct command {
	const char *name;
	const char *help; /* one line */
	/* argv[0] is "iommu-stress NAME"; returns the exit status. */
	int (*run)(int argc, char **argv);
	int hidden; /* plumbing: started by other commands, usable by hand */
};

struct scenario;

/* The command of a scenario: argv[0] is "iommu-stress NAME"; returns the exit status. */
int cmd_scenario_run(const struct scenario *scenario, int argc, char **argv);

extern const struct command cmd_restore;
extern const struct command cmd_board;
extern const struct command cmd_list;
extern const struct command cmd_classify;
extern const struct command cmd_known;
extern const struct command cmd_report;
extern const struct command cmd_flood;
