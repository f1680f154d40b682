// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"
#include "flood/flood.h"
#include "flood/pace/track.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/param.h>

/* -- errors --------------------------------------------------------------------------- */

/* What sockets say of a link, of a route, of rights, and of the other end. */
static const int errors_known[] = {
	EAGAIN,      ENOBUFS,      ENOMEM,     ENETDOWN, ENODEV, ENXIO,    EIO,
	ENETUNREACH, EHOSTUNREACH, EHOSTDOWN,  EPERM,    EACCES, EMSGSIZE, ECONNREFUSED,
	ENOPROTOOPT, EPROTO,       ECONNRESET, ENOTCONN, EPIPE,
};
#define OTHER ARRAY_SIZE(errors_known)
static_assert(OTHER + 1 == FLOOD_ERRORS, "one counter for each, and one for others");

const char *flood_error_name(unsigned int index)
{
	return index == OTHER ? "other" : strerrorname_np(errors_known[index]);
}

const char *flood_error_words(unsigned int index)
{
	return index == OTHER ? "other errors" : strerror(errors_known[index]);
}

void flood_errors_count(struct flood_errors *errors, int error)
{
	unsigned int i = 0;

	while (i < OTHER && errors_known[i] != error)
		i++;
	errors->n[i]++;
}

void flood_errors_add(struct flood_errors *errors, const struct flood_errors *more)
{
	for (unsigned int i = 0; i < FLOOD_ERRORS; i++)
		errors->n[i] += more->n[i];
}

uint64_t flood_errors_all(const struct flood_errors *errors)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < FLOOD_ERRORS; i++)
		all += errors->n[i];
	return all;
}

void flood_errors_describe(const struct flood_errors *errors, bool words,
			   struct strbuf *out)
{
	const char *comma = "";

	for (unsigned int i = 0; i < FLOOD_ERRORS; i++) {
		if (!errors->n[i])
			continue;
		strbuf_addf(out, "%s%s %" PRIu64, comma, flood_error_name(i),
			    errors->n[i]);
		if (words)
			strbuf_addf(out, " (%s)", flood_error_words(i));
		comma = ", ";
	}
}

/* -- one sample ----------------------------------------------------------------------- */

static const char *const states[] = {
	[FLOOD_WAIT] = "wait",
	[FLOOD_RAMP] = "ramp",
	[FLOOD_HOLD] = "hold",
};

const char *flood_state_name(unsigned int state)
{
	return state < ARRAY_SIZE(states) ? states[state] : "?";
}

static const struct table_names state_names = { flood_state_name, ARRAY_SIZE(states) };
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

/* -- those of several interfaces ------------------------------------------------------ */

static uint32_t add_rate(uint32_t a, uint32_t b)
{
	return a > FLOOD_RATE_MAX - b ? FLOOD_RATE_MAX : a + b;
}

static void add(struct flood_sample *sum, const struct flood_sample *one)
{
	sum->sent += one->sent;
	sum->replies += one->replies;
	sum->drops += one->drops;
	sum->bad += one->bad;
	sum->lost += one->lost;
	sum->duplicates += one->duplicates;
	sum->reports += one->reports;
	sum->rate = add_rate(sum->rate, one->rate);
	sum->reply_rate = add_rate(sum->reply_rate, one->reply_rate);
	sum->rtt_us = MAX(sum->rtt_us, one->rtt_us);
	sum->rtt_p50_us = MAX(sum->rtt_p50_us, one->rtt_p50_us);
	sum->rtt_p90_us = MAX(sum->rtt_p90_us, one->rtt_p90_us);
	sum->rtt_p99_us = MAX(sum->rtt_p99_us, one->rtt_p99_us);
	sum->rtt_max_us = MAX(sum->rtt_max_us, one->rtt_max_us);
	sum->state = MIN(sum->state, one->state);
	sum->at_ns = MAX(sum->at_ns, one->at_ns);
	sum->last_reply_ns = MAX(sum->last_reply_ns, one->last_reply_ns);
	sum->steady &= one->steady;
	flood_errors_add(&sum->errors, &one->errors);
}

/*
 * Each tells of its last time with replies. Those that overlap are one: from the newest on,
 * it grows towards the past for as long as another one reaches into it.
 */
static uint64_t first_reply(const struct flood_sample *samples, unsigned int n,
			    uint64_t last_ns)
{
	uint64_t first = last_ns;
	bool grown = last_ns != 0;

	while (grown) {
		grown = false;
		for (unsigned int i = 0; i < n; i++) {
			const struct flood_sample *s = &samples[i];

			if (s->first_reply_ns && s->first_reply_ns < first &&
			    s->last_reply_ns + TRACK_SILENCE_NS >= first) {
				first = s->first_reply_ns;
				grown = true;
			}
		}
	}
	return first;
}

struct flood_sample several_sum(const struct flood_sample *samples, unsigned int n)
{
	struct flood_sample sum = { .state = FLOOD_HOLD, .steady = true };

	for (unsigned int i = 0; i < n; i++)
		add(&sum, &samples[i]);
	sum.first_reply_ns = first_reply(samples, n, sum.last_reply_ns);
	return sum;
}

void several_format(const char *name, const struct flood_sample *sample,
		    struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };

	flood_sample_format(sample, &line);
	strbuf_addf(out, "interface name=%s%s", name, line.s + strlen("flood"));
}
