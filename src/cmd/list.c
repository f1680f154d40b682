// SPDX-License-Identifier: GPL-2.0-or-later
/* iommu-stress list: a target's PCI devices, and what can be done with them. */
#include "list.h"
#include "base/log.h"
#include "board/target.h"
#include "board/worker.h"
#include "cmd.h"
#include "device/guard.h"
#include "opts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct arguments {
	const char *target, *peer, *sysroot;
	bool json;
	unsigned int allowed;
	char **devices;
	int n_devices;
};

enum { KEY_FORMAT = 0x100, KEY_PEER };

static const struct argp_option cmd_options[] = {
	{ "target", 't', "TARGET", 0,
	  "whose devices: local (the default), ssh:HOST or virt:NAME", 0 },
	{ "format", KEY_FORMAT, "FORMAT", 0,
	  "text, for people (the default), or json, one object on one line", 0 },
	{ "peer", KEY_PEER, "ADDRESS", 0,
	  "the controller, as the target sees it (default: the other end of the ssh "
	  "session, else any host behind a default route)",
	  0 },
	{ "sysroot", OPTS_KEY(struct arguments, sysroot), "DIR", 0,
	  "read /sys, /proc and /dev below this directory: a copy from another machine",
	  0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[1] = &a->allowed;
		return 0;
	case 't':
		a->target = arg;
		return 0;
	case KEY_PEER:
		if (!arg[0] || strchr(arg, ' ') || !worker_words_are_plain(text_of(arg)))
			argp_error(state, "--peer=%s is no address", arg);
		a->peer = arg;
		return 0;
	case KEY_FORMAT:
		a->json = opts_format_is_json(state, arg);
		return 0;
	case ARGP_KEY_ARGS:
		a->devices = state->argv + state->next;
		a->n_devices = state->argc - state->next;
		return 0;
	default:
		return opts_set(key, arg, a);
	}
}

static const struct argp_child children[] = {
	{ &opts_output_argp, 0, NULL, 0 },
	{ &opts_guard_argp, 0, OPTS_GUARD_HEADER, 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = cmd_options,
	.parser = parse_option,
	.children = children,
	.args_doc = "[DEVICE...]",
	.doc = "Shows a target's PCI devices: names, driver, IOMMU and group, which holders "
	       "and methods of unplugging would work, and why the guards would refuse.\v"
	       "DEVICE is an address (0000:00:05.0 or 00:05.0), vendor:device (8086:10d3), a "
	       "network interface, a disk, or group:N, all devices of an IOMMU group; without, all "
	       "devices are shown. For a DEVICE it is told, too, why a holder or method "
	       "would not work.",
};

static int choose(const struct arguments *a, const struct facts *facts,
		  struct facts_chosen *chosen)
{
	int r = 0;

	for (int i = 0; i < a->n_devices; i++) {
		char *why = NULL;
		int one = facts_choose(facts, a->devices[i], chosen, &why);

		if (one < 0)
			log_error("list: %s", why);
		free(why);
		r = one < 0 ? one : r;
	}
	for (size_t i = 0; !a->n_devices && i < facts->n_devices; i++)
		facts_chosen_add(chosen, i);
	return r;
}

static int print(const struct arguments *a, const struct facts *facts)
{
	struct facts_chosen chosen = { 0 };
	struct list list = { .target = a->target,
			     .facts = facts,
			     .chosen = &chosen,
			     .named = a->n_devices > 0,
			     .allowed = a->allowed };
	int status = EXIT_USAGE;

	if (choose(a, facts, &chosen) == 0) {
		if (a->json)
			list_json(&list);
		else
			list_text(&list);
		status = EXIT_PASS;
	}
	facts_chosen_done(&chosen);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		log_errno(-errno, "cannot write the list");
		status = EXIT_USAGE;
	}
	return status;
}

/* 0, or -errno after it was said. */
static int collect(const struct arguments *a, struct facts *facts)
{
	_cleanup_free_ char *peer = a->peer ? xasprintf("peer=%s", a->peer) : NULL,
			    *sysroot = a->sysroot ? xasprintf("sysroot=%s", a->sysroot) :
						    NULL;
	const char *words[3] = { NULL };
	size_t n = 0;

	if (peer)
		words[n++] = peer;
	if (sysroot)
		words[n++] = sysroot;
	return target_facts(a->target, words, facts);
}

static int run(int argc, char **argv)
{
	struct arguments a = { .target = "local" };
	struct facts facts;
	int status, r;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	r = collect(&a, &facts);
	if (r < 0)
		return r == -ENOENT || r == -ENOEXEC ? EXIT_USAGE : EXIT_INVALID;
	status = print(&a, &facts);
	facts_done(&facts);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.help = "show a target's PCI devices, and what can be done with them",
	.run = run,
};
