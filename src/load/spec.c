// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"
#include "load/flood.h"

#include <errno.h>
#include <stdlib.h>

static int parse_rate(const char *value, struct flood_spec *spec, char **ret_error)
{
	uint32_t rate;

	if (!strcmp(value, "auto"))
		rate = FLOOD_RATE_AUTO;
	else if (!strcmp(value, "max"))
		rate = FLOOD_RATE_MAX;
	else if (num_parse_u32(value, &rate) < 0 || !rate || rate > FLOOD_RATE_LIMIT) {
		*ret_error =
			xasprintf("rate '%s' is not auto, max or a number from 1 to %u",
				  value, FLOOD_RATE_LIMIT);
		return -EINVAL;
	}
	spec->rate = rate;
	return 0;
}

static int parse_size(const char *value, struct flood_spec *spec, char **ret_error)
{
	uint32_t size;

	if (num_parse_u32(value, &size) < 0 || size < FLOOD_SIZE_MIN ||
	    size > FLOOD_SIZE_LIMIT) {
		*ret_error = xasprintf("size '%s' is not a number from %u to %u", value,
				       FLOOD_SIZE_MIN, FLOOD_SIZE_LIMIT);
		return -EINVAL;
	}
	spec->size = size;
	return 0;
}

static int parse_word(const char *word, struct flood_spec *spec, char **ret_error)
{
	if (!strcmp(word, "v4"))
		spec->family = FLOOD_V4;
	else if (!strcmp(word, "v6"))
		spec->family = FLOOD_V6;
	else if (!strcmp(word, "both"))
		spec->family = FLOOD_BOTH;
	else if (!strncmp(word, "rate=", 5))
		return parse_rate(word + 5, spec, ret_error);
	else if (!strncmp(word, "size=", 5))
		return parse_size(word + 5, spec, ret_error);
	else {
		*ret_error = xasprintf("flood word '%s' is not one of v4, v6, both, "
				       "rate=N|max|auto, size=BYTES",
				       word);
		return -EINVAL;
	}
	return 0;
}

int flood_spec_parse(const char *words, struct flood_spec *spec, char **ret_error)
{
	_cleanup_free_ char *copy = xstrdup(words);
	struct flood_spec parsed = *spec;
	char *rest = copy, *word;

	while ((word = strsep(&rest, ","))) {
		int r = parse_word(word, &parsed, ret_error);

		if (r < 0)
			return r;
	}
	*spec = parsed;
	return 0;
}
