// SPDX-License-Identifier: GPL-2.0-or-later
/* The known issues: all in a list, or one in full. */
#include "base/log.h"
#include "cmd.h"
#include "opts.h"

#include <stdio.h>
#include <stdlib.h>

struct arguments {
	const char *id, *kernel;
	struct opts_rules rules;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->rules;
		return 0;
	case 'k':
		arguments->kernel = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->id)
			argp_error(state, "one ID at a time");
		arguments->id = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_table[] = {
	{ "kernel", 'k', "RELEASE", 0, "say whether this kernel should have the fix", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &opts_rules_argp, 0, NULL, 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.children = children,
	.args_doc = "[ID]",
	.doc = "Lists the known issues, or explains one.",
};

static void explain(const struct rules *rules, const struct known_issue *known,
		    const char *kernel)
{
	_cleanup_free_ char *fix = kernel ? rules_explain_fix(rules, known->id, kernel) :
					    NULL;

	text_print(stdout, "%s: %s\n", known->id, known->title);
	if (known->introduced[0])
		text_print(stdout, "introduced: %s\n", known->introduced);
	if (known->fixed_by[0])
		text_print(stdout, "fixed by:   %s\n", known->fixed_by);
	if (fix)
		text_print(stdout, "kernel:     %s\n", fix);
	else if (kernel)
		text_print(stdout, "kernel:     it is not known that %s has the fix\n",
			   kernel);
	if (known->advice[0])
		text_print(stdout, "\n%s\n", known->advice);
}

static void list(const struct rules *rules, const char *kernel)
{
	for (size_t i = 0; i < rules_known_count(rules); i++) {
		const struct known_issue *known = rules_known(rules, i);
		const char *release = kernel ? rules_fixed_in(rules, known->id, kernel) :
					       NULL;

		text_print(stdout, "%-28s %s%s%s%s\n", known->id, known->title,
			   release ? " (fixed in " : "", release ? release : "",
			   release ? ")" : "");
	}
}

static int run(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	const struct known_issue *known;
	struct rules *rules = NULL;
	int status = EXIT_PASS, r;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	r = opts_rules_load(&arguments.rules, &rules);
	free(arguments.rules.files);
	if (r < 0)
		return EXIT_USAGE;
	if (!arguments.id) {
		list(rules, arguments.kernel);
	} else if ((known = rules_find_known(rules, arguments.id))) {
		explain(rules, known, arguments.kernel);
	} else {
		log_error("there is no known issue '%s'; without ID all are listed",
			  arguments.id);
		status = EXIT_USAGE;
	}
	rules_free(rules);
	return status;
}

const struct command cmd_known = {
	.name = "known",
	.help = "list and explain the known issues",
	.run = run,
};
