// SPDX-License-Identifier: GPL-2.0-or-later
/* `iommu-stress restore`: puts back what a run that was cut short left changed. */
#include "base/log.h"
#include "board/target.h"
#include "cmd.h"
#include "opts.h"
#include "run/past.h"

#include <stdio.h>

static int restore_left(const char *dir, struct past *past)
{
	struct undo_way way = { .target = past->target,
				.worker = target_worker,
				.out = stdout };
	int r = past_open_journal(dir, &way.journal);

	if (r < 0)
		return EXIT_USAGE;
	r = loop_new(&way.loop);
	if (r < 0)
		log_errno(r, "cannot wait for events");
	else
		r = undo_all(&past->undo, &way);
	if (r == 0)
		r = journal_sync(way.journal);
	journal_close(way.journal);
	loop_free(way.loop);
	return r < 0 ? EXIT_INVALID : EXIT_PASS;
}

static int restore(const char *dir)
{
	struct past past = { 0 };
	int status = EXIT_PASS;

	if (past_read(dir, &past) < 0)
		return EXIT_USAGE;
	if (!undo_left(&past.undo))
		text_print(stdout, "%s left nothing to put back\n", dir);
	else if (!(target_parts(past.target) & TARGET_KEPT))
		text_print(stdout,
			   "%s ran on %s, which ended with it: nothing to put back\n",
			   dir, past.target);
	else
		status = restore_left(dir, &past);
	past_done(&past);
	return status;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const char **dir = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*dir)
			argp_error(state, "one run directory at a time");
		*dir = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which run? (RUNDIR)");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {
	{ &opts_output_argp, 0, "Output:", 6 },
	{ 0 },
};

static const struct argp argp = {
	.parser = parse,
	.args_doc = "RUNDIR",
	.doc = "Gives the devices of an unplug or rebind run that was killed, or whose target was "
	       "lost, their drivers back, as its journal tells.\vExit status: 0 everything "
	       "is as it was, 2 bad usage or no such run, 3 something could not be put back.",
	.children = children,
};

static int cmd_restore_run(int argc, char **argv)
{
	const char *dir = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, &dir);
	return restore(dir);
}

const struct command cmd_restore = {
	.name = "restore",
	.help = "put back what an unplug or rebind run that was cut short left changed",
	.run = cmd_restore_run,
};
