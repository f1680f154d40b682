// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/flood.h"

static const char *const states[] = {
	[FLOOD_WAIT] = "wait",
	[FLOOD_RAMP] = "ramp",
	[FLOOD_HOLD] = "hold",
};

const char *flood_state_name(enum flood_state state)
{
	return (size_t)state < ARRAY_SIZE(states) ? states[state] : "?";
}

static const char *state_name(unsigned int value)
{
	return flood_state_name((enum flood_state)value);
}

static const struct table_names state_names = { state_name, ARRAY_SIZE(states) };
static const struct table_names error_names = { flood_error_name, FLOOD_ERRORS };

#define SAMPLE(member, json, word, rules, ...) \
	TABLE_MEMBER(struct flood_sample, member, json, word, rules, __VA_ARGS__)

/* In words, what another version does not know is 0. */
const struct table_member flood_sample_members[] = {
	SAMPLE(state, "state", "state", TABLE_NEEDED, .names = &state_names),
	SAMPLE(at_ns, "sampled_at", "at", TABLE_NEEDED),
	SAMPLE(sent, "sent", "sent", 0),
	SAMPLE(replies, "replies", "replies", 0),
	SAMPLE(drops, "drops", "drops", TABLE_OPTIONAL),
	SAMPLE(rate, "rate", "rate", 0),
	SAMPLE(reply_rate, "reply_rate", "reply_rate", 0),
	SAMPLE(rtt_us, "rtt_us", "rtt_us", TABLE_OPTIONAL),
	SAMPLE(bad, "bad", "bad", TABLE_OPTIONAL),
	SAMPLE(lost, "lost", "lost", TABLE_OPTIONAL),
	SAMPLE(duplicates, "duplicates", "duplicates", TABLE_OPTIONAL),
	SAMPLE(reports, "reports", "reports", TABLE_OPTIONAL),
	SAMPLE(rtt_p50_us, "rtt_p50_us", "rtt_p50_us", TABLE_OPTIONAL),
	SAMPLE(rtt_p90_us, "rtt_p90_us", "rtt_p90_us", TABLE_OPTIONAL),
	SAMPLE(rtt_p99_us, "rtt_p99_us", "rtt_p99_us", TABLE_OPTIONAL),
	SAMPLE(rtt_max_us, "rtt_max_us", "rtt_max_us", TABLE_OPTIONAL),
	SAMPLE(steady, "steady", "steady", TABLE_EXACT),
	SAMPLE(last_reply_ns, "last_reply_at", "last_reply", TABLE_OPTIONAL),
	SAMPLE(first_reply_ns, "first_reply_at", "first_reply", TABLE_OPTIONAL),
	SAMPLE(errors, "errors", "errors", TABLE_OPTIONAL, .names = &error_names),
	{ 0 },
};

void flood_sample_format(const struct flood_sample *sample, struct strbuf *out)
{
	static const char *const keys[] = {
		"state",      "sent",       "replies",    "drops",   "bad",
		"rate",       "reply_rate", "rtt_us",     "steady",  "first_reply",
		"last_reply", "lost",       "duplicates", "reports", "rtt_p50_us",
		"rtt_p90_us", "rtt_p99_us", "rtt_max_us", "at",      "errors",
		NULL,
	};

	strbuf_add(out, TEXT("flood"));
	table_format(flood_sample_members, sample, keys, out);
}

bool flood_sample_parse(struct text line, struct flood_sample *ret)
{
	struct flood_sample sample = { 0 };

	if (!text_starts(line, TEXT("flood ")) ||
	    !table_parse(line, flood_sample_members, &sample) || !sample.at_ns)
		return false;
	*ret = sample;
	return true;
}
