// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/several.h"

#include "base/num.h"
#include "flood/pace/track.h"

static uint32_t add_rate(uint32_t a, uint32_t b)
{
	return a > FLOOD_RATE_MAX - b ? FLOOD_RATE_MAX : a + b;
}

static void keep_max(uint32_t *max, uint32_t value)
{
	if (value > *max)
		*max = value;
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
	keep_max(&sum->rtt_us, one->rtt_us);
	keep_max(&sum->rtt_p50_us, one->rtt_p50_us);
	keep_max(&sum->rtt_p90_us, one->rtt_p90_us);
	keep_max(&sum->rtt_p99_us, one->rtt_p99_us);
	keep_max(&sum->rtt_max_us, one->rtt_max_us);
	if (one->state < sum->state)
		sum->state = one->state;
	if (one->at_ns > sum->at_ns)
		sum->at_ns = one->at_ns;
	if (one->last_reply_ns > sum->last_reply_ns)
		sum->last_reply_ns = one->last_reply_ns;
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
