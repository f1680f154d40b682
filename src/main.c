// SPDX-License-Identifier: GPL-2.0-or-later
/* The command table, and the way from argv to a command. */
#include "base/mem.h"
#include "base/version.h"
#include "cmd/cmd.h"
#include "scenario/table.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Besides the scenarios, which come first; by what a user does first. */
/* clang-format off */
static const struct command *const commands[] = {
	&cmd_restore,
	&cmd_board,
	&cmd_list,
	&cmd_classify,
	&cmd_known,
	&cmd_report,
	&cmd_flood,
	NULL,
};
/* clang-format on */

static void print_version(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "iommu-stress %s\n", version_string);
}

struct chosen {
	const struct scenario *scenario; /* or else command */
	const struct command *command;
	int argc;
	char **argv;
};

static bool choose(struct chosen *chosen, const char *name)
{
	const struct scenario *scenario;

	for (unsigned int i = 0; (scenario = scenario_at(i)); i++)
		if (!strcmp(scenario->name, name))
			chosen->scenario = scenario;
	for (size_t i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			chosen->command = commands[i];
	return chosen->scenario || chosen->command;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct chosen *chosen = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (!choose(chosen, arg))
			argp_error(state, "unknown command '%s'", arg);
		chosen->argc = state->argc - state->next + 1;
		chosen->argv = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a command is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The list of commands behind the options, from the table. */
static char *help_filter(int key, const char *text, void *input)
{
	const struct scenario *scenario;
	char *list = NULL;
	size_t size;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&list, &size);
	if (!out)
		return (char *)text;
	fputs("Commands:\n", out);
	for (unsigned int i = 0; (scenario = scenario_at(i)); i++)
		fprintf(out, "  %-10s %s\n", scenario->name, scenario->help);
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			fprintf(out, "  %-10s %s\n", commands[i]->name,
				commands[i]->help);
	fputs("\n`iommu-stress COMMAND --help` explains a command, "
	      "iommu-stress(8) the whole.",
	      out);
	fclose(out);
	return list;
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "COMMAND [ARG...]",
	.doc = "Finds IOMMU reboot and hot-unplug bugs of Linux kernels, names them, and "
	       "proves a fix.\v ",
	.help_filter = help_filter,
};

int main(int argc, char **argv)
{
	struct chosen chosen = { 0 };
	char *name;

	argp_program_version_hook = print_version;
	argp_err_exit_status = EXIT_USAGE;
	argv[0] = (char *)"iommu-stress";
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &chosen);
	/* So that usage and errors of argp name the command. */
	name = xasprintf("iommu-stress %s",
			 chosen.scenario ? chosen.scenario->name : chosen.command->name);
	chosen.argv[0] = name;
	argc = chosen.scenario ?
		       cmd_scenario_run(chosen.scenario, chosen.argc, chosen.argv) :
		       chosen.command->run(chosen.argc, chosen.argv);
	free(name);
	return argc;
}
