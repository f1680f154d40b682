// SPDX-License-Identifier: GPL-2.0-or-later
/* `iommu-stress reboot`: argv to plan to run. */
#include "base/log.h"
#include "base/num.h"
#include "board.h"
#include "cmd.h"
#include "run.h"

#include <stdio.h>

/* For a target that is slow to print. */
#define SETTLE_MARGIN (10 * NS_PER_SEC)

enum {
	KEY_METHOD = 0x300,
	KEY_SETTLE,
	KEY_JITTER,
	KEY_BAUD,
};

static const struct argp_option options[] = {
	{ "target", 't', "TARGET", 0,
	  "virt:NAME, a virtual board of `iommu-stress board list` (default virt:arm64)",
	  0 },
	{ "method", KEY_METHOD, "METHOD", 0,
	  "how the target goes down (default reboot), see below", 0 },
	{ "settle", KEY_SETTLE, "TIME", 0, "wait between shell and load (default 200ms)",
	  0 },
	{ "jitter", KEY_JITTER, "TIME", 0, "settle longer by a random time below this",
	  0 },
	{ "baud", KEY_BAUD, "N", 0,
	  "speed of a virtual console from the trigger to the next kernel banner "
	  "(default 115200, 0: no brake)",
	  0 },
	{ 0 },
};

struct input {
	struct plan plan;
	struct opts_run run;
	struct opts_rules rules;
};

static const struct argp_child children[] = {
	{ &opts_load_argp, 0, "Load:", 2 },       { &opts_run_argp, 0, "Run:", 3 },
	{ &board_argp, 0, BOARD_ARGP_HEADER, 4 }, { &opts_rules_argp, 0, "Findings:", 5 },
	{ &opts_output_argp, 0, "Output:", 6 },   { 0 },
};

static void set_method(struct argp_state *state, struct plan *plan, const char *arg)
{
	plan->method = reboot_method_find(arg);
	if (!plan->method)
		argp_error(state, "--method: there is no '%s'; see --help", arg);
	plan->board.kexec = plan->method->needs_kexec;
}

/* This phase ends by our own clock: it is no hang however long it was asked to be. */
static void allow_settling(struct plan *plan)
{
	uint64_t least = plan->settle_ns + plan->jitter_ns + SETTLE_MARGIN;

	if (plan->limit_ns[PHASE_SETTLE] < least)
		plan->limit_ns[PHASE_SETTLE] = least;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct input *input = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &input->plan;
		state->child_inputs[1] = &input->run;
		state->child_inputs[2] = &input->plan.board;
		state->child_inputs[3] = &input->rules;
		return 0;
	case 't':
		input->plan.target = arg;
		return 0;
	case KEY_METHOD:
		set_method(state, &input->plan, arg);
		return 0;
	case KEY_SETTLE:
		input->plan.settle_ns = opts_duration(state, "settle", arg);
		return 0;
	case KEY_JITTER:
		input->plan.jitter_ns = opts_duration(state, "jitter", arg);
		return 0;
	case KEY_BAUD:
		if (num_parse_u32(arg, &input->plan.baud) < 0)
			argp_error(state, "--baud: '%s' is not a number", arg);
		return 0;
	case ARGP_KEY_END:
		allow_settling(&input->plan);
		cmd_check_target(state, &input->plan);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The methods, from their table, between the description and the exit status. */
static char *help_filter(int key, const char *text, void *input)
{
	const struct reboot_method *method;
	struct strbuf list = { 0 };

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	strbuf_addf(&list, "Methods:\n");
	for (unsigned int i = 0; (method = reboot_method_at(i)); i++)
		strbuf_addf(&list, "  %-9s %s\n", method->name, method->help);
	strbuf_addf(&list, "\n%s", text);
	return list.s;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Floods the target, reboots it in a loop, captures its console and says what "
	       "happened.\vExit status: 0 all cycles passed, 1 at least one finding, 2 bad "
	       "usage or configuration, 3 could not measure, 130 interrupted.",
	.children = children,
	.help_filter = help_filter,
};

static void parse_line(void *arg, const struct cmd_line *line)
{
	struct input *input = arg;

	*input = (struct input){ .run.plan = &input->plan };
	plan_init_reboot(&input->plan);
	argp_parse(&argp, line->argc, line->argv, 0, NULL, input);
}

static int run(void *arg, const struct cmd_line *line, bool dry_run)
{
	struct input *input = arg;

	return cmd_run(&input->plan, line, &input->rules, dry_run);
}

static int cmd_reboot_run(int argc, char **argv)
{
	static const struct cmd_maker maker = { "reboot", parse_line, run };
	struct input input = { 0 };

	return cmd_line_run(&maker, argc, argv, &input, &input.run);
}

const struct command cmd_reboot = {
	.name = "reboot",
	.help = "flood a target and reboot it in a loop",
	.run = cmd_reboot_run,
};
