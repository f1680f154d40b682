// SPDX-License-Identifier: GPL-2.0-or-later
/* From a plan to a run: what reboot and unplug have in common. */
#include "run.h"
#include "base/log.h"
#include "cmd.h"
#include "os/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

void cmd_check_target(struct argp_state *state, const struct plan *plan)
{
	const struct means *method = plan->unplug.method;
	unsigned int needs = TARGET_CONSOLE | TARGET_CONTROL;
	_cleanup_free_ char *lacks = NULL;

	if (!plan_is_unplug(plan))
		needs |= TARGET_POWER;
	else if (method && !strcmp(method->name, "qmp"))
		needs |= TARGET_SLOT;
	if (plan->flood)
		needs |= TARGET_WIRE;
	lacks = target_lacks(plan->target, needs);
	if (lacks)
		argp_error(state, "%s", lacks);
}

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

int cmd_run(struct plan *plan, const struct cmd_line *line, struct opts_rules *opts,
	    bool dry_run)
{
	struct rules *rules;
	int status = EXIT_USAGE, r;

	/* What is wrong with them is told before anything is prepared. */
	r = opts_rules_load(opts, &rules);
	free(opts->files);
	if (r < 0)
		return EXIT_USAGE;
	if (set_line(plan, line) < 0) {
		rules_free(rules);
		return EXIT_USAGE;
	}
	if (dry_run) {
		run_print_plan(stdout, plan);
		rules_free(rules);
		return EXIT_PASS;
	}
	/* A target that cannot be had must not leave an empty run behind. */
	if (target_prepare(plan->target, &plan->board) == 0)
		status = run_plan(plan, rules);
	rules_free(rules);
	return status;
}
