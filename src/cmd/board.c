// SPDX-License-Identifier: GPL-2.0-or-later
/* iommu-stress board: what virtual boards there are, making their files, a shell on one. */
#include "board/board.h"
#include "base/log.h"
#include "board.h"
#include "cmd.h"
#include "opts.h"

#include <stdio.h>
#include <string.h>

struct arguments {
	struct board_options options;
	const char *action, *name;
};

#define KEY(member) OPTS_KEY(struct arguments, options.member)

static const struct argp_option cmd_options[] = {
	{ "update", 'u', NULL, 0,
	  "prepare: ask Debian's archive for a newer kernel, else what was once "
	  "downloaded is kept",
	  0 },
	{ "kexec", KEY(kexec), NULL, 0,
	  "prepare, shell: with all that `kexec -e` needs to start the kernel again", 0 },
	{ "worker", KEY(worker), NULL, 0,
	  "prepare, shell: with the worker, VFIO and a device to unplug", 0 },
	{ "host-root", KEY(host_root), NULL, 0,
	  "shell: with this machine's files, which it can only read, in /host", 0 },
	{ "verbose", 'v', NULL, 0, "Say more", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->options;
		return 0;
	case 'u':
		a->options.update = true;
		return 0;
	case 'v':
		log_set_level(LOG_LEVEL_DEBUG);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			a->action = arg;
		else if (state->arg_num == 1)
			a->name = arg;
		else
			argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "what is missing: list, prepare or shell");
		return 0;
	default:
		return opts_set(key, arg, a);
	}
}

static const struct argp_child children[] = {
	{ &opts_board_argp, 0, OPTS_BOARD_HEADER, 0 }, { 0 }
};

static const struct argp argp = {
	.options = cmd_options,
	.parser = parse_option,
	.args_doc = "list\nprepare BOARD\nshell BOARD",
	.doc = "Virtual boards: machines with an emulated IOMMU, run by QEMU without any "
	       "privilege.\v"
	       "list: the boards, and whether they could start at once.\n"
	       "prepare: make kernel and initramfs from Debian's packages of the board's "
	       "architecture, and keep them in ~/.cache/iommu-stress.\n"
	       "shell: start the board and connect the terminal with its console; Ctrl-] "
	       "ends it. From a pipe, lines are typed into its shell.",
	.children = children,
};

/* -- list ----------------------------------------------------------------------------- */

static int list(void)
{
	const struct board *board;

	for (unsigned int i = 0; (board = board_at(i)); i++) {
		_cleanup_free_ char *state = NULL;

		if (!board_has_qemu(board))
			state = xasprintf("needs QEMU: apt install %s", board->package);
		else if (!board_is_prepared(board))
			state = xstrdup("its kernel is downloaded at the first start");
		else
			state = xstrdup("ready");
		printf("%-14s %-32s %s\n", board->name, board->help, state);
	}
	return fflush(stdout) == 0 ? EXIT_PASS : EXIT_INVALID;
}

/* -- prepare, shell ------------------------------------------------------------------- */

static int prepare(const struct board *board, const struct board_options *options)
{
	struct board_image image;

	if (board_prepare(board, options, &image) < 0)
		return EXIT_USAGE;
	printf("kernel %s\ninitrd %s\n", image.kernel, image.initrd);
	board_image_done(&image);
	return EXIT_PASS;
}

/*
 * The board that a target's name stands for: "virt:arm64", or "arm64". Speaks when there
 * is none: NULL.
 */
static const struct board *board_of_target(const char *target)
{
	const char *name = strncmp(target, "virt:", 5) == 0 ? target + 5 : target;
	const struct board *board = board_find(name);
	_cleanup_strbuf_ struct strbuf known = { 0 };

	if (board)
		return board;
	for (unsigned int i = 0; board_at(i); i++)
		strbuf_addf(&known, "%s%s", i ? ", " : "", board_at(i)->name);
	log_error("unknown virtual board '%s': there are %s", name, known.s);
	return NULL;
}

static int run(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct board *board,
			   const struct board_options *options);
	} actions[] = { { "prepare", prepare }, { "shell", board_shell } };
	struct arguments a = { 0 };
	const struct board *board;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!strcmp(a.action, "list"))
		return list();
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(a.action, actions[i].name) != 0)
			continue;
		if (!a.name) {
			log_error("board %s: which board? `iommu-stress board list` "
				  "knows them",
				  a.action);
			return EXIT_USAGE;
		}
		board = board_of_target(a.name);
		return board ? actions[i].run(board, &a.options) : EXIT_USAGE;
	}
	log_error("board: unknown action '%s': list, prepare or shell", a.action);
	return EXIT_USAGE;
}

const struct command cmd_board = {
	.name = "board",
	.help = "virtual boards: list them, prepare one, get a shell on one",
	.run = run,
};
