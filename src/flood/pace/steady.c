// SPDX-License-Identifier: GPL-2.0-or-later
#include "steady.h"

#include "base/num.h"
#include "flood/wire/mix.h"

void steady_init(struct steady *s, const struct flood_spec *spec)
{
	const uint64_t sample = FLOOD_SAMPLE_MS * NS_PER_MSEC;
	struct turns turns;

	turns_init(&turns, spec);
	*s = (struct steady){ .wanted = spec->rate || !(spec->mbits || spec->burst) ?
						spec->rate :
						FLOOD_RATE_MAX,
			      .asked = turns.asked,
			      .of = turns.n,
			      .least = 1 };
	/* With fewer, a sample between two bursts would be an empty one. */
	if (spec->burst_ns > sample / STEADY_EXPECTED)
		s->least =
			(unsigned int)((STEADY_EXPECTED * spec->burst_ns + sample - 1) /
				       sample);
}

void steady_add(struct steady *s, const struct pace *pace,
		const struct steady_sample *sample)
{
	s->ring[s->next] = *sample;
	s->next = (s->next + 1) % STEADY_SAMPLES;
	if (s->n < STEADY_SAMPLES)
		s->n++;
	if (pace->state != FLOOD_HOLD || pace->rate != s->rate)
		s->held = 0;
	else if (s->held < STEADY_SAMPLES)
		s->held++;
	s->rate = pace->state == FLOOD_HOLD ? pace->rate : 0;
}

/* Adds up n samples, the newest of which is `back` samples old. */
static struct steady_sample sum(const struct steady *s, unsigned int back, unsigned int n)
{
	struct steady_sample all = { 0 };

	for (unsigned int i = back; i < back + n && i < s->n; i++) {
		const struct steady_sample *one =
			&s->ring[(s->next + STEADY_SAMPLES - 1 - i) % STEADY_SAMPLES];

		all.elapsed_ns += one->elapsed_ns;
		all.attempts += one->attempts;
		all.replies += one->replies;
	}
	return all;
}

static uint32_t per_second(const struct steady_sample *all)
{
	return all->elapsed_ns ? (uint32_t)(all->replies * NS_PER_SEC / all->elapsed_ns) :
				 0;
}

uint32_t steady_reply_rate(const struct steady *s)
{
	struct steady_sample all = sum(s, 0, STEADY_BUCKETS);

	return per_second(&all);
}

static unsigned int samples_a_bucket(const struct steady *s, uint32_t rate)
{
	const unsigned int enough = STEADY_EXPECTED * 1000 / FLOOD_SAMPLE_MS;
	unsigned int n = rate >= enough || !rate ? 1 : (enough + rate - 1) / rate;

	return n < s->least ? s->least : n;
}

/* One way to be steady: so many buckets, none further from the mean than this. */
struct rule {
	unsigned int buckets;
	unsigned int least, most; /* percent of the mean */
};

static const struct rule rules[] = {
	{ STEADY_BUCKETS, 100 - STEADY_PERCENT, 100 + STEADY_PERCENT },
	{ STEADY_BUCKETS * STEADY_LONG, 25, UINT32_MAX },
};

/* In thousandths of a reply, so that no fraction is lost at small rates. */
static bool near_mean(const struct rule *rule, const struct steady_sample *bucket,
		      const struct steady_sample *all)
{
	uint64_t mean = all->replies * 1000 * bucket->elapsed_ns / all->elapsed_ns;
	uint64_t have = bucket->replies * 1000;

	return (have + 1000 >= mean || have * 100 >= mean * rule->least) &&
	       (have <= mean + 1000 || have * 100 <= mean * rule->most);
}

static bool follows(const struct steady *s, const struct rule *rule)
{
	/* Of the requests that are answered. */
	uint32_t rate = s->rate == FLOOD_RATE_MAX ?
				s->rate :
				(uint32_t)((uint64_t)s->rate * s->asked / s->of);
	unsigned int per_bucket = samples_a_bucket(s, rate);
	unsigned int samples = per_bucket * rule->buckets;
	uint32_t min = rate / 2 < STEADY_MIN ? rate / 2 : STEADY_MIN;
	struct steady_sample all;

	if (s->held < samples || samples > STEADY_SAMPLES)
		return false;
	all = sum(s, 0, samples);
	if (!all.elapsed_ns || per_second(&all) < min)
		return false;
	if (s->wanted == FLOOD_RATE_AUTO &&
	    all.replies * 100 < all.attempts * PACE_POOR_PERCENT)
		return false;
	for (unsigned int i = 0; i < samples; i += per_bucket) {
		struct steady_sample bucket = sum(s, i, per_bucket);

		if (!bucket.replies || !near_mean(rule, &bucket, &all))
			return false;
	}
	return true;
}

bool steady_judge(const struct steady *s)
{
	for (size_t i = 0; s->rate && i < ARRAY_SIZE(rules); i++)
		if (follows(s, &rules[i]))
			return true;
	return false;
}
