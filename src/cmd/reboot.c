// SPDX-License-Identifier: GPL-2.0-or-later
/* `iommu-stress reboot`: argv to plan to run. */
#include "base/log.h"
#include "cmd-board.h"
#include "cmd.h"
#include "cmd/opts.h"
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	KEY_METHOD = 0x300,
};

static const struct argp_option options[] = {
	{ "target", 't', "TARGET", 0,
	  "virt:NAME, a virtual board of `iommu-stress board list` (default virt:arm64)",
	  0 },
	{ "method", KEY_METHOD, "METHOD", 0,
	  "how the target goes down (default reboot), see below", 0 },
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

static void set_target(struct argp_state *state, struct plan *plan, const char *arg)
{
	const char *name = arg + strlen("virt:");

	if (strncmp(arg, "virt:", strlen("virt:")) != 0 || !board_find(name))
		argp_error(state,
			   "unknown target '%s'; `iommu-stress board list` names the "
			   "virtual boards",
			   arg);
	plan->target = arg;
}

static void set_method(struct argp_state *state, struct plan *plan, const char *arg)
{
	plan->method = reboot_method_find(arg);
	if (!plan->method)
		argp_error(state, "--method: there is no '%s'; see --help", arg);
	plan->board.kexec = plan->method->needs_kexec;
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
		set_target(state, &input->plan, arg);
		return 0;
	case KEY_METHOD:
		set_method(state, &input->plan, arg);
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
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	stopper->fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (stopper->fd < 0)
		return -errno;
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

/*
 * What a first preparation fetches can take minutes, which ^C must end; and a board that
 * cannot be had must not leave an empty run behind. The run itself finds all of it in the
 * cache.
 */
static int prepare(const struct plan *plan)
{
	const struct board *board = board_of_target(plan->target);
	struct board_image image = { 0 };
	int r;

	if (!board_has_qemu(board)) {
		log_error("%s is missing: apt install %s", board->qemu, board->package);
		return -ENOENT;
	}
	r = board_prepare(board, &plan->board, &image);
	board_image_done(&image);
	return r;
}

static int run(const struct plan *plan, const struct rules *rules)
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
		status = run_reboot(stopper.loop, plan, &rig_virtual, rules, stdout);
	}
	loop_io_free(signals);
	loop_free(stopper.loop);
	if (stopper.fd >= 0)
		close(stopper.fd);
	return status;
}

static int cmd_reboot_run(int argc, char **argv)
{
	struct input input = { .run.plan = &input.plan };
	struct rules *rules;
	int status = EXIT_USAGE, r;

	plan_init_reboot(&input.plan);
	argp_parse(&argp, argc, argv, 0, NULL, &input);
	/* What is wrong with them is told before anything is prepared. */
	r = opts_rules_load(&input.rules, &rules);
	free(input.rules.files);
	if (r < 0)
		return EXIT_USAGE;
	if (input.run.dry_run) {
		run_print_plan(stdout, &input.plan);
		rules_free(rules);
		return EXIT_PASS;
	}
	make_absolute(&input.plan.board.kernel);
	make_absolute(&input.plan.board.initrd);
	make_absolute(&input.plan.board.modules);
	if (prepare(&input.plan) == 0)
		status = run(&input.plan, rules);
	rules_free(rules);
	return status;
}

const struct command cmd_reboot = {
	.name = "reboot",
	.help = "flood a target and reboot it in a loop",
	.run = cmd_reboot_run,
};
