// SPDX-License-Identifier: GPL-2.0-or-later
/* One line a sample; the same table of fields for writing and reading. */
#include "base/num.h"
#include "flood/flood.h"

#include <inttypes.h>
#include <stddef.h>

static const char *const states[] = {
	[FLOOD_WAIT] = "wait",
	[FLOOD_RAMP] = "ramp",
	[FLOOD_HOLD] = "hold",
};

struct field {
	const char *key;
	size_t offset, size;
};

#define FIELD(key, member)                                         \
	{                                                          \
		key, offsetof(struct flood_sample, member),        \
			sizeof(((struct flood_sample *)0)->member) \
	}

static const struct field fields[] = {
	FIELD("sent", sent),
	FIELD("replies", replies),
	FIELD("drops", drops),
	FIELD("bad", bad),
	FIELD("rate", rate),
	FIELD("reply_rate", reply_rate),
	FIELD("rtt_us", rtt_us),
	FIELD("steady", steady),
	FIELD("first_reply", first_reply_ns),
	FIELD("last_reply", last_reply_ns),
	FIELD("lost", lost),
	FIELD("duplicates", duplicates),
	FIELD("reports", reports),
	FIELD("rtt_p50_us", rtt_p50_us),
	FIELD("rtt_p90_us", rtt_p90_us),
	FIELD("rtt_p99_us", rtt_p99_us),
	FIELD("rtt_max_us", rtt_max_us),
	FIELD("at", at_ns),
};

const char *flood_state_name(enum flood_state state)
{
	return (size_t)state < ARRAY_SIZE(states) ? states[state] : "?";
}

static uint64_t field_get(const struct field *f, const struct flood_sample *sample)
{
	const char *at = (const char *)sample + f->offset;

	if (f->size == sizeof(uint64_t))
		return *(const uint64_t *)(const void *)at;
	if (f->size == sizeof(uint32_t))
		return *(const uint32_t *)(const void *)at;
	return *(const bool *)(const void *)at;
}

static bool field_set(const struct field *f, struct flood_sample *sample, uint64_t value)
{
	char *at = (char *)sample + f->offset;

	if (f->size == sizeof(uint64_t)) {
		*(uint64_t *)(void *)at = value;
		return true;
	}
	if (f->size == sizeof(uint32_t)) {
		*(uint32_t *)(void *)at = (uint32_t)value;
		return value <= UINT32_MAX;
	}
	*(bool *)(void *)at = value;
	return value <= 1;
}

void flood_sample_format(const struct flood_sample *sample, struct strbuf *out)
{
	strbuf_addf(out, "flood state=%s", flood_state_name(sample->state));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		strbuf_addf(out, " %s=%" PRIu64, fields[i].key,
			    field_get(&fields[i], sample));
	if (!flood_errors_all(&sample->errors))
		return;
	strbuf_addf(out, " errors=");
	flood_errors_format(&sample->errors, out);
}

static bool parse_state(struct text line, enum flood_state *ret)
{
	struct text name;

	if (!text_value(line, "state", &name))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (text_equal(name, text_of(states[i]))) {
			*ret = (enum flood_state)i;
			return true;
		}
	return false;
}

bool flood_sample_parse(struct text line, struct flood_sample *ret)
{
	struct flood_sample sample = { 0 };
	struct text errors;

	if (!text_starts(line, TEXT("flood ")) || !parse_state(line, &sample.state))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char number[24];
		struct text value;
		uint64_t parsed;

		/* What another version does not know is 0. */
		if (!text_value(line, fields[i].key, &value))
			continue;
		if (value.n >= sizeof(number) ||
		    num_parse_u64(text_copy(number, sizeof(number), value), &parsed) <
			    0 ||
		    !field_set(&fields[i], &sample, parsed))
			return false;
	}
	if (!sample.at_ns || (text_value(line, "errors", &errors) &&
			      !flood_errors_parse(errors, &sample.errors)))
		return false;
	*ret = sample;
	return true;
}
