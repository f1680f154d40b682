/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of a run, which its journal keeps. */
#pragma once

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

void cmd_line_init(struct cmd_line *line, const char *scenario, int argc, char **argv);
void cmd_line_done(struct cmd_line *line);
/* --resume=dir: the line becomes what that run was begun with. Speaks. */
int cmd_line_resume(struct cmd_line *line, const char *dir);
