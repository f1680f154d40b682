// SPDX-License-Identifier: GPL-2.0-or-later
/* The command of any scenario: argv to plan to run. */
#include "base/log.h"
#include "board/target.h"
#include "cmd.h"
#include "line.h"
#include "opts.h"
#include "os/signals.h"
#include "run/plan.h"
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* -- argv to plan ------------------------------------------------------------------------- */

struct input {
	const struct scenario *scenario;
	struct plan plan;
	struct opts_run run;
	struct opts_rules rules;
	const char **devices;
	const struct argp_child *children; /* while the line is parsed */
};

static void input_done(struct input *input)
{
	plan_done(&input->plan);
	free(input->rules.files);
	free(input->devices);
}

/* Is it a target, with all parts that the plan needs? */
static void check_target(struct argp_state *state, const struct plan *plan)
{
	unsigned int needs = TARGET_CONSOLE | TARGET_CONTROL | plan->scenario->needs |
			     (plan->flood ? TARGET_WIRE : 0);
	_cleanup_free_ char *lacks = target_lacks(plan->target, needs);

	if (lacks)
		argp_error(state, "%s", lacks);
}

static void add_device(struct argp_state *state, struct input *input, const char *arg)
{
	struct plan *plan = &input->plan;

	if (!(plan->scenario->takes & SCENARIO_DEVICES))
		argp_error(state, "'%s' is one word too many", arg);
	input->devices =
		xrealloc(input->devices, plan->n_devices + 1, sizeof(*input->devices));
	input->devices[plan->n_devices++] = arg;
	plan->devices = input->devices;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct input *input = state->input;

	switch (key) {
	case ARGP_KEY_INIT: {
		/* In the order of the children below. */
		void *const inputs[] = { &input->plan,
					 &input->run,
					 &input->plan.board,
					 &input->rules,
					 NULL,
					 input->scenario->takes & SCENARIO_LOAD ?
						 (void *)&input->plan :
						 &input->plan.allowed,
					 &input->plan.allowed };

		for (size_t i = 0; input->children[i].argp; i++)
			state->child_inputs[i] = inputs[i];
		return 0;
	}
	case 't':
		input->plan.target = arg;
		return 0;
	case ARGP_KEY_ARG:
		add_device(state, input, arg);
		return 0;
	case ARGP_KEY_END:
		check_target(state, &input->plan);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* From the beginning, whatever is in input. */
static void parse_line(struct input *input, const struct cmd_line *line)
{
	const struct scenario *scenario = input->scenario;
	_cleanup_free_ char *target = xasprintf(
		"virt:NAME, a virtual board of `iommu-stress board list` (default %s)%s",
		scenario->target,
		scenario->needs & TARGET_POWER ? "" : ", local, or ssh:HOST");
	_cleanup_free_ char *doc = xasprintf(
		"%s\vExit status: 0 nothing found, 1 at least one finding, 2 bad "
		"usage or configuration, 3 could not measure, 130 interrupted.",
		scenario->doc);
	const struct argp_option options[] = {
		{ "target", 't', "TARGET", 0, target, 0 },
		{ 0 },
	};
	struct argp_child children[8] = {
		{ scenario->options, 0, NULL, 0 },
		{ &opts_run_argp, 0, "Run:", 3 },
		{ &opts_board_argp, 0, OPTS_BOARD_HEADER, 5 },
		{ &opts_rules_argp, 0, "Findings:", 6 },
		{ &opts_output_argp, 0, "Output:", 7 },
	};
	const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = scenario->takes & SCENARIO_DEVICES ? "[DEVICE...]" : NULL,
		.doc = doc,
		.children = children,
		.help_filter = scenario->help_filter,
	};
	size_t n = 5;

	if (scenario->takes & SCENARIO_LOAD)
		children[n++] = (struct argp_child){ &opts_load_argp, 0, "Load:", 2 };
	if (scenario->takes & SCENARIO_GUARDS)
		children[n++] =
			(struct argp_child){ &opts_guard_argp, 0, OPTS_GUARD_HEADER, 4 };
	input_done(input);
	*input = (struct input){ .scenario = scenario, .run.plan = &input->plan };
	input->children = children;
	plan_init(&input->plan, scenario);
	argp_parse(&argp, line->argc, line->argv, 0, NULL, input);
}

/* -- plan to run -------------------------------------------------------------------------- */

struct stopper {
	struct loop *loop;
	int fd;
};

static void on_signal(void *arg, uint32_t events)
{
	struct stopper *stopper = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(stopper->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	log_notice("%s: ending, the summary follows", strsignal((int)info.ssi_signo));
	loop_interrupt(stopper->loop);
}

/* ^C, kill and a closed terminal end the run with its summary. */
static int watch_signals(struct stopper *stopper, struct loop_io **ret)
{
	signal(SIGPIPE, SIG_IGN);
	stopper->fd = signals_open();
	if (stopper->fd < 0)
		return stopper->fd;
	return loop_io_add(stopper->loop, stopper->fd, EPOLLIN, on_signal, stopper, ret);
}

/* The plan stands in the journal, where a path from here means nothing. */
static void make_absolute(const char **path)
{
	char *absolute = *path ? realpath(*path, NULL) : NULL;

	/* One that does not exist is told as it was written. */
	if (absolute)
		*path = absolute;
}

static int run_plan(const struct plan *plan, const struct rules *rules)
{
	struct stopper stopper = { .fd = -1 };
	struct loop_io *signals = NULL;
	int status = EXIT_INVALID, r;

	r = loop_new(&stopper.loop);
	if (r == 0)
		r = watch_signals(&stopper, &signals);
	if (r < 0) {
		log_errno(r, "cannot wait for events");
	} else {
		status = run_execute(stopper.loop, plan, &rig_real, rules, stdout);
	}
	loop_io_free(signals);
	loop_free(stopper.loop);
	if (stopper.fd >= 0)
		close(stopper.fd);
	return status;
}

/* What the words mean to us must be what they meant when the run began. */
static int check_resumed(const struct plan *plan, const struct cmd_line *line)
{
	_cleanup_free_ char *now = plan_to_json(plan);
	_cleanup_free_ char *different = line->plan ? plan_difference(line->plan, now) :
						      NULL;

	if (!different)
		return 0;
	log_error(
		"%s cannot be gone on with: its options mean another '%s' now than when "
		"it began; begin a new run",
		line->resume, different);
	return -EINVAL;
}

static int set_line(struct plan *plan, const struct cmd_line *line)
{
	make_absolute(&plan->board.kernel);
	make_absolute(&plan->board.initrd);
	make_absolute(&plan->board.modules);
	plan->words = (const char *const *)line->words;
	while (line->words[plan->n_words])
		plan->n_words++;
	plan->directory = line->directory;
	if (line->resume)
		plan->run_dir = line->resume;
	plan->resume = line->resume;
	return check_resumed(plan, line);
}

/* What is wrong with rules and words is told before anything is prepared. */
static int run_input(struct input *input, const struct cmd_line *line)
{
	struct plan *plan = &input->plan;
	struct rules *rules;
	int status = EXIT_USAGE;

	if (plan->scenario->plan_check && plan->scenario->plan_check(plan) < 0)
		return EXIT_USAGE;
	if (opts_rules_load(&input->rules, &rules) < 0)
		return EXIT_USAGE;
	if (set_line(plan, line) == 0) {
		if (input->run.dry_run) {
			run_print_plan(stdout, plan);
			status = EXIT_PASS;
		} else if (target_prepare(plan->target, &plan->board) == 0) {
			/* One that cannot be had leaves no empty run behind. */
			status = run_plan(plan, rules);
		}
	}
	rules_free(rules);
	return status;
}

/* The line of the run that goes on; how much is said is a matter of this call. */
static int parse_resumed(struct input *input, struct cmd_line *line)
{
	enum log_level level = log_get_level();
	bool dry_run = input->run.dry_run;
	int r = cmd_line_resume(line, input->run.resume);

	if (r < 0)
		return r;
	parse_line(input, line);
	log_set_level(level);
	input->run.dry_run = dry_run;
	return 0;
}

int cmd_scenario_run(const struct scenario *scenario, int argc, char **argv)
{
	struct input input = { .scenario = scenario };
	struct cmd_line line;
	int status = EXIT_USAGE;

	cmd_line_init(&line, scenario->name, argc, argv);
	parse_line(&input, &line);
	if (!input.run.resume || parse_resumed(&input, &line) == 0)
		status = run_input(&input, &line);
	input_done(&input);
	cmd_line_done(&line);
	return status;
}
