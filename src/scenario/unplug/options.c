// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be asked of unplug on the command line. */
#include "unplug.h"

#include "base/log.h"
#include "base/num.h"
#include "board/target.h"

#include <errno.h>
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
	u->blocked_ns = plan_duration(state, "blocked", arg);
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

/* The holder may be named behind it. */
static void settle_release(struct argp_state *state, struct unplug_plan *u)
{
	const char *lacks;

	if (!u->release_given)
		u->release = unplug_release_default(u);
	lacks = unplug_release_lacks(u);
	if (lacks)
		argp_error(state, "--vfio=%s --release=%s: %s", u->holder->name,
			   u->release, lacks);
}

/* QEMU's side of a slot is a part of the target. */
static void check_slot(struct argp_state *state, const struct plan *plan)
{
	const struct unplug_plan *u = plan->own;
	_cleanup_free_ char *lacks = NULL;

	if (u->method && !strcmp(u->method->name, "qmp"))
		lacks = target_lacks(plan->target, TARGET_SLOT);
	if (lacks)
		argp_error(state, "%s", lacks);
}

static void set_batch(struct argp_state *state, struct unplug_plan *u, const char *arg)
{
	if (num_parse_u32(arg, &u->batch) < 0 || !u->batch)
		argp_error(state, "--batch: '%s' is not a number above 0", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;
	struct unplug_plan *u = plan ? plan->own : NULL;

	switch (key) {
	case KEY_VFIO:
		if (arg)
			u->holder = known(state, "vfio", arg, means_holder_find(arg));
		return 0;
	case KEY_METHOD:
		u->method = known(state, "method", arg, means_method_find(arg));
		return 0;
	case KEY_RELEASE:
		u->release = known(state, "release", arg, unplug_release_find(arg));
		u->release_given = true;
		return 0;
	case KEY_SWEEP:
		set_sweep(state, u, arg);
		return 0;
	case KEY_AT:
		set_offset(state, u, arg);
		return 0;
	case KEY_JITTER:
		plan->jitter_ns = plan_duration(state, "jitter", arg);
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
		set_batch(state, u, arg);
		return 0;
	case KEY_QEMU:
		u->qemu = arg;
		return 0;
	case ARGP_KEY_END:
		settle_release(state, u);
		check_slot(state, plan);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp unplug_options = { .options = options, .parser = parse };

static void add_row(struct strbuf *out, const char *name, const char *help)
{
	strbuf_addf(out, "  %-17s %s\n", name, help);
}

/* The words of the tables, between the description and the exit status. */
char *unplug_help_filter(int key, const char *text, void *input)
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

int unplug_plan_check(struct plan *plan)
{
	const struct unplug_plan *u = plan->own;

	if (!unplug_needs_qemu(u) ||
	    target_lend_programs(plan->target, &plan->board) == 0)
		return 0;
	log_error(
		"--vfio=%s: %s cannot run the QEMU of this machine: only a board of its "
		"architecture can",
		u->holder->name, plan->target);
	return -EINVAL;
}
