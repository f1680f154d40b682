// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int num_parse_u64(const char *s, uint64_t *ret)
{
	char *end;
	uint64_t value;

	/* strtoull would take a sign and white space; nobody means those. */
	if (!isdigit((unsigned char)s[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(s, &end, s[0] == '0' && (s[1] | 0x20) == 'x' ? 16 : 10);
	if (*end)
		return -EINVAL;
	if (errno)
		return -errno;
	*ret = value;
	return 0;
}

int num_parse_u32(const char *s, uint32_t *ret)
{
	uint64_t value;
	int r = num_parse_u64(s, &value);

	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "us", NS_PER_USEC },       { "ms", NS_PER_MSEC },    { "s", NS_PER_SEC },
	{ "min", 60 * NS_PER_SEC },  { "m", 60 * NS_PER_SEC }, { "h", 3600 * NS_PER_SEC },
	{ "d", 86400 * NS_PER_SEC },
};

static const struct unit *duration_unit(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		if (strlen(durations[i].name) == len &&
		    !memcmp(durations[i].name, name, len))
			return &durations[i];
	return NULL;
}

/* One "1.5s" of a duration at *s; moves *s behind it. */
static int parse_part(const char **s, uint64_t *ret_ns)
{
	const char *p = *s;
	uint64_t whole = 0, scale = 1, fraction = 0;
	const struct unit *unit;
	size_t len;

	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; isdigit((unsigned char)*p); p++) {
		if (whole > UINT64_MAX / 100)
			return -ERANGE;
		whole = whole * 10 + (uint64_t)(*p - '0');
	}
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++)
			if (scale < 1000000000) {
				fraction = fraction * 10 + (uint64_t)(*p - '0');
				scale *= 10;
			}
	len = strspn(p, "abcdefghijklmnopqrstuvwxyz");
	unit = len ? duration_unit(p, len) : duration_unit("s", 1);
	if (!unit)
		return -EINVAL;
	if (whole > UINT64_MAX / 2 / unit->factor)
		return -ERANGE;
	*ret_ns =
		whole * unit->factor +
		(uint64_t)((double)fraction / (double)scale * (double)unit->factor + 0.5);
	*s = p + len;
	return 0;
}

int num_parse_duration(const char *s, uint64_t *ret_ns)
{
	uint64_t sum = 0, part;

	do {
		int r = parse_part(&s, &part);

		if (r < 0)
			return r;
		if (part > UINT64_MAX / 2 - sum)
			return -ERANGE;
		sum += part;
	} while (*s);
	*ret_ns = sum;
	return 0;
}

int num_parse_size(const char *s, uint64_t *ret_bytes)
{
	static const char suffixes[] = "kMGT";
	char *end;
	const char *suffix;
	uint64_t value;
	unsigned int shift = 0;

	if (!isdigit((unsigned char)s[0]))
		return -EINVAL;
	errno = 0;
	value = strtoull(s, &end, 10);
	if (errno)
		return -errno;
	if (*end) {
		suffix = strchr(suffixes, *end == 'K' ? 'k' : *end);
		if (!suffix || end[1])
			return -EINVAL;
		shift = (unsigned int)(suffix - suffixes + 1) * 10;
	}
	if (value > UINT64_MAX >> shift)
		return -ERANGE;
	*ret_bytes = value << shift;
	return 0;
}

char *num_format_duration(char buffer[NUM_DURATION_MAX], uint64_t ns)
{
	uint64_t seconds = ns / NS_PER_SEC;

	if (ns < 10 * NS_PER_USEC && ns % NS_PER_USEC)
		snprintf(buffer, NUM_DURATION_MAX, "%.1f us", (double)ns / 1e3);
	else if (ns < NS_PER_MSEC)
		snprintf(buffer, NUM_DURATION_MAX, "%" PRIu64 " us", ns / NS_PER_USEC);
	else if (ns < 10 * NS_PER_MSEC && ns % NS_PER_MSEC)
		snprintf(buffer, NUM_DURATION_MAX, "%.1f ms", (double)ns / 1e6);
	else if (ns < NS_PER_SEC)
		snprintf(buffer, NUM_DURATION_MAX, "%" PRIu64 " ms", ns / NS_PER_MSEC);
	else if (seconds < 60)
		snprintf(buffer, NUM_DURATION_MAX, "%.2f s", (double)ns / 1e9);
	else if (seconds < 3600)
		snprintf(buffer, NUM_DURATION_MAX, "%" PRIu64 " min %" PRIu64 " s",
			 seconds / 60, seconds % 60);
	else
		snprintf(buffer, NUM_DURATION_MAX, "%" PRIu64 " h %" PRIu64 " min",
			 seconds / 3600, seconds / 60 % 60);
	return buffer;
}
