// SPDX-License-Identifier: GPL-2.0-or-later
/* The known issues: all in a list, or one in full. */
#include "base/log.h"
#include "classify/rules.h"
#include "cmd.h"

#include <argp.h>
#include <stdio.h>

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	const char **id = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*id)
			argp_error(state, "one ID at a time");
		*id = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "[ID]",
	.doc = "Lists the known issues, or explains one.",
};

static void explain(const struct known_issue *known)
{
	printf("%s: %s\n", known->id, known->title);
	if (known->introduced[0])
		printf("introduced: %s\n", known->introduced);
	if (known->fixed_by[0])
		printf("fixed by:   %s\n", known->fixed_by);
	if (known->advice[0])
		printf("\n%s\n", known->advice);
}

static int run(int argc, char **argv)
{
	const struct known_issue *known;
	const char *id = NULL;
	struct rules *rules;
	int status = EXIT_PASS;

	argp_parse(&argp, argc, argv, 0, NULL, &id);
	rules = rules_new();
	if (id) {
		known = rules_find_known(rules, id);
		if (known) {
			explain(known);
		} else {
			log_error("there is no known issue '%s'", id);
			status = EXIT_USAGE;
		}
	} else {
		for (size_t i = 0; i < rules_known_count(rules); i++) {
			known = rules_known(rules, i);
			printf("%-28s %s\n", known->id, known->title);
		}
	}
	rules_free(rules);
	return status;
}

const struct command cmd_known = {
	.name = "known",
	.help = "list and explain the known issues",
	.run = run,
};
