// SPDX-License-Identifier: GPL-2.0-or-later
/* The token bucket of a pace: requests, or bits of the wire, or bursts. */
#include "base/num.h"
#include "pace.h"

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
	return (int64_t)(p->cost + gain(p) * PACE_BACKLOG_NS);
}

static unsigned int count_due(const struct pace *p)
{
	uint64_t due = p->credit > 0 ? (uint64_t)p->credit / p->cost : 0;

	return due > PACE_BATCH ? PACE_BATCH : (unsigned int)due;
}

/* Bursts that were missed, and what is left of one when the next is due, are past. */
static void fill_burst(struct pace *p, uint64_t now)
{
	uint64_t missed;

	if (now < p->next_burst_ns)
		return;
	missed = (now - p->next_burst_ns) / p->burst_ns;
	p->next_burst_ns += (missed + 1) * p->burst_ns;
	/* As above: nobody was there to send them. */
	if (missed > NS_PER_SEC / p->burst_ns)
		missed = 0;
	if (p->credit > 0)
		p->overflow += (uint64_t)p->credit;
	p->overflow += missed * p->burst * NS_PER_SEC;
	p->credit = (int64_t)(p->burst * NS_PER_SEC);
}

static void fill(struct pace *p, uint64_t elapsed)
{
	uint64_t gained = gain(p) * elapsed, extra = gained / 100 * PACE_DEBT_PERCENT;

	if (extra > p->debt)
		extra = p->debt;
	p->debt -= extra;
	p->credit += (int64_t)(gained + extra);
	if (p->credit > credit_max(p)) {
		p->overflow += (uint64_t)(p->credit - credit_max(p));
		p->credit = credit_max(p);
	}
}

unsigned int pace_due(struct pace *p, uint64_t now)
{
	uint64_t elapsed = now - p->filled_ns;

	p->filled_ns = now;
	if (p->rate == FLOOD_RATE_MAX)
		return PACE_BATCH;
	if (!by_bits(p))
		p->cost = NS_PER_SEC;
	/* Longer gaps are a suspended controller's, not a schedule. */
	if (elapsed > NS_PER_SEC) {
		elapsed = NS_PER_SEC;
		p->debt = 0;
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
		p->credit -= (int64_t)(bits * 1000);
		p->cost = bits * 1000 / n;
	} else {
		p->credit -= (int64_t)(n * NS_PER_SEC);
	}
}

uint64_t pace_take_overflow(struct pace *p, bool owed)
{
	uint64_t n = p->overflow / p->cost;

	/* No more than a second's: what is older is no rate any more. */
	if (owed && p->wanted != FLOOD_RATE_AUTO && !in_bursts(p) &&
	    p->debt < gain(p) * NS_PER_SEC)
		p->debt += n * p->cost;
	p->overflow %= p->cost;
	return n;
}

uint64_t pace_next_ns(const struct pace *p, uint64_t now)
{
	uint64_t lack;

	if (p->rate == FLOOD_RATE_MAX || count_due(p))
		return now;
	if (in_bursts(p))
		return p->next_burst_ns;
	lack = (uint64_t)((int64_t)p->cost - p->credit);
	return now + (lack + gain(p) - 1) / gain(p);
}
