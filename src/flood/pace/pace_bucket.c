// SPDX-License-Identifier: GPL-2.0-or-later
/* The token bucket of a pace: requests, or bits of the wire, or bursts. */
#include "base/num.h"
#include "pace.h"

/*
 * What a stall of ours has kept from being sent in time is made up for at this much more
 * than the rate, so that a wanted rate is exact over a second, and never comes as a burst.
 */
#define DEBT_PERCENT 25u

static bool by_bits(const struct pace *p)
{
	return p->mbits && p->state == FLOOD_HOLD;
}

static bool in_bursts(const struct pace *p)
{
	return p->burst && p->state == FLOOD_HOLD;
}

/* Credit that a nanosecond brings. */
static uint64_t gain(const struct pace *p)
{
	return by_bits(p) ? p->mbits : p->rate;
}

/* The one that is due, and the backlog. */
static int64_t credit_max(const struct pace *p)
{
	return (int64_t)(p->bucket.cost + gain(p) * PACE_BACKLOG_NS);
}

static unsigned int count_due(const struct pace *p)
{
	uint64_t due =
		p->bucket.credit > 0 ? (uint64_t)p->bucket.credit / p->bucket.cost : 0;

	return due > PACE_BATCH ? PACE_BATCH : (unsigned int)due;
}

/* Bursts that were missed, and what is left of one when the next is due, are past. */
static void fill_burst(struct pace *p, uint64_t now)
{
	struct pace_bucket *b = &p->bucket;
	uint64_t missed;

	if (now < b->next_burst_ns)
		return;
	missed = (now - b->next_burst_ns) / p->burst_ns;
	b->next_burst_ns += (missed + 1) * p->burst_ns;
	/* Nobody was there to send them. */
	if (missed > NS_PER_SEC / p->burst_ns)
		missed = 0;
	if (b->credit > 0)
		b->overflow += (uint64_t)b->credit;
	b->overflow += missed * p->burst * NS_PER_SEC;
	b->credit = (int64_t)(p->burst * NS_PER_SEC);
}

static void fill(struct pace *p, uint64_t elapsed)
{
	struct pace_bucket *b = &p->bucket;
	uint64_t gained = gain(p) * elapsed, extra = gained / 100 * DEBT_PERCENT;

	if (extra > b->debt)
		extra = b->debt;
	b->debt -= extra;
	b->credit += (int64_t)(gained + extra);
	if (b->credit > credit_max(p)) {
		b->overflow += (uint64_t)(b->credit - credit_max(p));
		b->credit = credit_max(p);
	}
}

unsigned int pace_due(struct pace *p, uint64_t now)
{
	uint64_t elapsed = now - p->bucket.filled_ns;

	p->bucket.filled_ns = now;
	if (p->rate == FLOOD_RATE_MAX)
		return PACE_BATCH;
	if (!by_bits(p))
		p->bucket.cost = NS_PER_SEC;
	/* Longer gaps are a suspended controller's, not a schedule. */
	if (elapsed > NS_PER_SEC) {
		elapsed = NS_PER_SEC;
		p->bucket.debt = 0;
	}
	if (in_bursts(p))
		fill_burst(p, now);
	else
		fill(p, elapsed);
	return count_due(p);
}

void pace_spend(struct pace *p, unsigned int n, uint64_t bits)
{
	if (p->rate == FLOOD_RATE_MAX || !n)
		return;
	if (by_bits(p)) {
		p->bucket.credit -= (int64_t)(bits * 1000);
		p->bucket.cost = bits * 1000 / n;
	} else {
		p->bucket.credit -= (int64_t)(n * NS_PER_SEC);
	}
}

uint64_t pace_take_overflow(struct pace *p, bool owed)
{
	uint64_t n = p->bucket.overflow / p->bucket.cost;

	/* No more than a second's: what is older is no rate any more. */
	if (owed && p->wanted != FLOOD_RATE_AUTO && !in_bursts(p) &&
	    p->bucket.debt < gain(p) * NS_PER_SEC)
		p->bucket.debt += n * p->bucket.cost;
	p->bucket.overflow %= p->bucket.cost;
	return n;
}

uint64_t pace_next_ns(const struct pace *p, uint64_t now)
{
	uint64_t lack;

	if (p->rate == FLOOD_RATE_MAX || count_due(p))
		return now;
	if (in_bursts(p))
		return p->bucket.next_burst_ns;
	lack = (uint64_t)((int64_t)p->bucket.cost - p->bucket.credit);
	return now + (lack + gain(p) - 1) / gain(p);
}
