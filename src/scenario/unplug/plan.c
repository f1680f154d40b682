// SPDX-License-Identifier: GPL-2.0-or-later
#include "unplug.h"

#include "base/num.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct unplug_release releases[] = {
	{ "request", "as QEMU: close when asked to, the container later" },
	{ "close-unset", "close the device, then let the container go" },
	{ "unset-close", "the other order" },
	{ "close", "close everything, in the order of its opening" },
	{ "exit", "the holder exits" },
	{ "kill", "the holder gets SIGKILL" },
	{ "never", "not before the unplug has been seen to wait" },
};

const struct unplug_release *unplug_release_at(unsigned int index)
{
	return index < ARRAY_SIZE(releases) ? &releases[index] : NULL;
}

const char *unplug_release_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
		if (!strcmp(releases[i].name, name))
			return releases[i].name;
	return NULL;
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

int unplug_parse_offset(const char *words, int64_t *ret_ns)
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
	if (unplug_parse_offset(words, &plan->window.from_ns) < 0 ||
	    unplug_parse_offset(dots + 2, &plan->window.to_ns) < 0 ||
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

void unplug_plan_init(struct plan *plan)
{
	struct unplug_plan *u = plan->own;

	*u = (struct unplug_plan){ .holder = means_holder_at(0),
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
