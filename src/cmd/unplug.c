// SPDX-License-Identifier: GPL-2.0-or-later
/* `iommu-stress unplug`: argv to plan to run. */
#include "base/log.h"
#include "base/num.h"
#include "board.h"
#include "cmd.h"
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_VFIO = 0x600,
	KEY_METHOD,
	KEY_RELEASE,
	KEY_SWEEP,
	KEY_AT,
	KEY_JITTER,
	KEY_CHURN,
	KEY_RESTORE,
	KEY_BLOCKED,
	KEY_BATCH,
	KEY_QEMU,
};

static const struct argp_option options[] = {
	{ "target", 't', "TARGET", 0,
	  "virt:NAME, a virtual board of `iommu-stress board list` (default virt:amd64), "
	  "local, or ssh:HOST",
	  0 },
	{ "vfio", KEY_VFIO, "HOLDER", OPTION_ARG_OPTIONAL,
	  "who holds the device meanwhile (default group), see below", 0 },
	{ "release", KEY_RELEASE, "HOW", 0,
	  "how the holder lets go (default request, or close where nobody is asked), see "
	  "below",
	  0 },
	{ "method", KEY_METHOD, "METHOD", 0,
	  "how the device is unplugged (default remove, on s390 power), see below", 0 },
	{ "sweep", KEY_SWEEP, "FROM..TO[,STEP|auto]", 0,
	  "offsets of the release from the unplug, or from the request to the user; auto "
	  "(the default) measures the window and looks where something was found",
	  0 },
	{ "at", KEY_AT, "OFFSET", 0, "all attempts at this offset, such as 12us", 0 },
	{ "jitter", KEY_JITTER, "TIME", 0,
	  "offsets are later by a random time up to this", 0 },
	{ "churn", KEY_CHURN, NULL, 0,
	  "map, unmap and read the configuration space while the device is held", 0 },
	{ "restore", KEY_RESTORE, NULL, 0,
	  "the device gets its own driver in between, not only at the end", 0 },
	{ "blocked", KEY_BLOCKED, "TIME", 0,
	  "an unplug that takes longer waits for the user (default 2s)", 0 },
	{ "batch", KEY_BATCH, "N", 0, "attempts that are asked for at once (default 8)",
	  0 },
	{ "qemu", KEY_QEMU, "PROGRAM", 0,
	  "of the holder qemu, on the target; a virtual board runs that of this machine",
	  0 },
	{ 0 },
};

struct input {
	struct plan plan;
	struct opts_run run;
	struct opts_rules rules;
	const char **devices;
	const char *release; /* NULL: not given */
};

static const struct argp_child children[] = {
	{ &opts_run_argp, 0, "Run:", 2 },
	{ &opts_guard_argp, 0, OPTS_GUARD_HEADER, 3 },
	{ &board_argp, 0, BOARD_ARGP_HEADER, 4 },
	{ &opts_rules_argp, 0, "Findings:", 5 },
	{ &opts_output_argp, 0, "Output:", 6 },
	{ 0 },
};

/* NULL is no word of a table. */
static const void *known(struct argp_state *state, const char *option, const char *word,
			 const void *found)
{
	if (!found)
		argp_error(state, "--%s: there is no '%s'; see --help", option, word);
	return found;
}

static void set_sweep(struct argp_state *state, struct unplug_plan *u, const char *arg)
{
	char *error = NULL;

	if (unplug_parse_sweep(arg, u, &error) < 0)
		argp_error(state, "--sweep: %s", error);
	free(error);
}

/* The worker counts in milliseconds. */
static void set_blocked(struct argp_state *state, struct unplug_plan *u, const char *arg)
{
	u->blocked_ns = opts_duration(state, "blocked", arg);
	if (u->blocked_ns < NS_PER_MSEC || u->blocked_ns > 3600 * NS_PER_SEC)
		argp_error(state, "--blocked: '%s' is not within 1ms and 1h", arg);
}

static void set_offset(struct argp_state *state, struct unplug_plan *u, const char *arg)
{
	if (unplug_parse_offset(arg, &u->window.from_ns) < 0)
		argp_error(state, "--at: '%s' is not an offset, such as 12us or -1.5ms",
			   arg);
	u->window.to_ns = u->window.from_ns;
	u->step_ns = 0;
	u->sweep = UNPLUG_EVENLY;
}

static void add_device(struct input *input, const char *arg)
{
	struct unplug_plan *u = &input->plan.unplug;

	input->devices =
		xrealloc(input->devices, u->n_devices + 1, sizeof(*input->devices));
	input->devices[u->n_devices++] = arg;
	u->devices = input->devices;
}

static error_t parse_unplug(int key, char *arg, struct argp_state *state,
			    struct unplug_plan *u)
{
	uint32_t n;

	switch (key) {
	case KEY_VFIO:
		if (arg)
			u->holder = known(state, "vfio", arg, means_holder_find(arg));
		return 0;
	case KEY_METHOD:
		u->method = known(state, "method", arg, means_method_find(arg));
		return 0;
	case KEY_SWEEP:
		set_sweep(state, u, arg);
		return 0;
	case KEY_AT:
		set_offset(state, u, arg);
		return 0;
	case KEY_CHURN:
		u->churn = true;
		return 0;
	case KEY_RESTORE:
		u->restore = true;
		return 0;
	case KEY_BLOCKED:
		set_blocked(state, u, arg);
		return 0;
	case KEY_BATCH:
		if (num_parse_u32(arg, &n) < 0 || !n)
			argp_error(state, "--batch: '%s' is not a number above 0", arg);
		u->batch = n;
		return 0;
	case KEY_QEMU:
		u->qemu = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The holder may be named behind it. */
static void settle_release(struct argp_state *state, struct input *input)
{
	struct unplug_plan *u = &input->plan.unplug;
	const char *lacks;

	u->release = input->release ? input->release : unplug_release_default(u);
	lacks = unplug_release_lacks(u);
	if (lacks)
		argp_error(state, "--vfio=%s --release=%s: %s", u->holder->name,
			   u->release, lacks);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct input *input = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &input->run;
		state->child_inputs[1] = &input->plan.unplug.allowed;
		state->child_inputs[2] = &input->plan.board;
		state->child_inputs[3] = &input->rules;
		return 0;
	case 't':
		input->plan.target = arg;
		return 0;
	case KEY_RELEASE:
		input->release = known(state, "release", arg, unplug_release_find(arg));
		return 0;
	case ARGP_KEY_END:
		settle_release(state, input);
		cmd_check_target(state, &input->plan);
		return 0;
	case KEY_JITTER:
		input->plan.jitter_ns = opts_duration(state, "jitter", arg);
		return 0;
	case ARGP_KEY_ARG:
		add_device(input, arg);
		return 0;
	default:
		return parse_unplug(key, arg, state, &input->plan.unplug);
	}
}

static void add_row(struct strbuf *out, const char *name, const char *help)
{
	strbuf_addf(out, "  %-17s %s\n", name, help);
}

/* The words of the tables, between the description and the exit status. */
static char *help_filter(int key, const char *text, void *input)
{
	const struct unplug_release *release;
	const struct means *means;
	struct strbuf out = { 0 };

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	strbuf_addf(&out, "Holders:\n");
	for (unsigned int i = 0; (means = means_holder_at(i)); i++)
		add_row(&out, means->name, means->help);
	strbuf_addf(&out, "\nReleases:\n");
	for (unsigned int i = 0; (release = unplug_release_at(i)); i++)
		add_row(&out, release->name, release->help);
	strbuf_addf(&out, "\nMethods:\n");
	for (unsigned int i = 0; (means = means_method_at(i)); i++)
		add_row(&out, means->name, means->help);
	strbuf_addf(&out, "\n%s", text);
	return out.s;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[DEVICE...]",
	.doc = "Unplugs a PCI device while VFIO holds it, again and again, with the holder "
	       "letting go at offsets that are swept over the unplug, and says what "
	       "happened. DEVICE is a PCI address, vendor:device, a network interface or "
	       "group:N; without it, the test device of a virtual board.\vExit status: 0 "
	       "nothing found, 1 at least one finding, 2 bad usage or configuration, 3 could "
	       "not measure, 130 interrupted.",
	.children = children,
	.help_filter = help_filter,
};

static int lend_qemu(struct plan *plan)
{
	if (!unplug_needs_qemu(&plan->unplug) ||
	    target_lend_programs(plan->target, &plan->board) == 0)
		return 0;
	log_error(
		"--vfio=%s: %s cannot run the QEMU of this machine: only a board of its "
		"architecture can",
		plan->unplug.holder->name, plan->target);
	return -EINVAL;
}

static void parse_line(void *arg, const struct cmd_line *line)
{
	struct input *input = arg;

	*input = (struct input){ .run.plan = &input->plan };
	plan_init_unplug(&input->plan);
	argp_parse(&argp, line->argc, line->argv, 0, NULL, input);
}

static int run(void *arg, const struct cmd_line *line, bool dry_run)
{
	struct input *input = arg;
	int status = EXIT_USAGE;

	input->plan.board.worker = true;
	if (lend_qemu(&input->plan) == 0)
		status = cmd_run(&input->plan, line, &input->rules, dry_run);
	free(input->devices);
	return status;
}

static int cmd_unplug_run(int argc, char **argv)
{
	static const struct cmd_maker maker = { "unplug", parse_line, run };
	struct input input = { 0 };

	return cmd_line_run(&maker, argc, argv, &input, &input.run);
}

const struct command cmd_unplug = {
	.name = "unplug",
	.help = "unplug a device while VFIO holds it, in a loop",
	.run = cmd_unplug_run,
};
