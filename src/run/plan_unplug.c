// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/unplug.h"

#include "base/num.h"
#include "base/text.h"

#include <errno.h>
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
