// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be asked of unplug: its words, its options, and how they are told. */
#include "unplug.h"

#include "base/log.h"
#include "base/num.h"
#include "base/text.h"
#include "board/target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct unplug_release unplug_releases[] = {
	{ "request", "as QEMU: close when asked to, the container later" },
	{ "close-unset", "close the device, then let the container go" },
	{ "unset-close", "the other order" },
	{ "close", "close everything, in the order of its opening" },
	{ "exit", "the holder exits" },
	{ "kill", "the holder gets SIGKILL" },
	{ "never", "not before the unplug has been seen to wait" },
	{ 0 },
};

/* NULL: there is no such word. */
static const char *release_find(const char *name)
{
	const struct unplug_release *release = unplug_releases;

	while (release->name && strcmp(release->name, name) != 0)
		release++;
	return release->name;
}

/* Nobody asks a holder without the request's eventfd, and a QEMU closes nothing by halves. */
static bool is_asked(const struct unplug_plan *plan)
{
	return strcmp(plan->holder->name, "none") != 0 &&
	       strcmp(plan->holder->name, "group-noreq") != 0;
}

const char *unplug_release_default(const struct unplug_plan *plan)
{
	return is_asked(plan) ? "request" : "close";
}

const char *unplug_release_lacks(const struct unplug_plan *plan)
{
	static const char *const closing[] = { "close-unset", "unset-close", "close" };

	if (!strcmp(plan->release, "request") && !is_asked(plan))
		return "this holder is not asked";
	for (size_t i = 0; unplug_needs_qemu(plan) && i < ARRAY_SIZE(closing); i++)
		if (!strcmp(plan->release, closing[i]))
			return "QEMU lets go by request, exit or kill only, or never";
	return NULL;
}

bool unplug_needs_qemu(const struct unplug_plan *plan)
{
	return !strncmp(plan->holder->name, "qemu", 4);
}

/* One offset, "-1.5us". */
static int parse_offset(const char *words, int64_t *ret_ns)
{
	bool negative = *words == '-';
	uint64_t ns;
	int r = num_parse_duration(words + (negative || *words == '+'), &ns);

	if (r < 0)
		return r;
	if (ns > INT64_MAX / 4)
		return -ERANGE;
	*ret_ns = negative ? -(int64_t)ns : (int64_t)ns;
	return 0;
}

static int parse_words(char *words, struct unplug_plan *plan)
{
	char *dots = strstr(words, ".."), *comma = strchr(words, ',');

	if (!dots)
		return -EINVAL;
	*dots = '\0';
	if (comma)
		*comma++ = '\0';
	if (parse_offset(words, &plan->window.from_ns) < 0 ||
	    parse_offset(dots + 2, &plan->window.to_ns) < 0 ||
	    plan->window.to_ns < plan->window.from_ns)
		return -EINVAL;
	plan->sweep = UNPLUG_EVENLY;
	plan->step_ns = 0;
	if (comma && !strcmp(comma, "auto"))
		plan->sweep = UNPLUG_WITHIN;
	else if (comma &&
		 (num_parse_duration(comma, &plan->step_ns) < 0 || !plan->step_ns))
		return -EINVAL;
	return 0;
}

int unplug_parse_sweep(const char *words, struct unplug_plan *ret, char **ret_error)
{
	_cleanup_free_ char *copy = xstrdup(words);
	struct unplug_plan plan = *ret;

	if (!strcmp(words, "auto")) {
		ret->sweep = UNPLUG_AUTO;
		return 0;
	}
	if (parse_words(copy, &plan) < 0) {
		*ret_error = xasprintf("'%s' is not auto, FROM..TO, FROM..TO,STEP or "
				       "FROM..TO,auto, such as -50us..2ms,10us",
				       words);
		return -EINVAL;
	}
	*ret = plan;
	return 0;
}

/* -- options ----------------------------------------------------------------------------- */

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
	if (parse_offset(arg, &u->window.from_ns) < 0)
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

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;
	struct unplug_plan *u = plan ? plan->own : NULL;

	switch (key) {
	case KEY_VFIO:
		if (arg)
			u->holder =
				known(state, "vfio", arg, means_find(means_holders, arg));
		return 0;
	case KEY_METHOD:
		u->method = known(state, "method", arg, means_find(means_methods, arg));
		return 0;
	case KEY_RELEASE:
		u->release = known(state, "release", arg, release_find(arg));
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
		if (num_parse_u32(arg, &u->batch) < 0 || !u->batch)
			argp_error(state, "--batch: '%s' is not a number above 0", arg);
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

char *unplug_help_tables(const struct scenario *scenario)
{
	struct strbuf out = { 0 };

	(void)scenario;
	strbuf_addf(&out, "Holders:\n");
	for (const struct means *m = means_holders; m->name; m++)
		add_row(&out, m->name, m->help);
	strbuf_addf(&out, "\nReleases:\n");
	for (const struct unplug_release *r = unplug_releases; r->name; r++)
		add_row(&out, r->name, r->help);
	strbuf_addf(&out, "\nMethods:\n");
	for (const struct means *m = means_methods; m->name; m++)
		add_row(&out, m->name, m->help);
	strbuf_add(&out, TEXT("\n"));
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

/* -- plan in words ------------------------------------------------------------------------ */

void unplug_plan_init(struct plan *plan)
{
	struct unplug_plan *u = plan->own;

	*u = (struct unplug_plan){ .holder = means_holders,
				   .blocked_ns = 2 * NS_PER_SEC,
				   .batch = 8 };
	u->release = unplug_release_default(u);
}

void unplug_plan_json(const struct plan *plan, json_t *root)
{
	static const char *const sweeps[] = {
		[UNPLUG_AUTO] = "auto", [UNPLUG_WITHIN] = "within", [UNPLUG_EVENLY] = "evenly"
	};
	const struct unplug_plan *u = plan->own;
	json_t *devices = json_array();

	for (size_t i = 0; i < plan->n_devices; i++)
		json_array_append_new(devices, plan_text(plan->devices[i]));
	json_object_set_new(
		root, "unplug",
		json_pack(
			"{s:o, s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:b, s:b, s:I, s:I, s:I}",
			"devices", devices, "holder", u->holder->name, "release",
			u->release, "method",
			plan_text(u->method ? u->method->name : NULL), "sweep",
			sweeps[u->sweep], "from_ns", (json_int_t)u->window.from_ns,
			"to_ns", (json_int_t)u->window.to_ns, "step_ns",
			(json_int_t)u->step_ns, "churn", u->churn, "restore", u->restore,
			"blocked_ns", (json_int_t)u->blocked_ns, "batch",
			(json_int_t)u->batch, "allowed", (json_int_t)plan->allowed));
}

static void print_offset(FILE *out, int64_t ns)
{
	fprintf(out, "%.3f us", (double)ns / 1000);
}

static void print_sweep(FILE *out, const struct unplug_plan *u)
{
	if (u->sweep == UNPLUG_AUTO) {
		fprintf(out,
			"offsets: the window is measured by %d attempts, evidence "
			"attracts attempts\n",
			UNPLUG_MEASURED);
		return;
	}
	fputs("offsets: from ", out);
	print_offset(out, u->window.from_ns);
	fputs(" to ", out);
	print_offset(out, u->window.to_ns);
	if (u->step_ns) {
		fputs(" in steps of ", out);
		print_offset(out, (int64_t)u->step_ns);
	}
	fputs(u->sweep == UNPLUG_WITHIN ? ", evidence attracts attempts\n" : "\n", out);
}

void unplug_print_head(FILE *out, const struct plan *plan)
{
	const struct unplug_plan *u = plan->own;

	fprintf(out, "holder %s, release %s, method %s%s\n", u->holder->name, u->release,
		u->method ? u->method->name : "as suits the device",
		u->churn ? ", churn" : "");
}

void unplug_print_rest(FILE *out, const struct plan *plan)
{
	const struct unplug_plan *u = plan->own;
	char limit[NUM_DURATION_MAX];

	print_sweep(out, u);
	fprintf(out, "batches of %u attempts, seed %" PRIu64 "\n", u->batch, plan->seed);
	fprintf(out, "an unplug that takes longer than %s waits for the user\n",
		num_format_duration(limit, u->blocked_ns));
}
