// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ramp doubles the rate in steps of a settling time, in which queues find their new
 * level, and a measuring time. A step that the target does not keep up with is measured
 * again, and once more from the step below: an emulated board stops for tens of
 * milliseconds now and then. A target that is still booting does so for seconds, so a poor
 * result is neither believed soon nor for good: once the target has answered everything
 * for a while, the ramp goes on from there.
 * What is held then is a fraction of the best reply rate, not of the last request rate:
 * overloaded targets answer less than they could.
 */
#include "pace.h"

#include "base/num.h"

#define RAMP_START   250u
#define RAMP_MAX     2000000u
#define RAMP_FACTOR  2u
#define RAMP_SETTLE  (50 * NS_PER_MSEC)
#define RAMP_MEASURE (100 * NS_PER_MSEC)
#define RAMP_MISSES  2u
#define RAMP_TRIES   2u
/* A result below this rate takes this long, and is in doubt. */
#define RAMP_POOR     2000u
#define RAMP_PATIENCE (3 * NS_PER_SEC)
#define KEEPS_PERCENT 95u
/* Below this the controller itself cannot send what is wanted. */
#define SENDS_PERCENT 80u
#define RAMP_DRAIN    NS_PER_SEC
/* Round-trip times of a target that keeps up: times the quickest, or in microseconds. */
#define RTT_FACTOR    10u
#define RAMP_RTT_FINE 20000u
#define HOLD_RTT_FINE 100000u

/*
 * Held of the best rate that the target answered. The rest is left to the target's shell:
 * replies are made in softirq context, which goes before it.
 */
#define HOLD_PERCENT 80u
#define HOLD_LOOK    (100 * NS_PER_MSEC)
#define HOLD_SILENCE (500 * NS_PER_MSEC)
#define HOLD_POOR    (2 * NS_PER_SEC)
#define HOLD_STEP    4u
#define HOLD_LOOKS   5u /* after which HOLD_CALM has doubled so often */
#define HOLD_CALM    (2 * NS_PER_SEC)
/* A target that is up and answers nothing for so long is given less, and again. */
#define UP_SILENCE (3 * NS_PER_SEC)

/* A target that has not gone down by then is stuck: more of it only burns CPU here. */
#define DRIVE_TIME    (10 * NS_PER_SEC)
#define SURGE_SILENCE (100 * NS_PER_MSEC)

static uint32_t probe_rate(uint32_t wanted)
{
	return wanted == FLOOD_RATE_AUTO || wanted > PACE_PROBE ? PACE_PROBE : wanted;
}

static uint32_t at_least_one(uint64_t rate)
{
	return rate ? (uint32_t)rate : 1;
}

void pace_init(struct pace *p, const struct flood_spec *spec, uint32_t bits, uint64_t now)
{
	uint32_t wanted = spec->rate;

	if (spec->mbits)
		wanted = at_least_one(spec->mbits * UINT64_C(1000000) / bits);
	else if (spec->burst)
		wanted = at_least_one(spec->burst * NS_PER_SEC / spec->burst_ns);
	*p = (struct pace){
		.state = FLOOD_WAIT,
		.wanted = wanted,
		.rate = probe_rate(wanted),
		.mbits = spec->mbits,
		.burst = spec->burst,
		.burst_ns = spec->burst_ns,
		.mark_ns = now,
		/* The first request is due at once. */
		.bucket = { .credit = NS_PER_SEC, .cost = NS_PER_SEC, .filled_ns = now }
	};
}

/*
 * What came, as if all requests had been such as are answered: what is learnt of a mix is
 * learnt from those that are.
 */
static struct pace_counts since(const struct pace_counts *now,
				const struct pace_counts *base)
{
	struct pace_counts all = { .sent = now->sent - base->sent,
				   .drops = now->drops - base->drops,
				   .unasked = now->unasked - base->unasked,
				   .replies = now->replies - base->replies,
				   .rtt_us = now->rtt_us };

	if (all.unasked && all.unasked < all.sent)
		all.replies = all.replies * all.sent / (all.sent - all.unasked);
	return all;
}

static void mark(struct pace *p, uint64_t now, const struct pace_counts *counts)
{
	p->mark_ns = now;
	p->base = *counts;
}

static void ramp_step(struct pace *p, uint32_t rate, uint64_t now,
		      const struct pace_counts *counts)
{
	p->rate = rate > RAMP_MAX ? RAMP_MAX : rate;
	p->ramp.measuring = p->ramp.draining = false;
	p->ramp.misses = 0;
	mark(p, now, counts);
}

/* Back to `rate` as soon as the queues that a step too high has filled are empty. */
static void ramp_back(struct pace *p, uint32_t rate, uint64_t now,
		      const struct pace_counts *counts)
{
	ramp_step(p, PACE_PROBE, now, counts);
	p->ramp.draining = true;
	p->ramp.next = rate < PACE_PROBE ? PACE_PROBE : rate;
}

static void ramp_begin(struct pace *p, uint32_t rate, uint64_t now,
		       const struct pace_counts *counts)
{
	p->state = FLOOD_RAMP;
	p->ramp = (struct pace_ramp){ .begin_ns = now };
	ramp_step(p, rate, now, counts);
}

static void hold_begin(struct pace *p, uint32_t rate, uint64_t now,
		       const struct pace_counts *counts)
{
	p->state = FLOOD_HOLD;
	p->rate = rate;
	p->hold.heard_ns = now;
	p->hold.poor_ns = p->hold.calm_ns = 0;
	/* Another unit, perhaps: what was saved up for probing is nothing. */
	if (p->mbits || p->burst)
		p->bucket.credit = 0;
	p->bucket.next_burst_ns = now;
	mark(p, now, counts);
}

static uint32_t hold_rate(uint64_t replies, uint64_t elapsed)
{
	uint64_t rate = replies * NS_PER_SEC / elapsed * HOLD_PERCENT / 100;

	return rate < PACE_FLOOR ? PACE_FLOOR : (uint32_t)rate;
}

/* Queues fill before they drop: with a round trip this long the target is behind. */
static bool lags(const struct pace *p, uint32_t rtt_us, uint32_t fine_us)
{
	return rtt_us > fine_us && rtt_us > p->ramp.rtt_us * RTT_FACTOR;
}

static bool keeps_up(const struct pace *p, const struct pace_counts *step,
		     uint64_t elapsed)
{
	uint64_t attempts = step->sent + step->drops;

	if (attempts * 100 < p->rate * elapsed / NS_PER_SEC * SENDS_PERCENT)
		return false;
	if (lags(p, step->rtt_us, RAMP_RTT_FINE))
		return false;
	return step->replies * 100 >= attempts * KEEPS_PERCENT;
}

/* Both tries failed, or the target is gone. */
static void ramp_end(struct pace *p, uint64_t now, const struct pace_counts *counts)
{
	if (p->ramp.best) {
		hold_begin(p, hold_rate(p->ramp.best, NS_PER_SEC), now, counts);
		return;
	}
	/* It went away before anything was learnt. */
	p->state = FLOOD_WAIT;
	p->rate = probe_rate(p->wanted);
	mark(p, now, counts);
}

static void ramp_miss(struct pace *p, uint64_t now, const struct pace_counts *counts,
		      bool heard)
{
	bool poor = p->ramp.best < RAMP_POOR && !p->hold.trusted;

	p->ramp.tries++;
	if (!heard || (p->ramp.tries >= RAMP_TRIES && !poor)) {
		ramp_end(p, now, counts);
	} else if (poor && now - p->ramp.begin_ns >= RAMP_PATIENCE) {
		p->hold.doubt = true;
		ramp_end(p, now, counts);
	} else {
		ramp_back(p, p->rate / RAMP_FACTOR, now, counts);
	}
}

static void ramp_judge(struct pace *p, uint64_t now, const struct pace_counts *counts)
{
	struct pace_counts step = since(counts, &p->base);
	uint64_t elapsed = now - p->mark_ns;
	uint64_t answered = step.replies * NS_PER_SEC / elapsed;
	bool keeps = keeps_up(p, &step, elapsed);

	/* A second look takes in the first: replies that a stall held back have come. */
	if (!keeps && ++p->ramp.misses < RAMP_MISSES)
		return;
	if (answered > p->rate)
		answered = p->rate;
	if (answered > p->ramp.best)
		p->ramp.best = (uint32_t)answered;
	if (!keeps) {
		ramp_miss(p, now, counts, step.replies);
	} else if (p->rate >= RAMP_MAX) {
		ramp_end(p, now, counts);
	} else {
		if (step.rtt_us && (!p->ramp.rtt_us || step.rtt_us < p->ramp.rtt_us))
			p->ramp.rtt_us = step.rtt_us;
		ramp_step(p, p->rate * RAMP_FACTOR, now, counts);
	}
}

static void ramp_feed(struct pace *p, uint64_t now, const struct pace_counts *counts)
{
	if (p->ramp.draining) {
		uint64_t elapsed = now - p->mark_ns;

		if (elapsed >= RAMP_DRAIN || (elapsed >= RAMP_SETTLE && counts->rtt_us &&
					      !lags(p, counts->rtt_us, RAMP_RTT_FINE)))
			ramp_step(p, p->ramp.next, now, counts);
	} else if (!p->ramp.measuring && now - p->mark_ns >= RAMP_SETTLE) {
		p->ramp.measuring = true;
		mark(p, now, counts);
	} else if (p->ramp.measuring &&
		   now - p->mark_ns >= RAMP_MEASURE * (p->ramp.misses + 1)) {
		ramp_judge(p, now, counts);
	}
}

/*
 * Lowers the rate of a target that answers, but too little for too long; to a quarter at
 * most, for this may be a boot that is only busy for the moment.
 */
static void hold_poor(struct pace *p, uint64_t now, const struct pace_counts *counts)
{
	struct pace_counts all = since(counts, &p->hold.poor_base);
	uint32_t rate;

	p->hold.calm_ns = 0;
	if (!p->hold.poor_ns) {
		p->hold.poor_ns = now;
		p->hold.poor_base = *counts;
		return;
	}
	if (now - p->hold.poor_ns < HOLD_POOR)
		return;
	rate = hold_rate(all.replies, now - p->hold.poor_ns);
	p->hold.poor_ns = 0;
	if (rate >= p->rate)
		return;
	p->rate = rate < p->rate / HOLD_STEP ? p->rate / HOLD_STEP : rate;
	p->hold.doubt = true;
}

/* Looks higher, when the rate is in doubt and the target keeps up with it. */
static void hold_good(struct pace *p, uint64_t now, const struct pace_counts *counts,
		      bool calm)
{
	p->hold.poor_ns = 0;
	if (!calm || !p->hold.doubt)
		p->hold.calm_ns = 0;
	else if (!p->hold.calm_ns)
		p->hold.calm_ns = now;
	else if (now - p->hold.calm_ns >= HOLD_CALM << p->hold.looks) {
		/* Found in peace, it need not be found again; not soon, at least. */
		p->hold.doubt = false;
		p->hold.trusted = true;
		p->hold.looks += p->hold.looks < HOLD_LOOKS;
		ramp_begin(p, p->rate, now, counts);
	}
}

/* A network driver that only receives any more, say. */
static void hold_silent(struct pace *p, uint64_t now)
{
	uint64_t since_ns = p->hold.heard_ns > p->up_ns ? p->hold.heard_ns : p->up_ns;

	p->hold.calm_ns = 0;
	if (now - p->hold.heard_ns >= HOLD_SILENCE)
		p->hold.poor_ns = 0;
	if (!p->up_ns || now - since_ns < UP_SILENCE)
		return;
	p->up_ns = now;
	p->hold.doubt = true;
	p->hold.looks = 0;
	p->rate = p->rate / HOLD_STEP > PACE_FLOOR ? p->rate / HOLD_STEP : PACE_FLOOR;
}

static void hold_feed(struct pace *p, uint64_t now, const struct pace_counts *counts)
{
	struct pace_counts look;
	uint64_t attempts;

	if (p->wanted != FLOOD_RATE_AUTO || now - p->mark_ns < HOLD_LOOK)
		return;
	look = since(counts, &p->base);
	attempts = look.sent + look.drops;
	mark(p, now, counts);
	if (!look.replies) {
		hold_silent(p, now);
		return;
	}
	/* After a gap this is another boot: what the last one could says little of it. */
	if (now - p->hold.heard_ns >= HOLD_SILENCE + HOLD_LOOK) {
		p->hold.doubt = true;
		p->hold.looks = 0;
	}
	p->hold.heard_ns = now;
	if (look.replies * 100 < attempts * PACE_POOR_PERCENT ||
	    lags(p, look.rtt_us, HOLD_RTT_FINE))
		hold_poor(p, now, counts);
	else
		hold_good(p, now, counts, look.replies * 100 >= attempts * KEEPS_PERCENT);
}

void pace_deaf(struct pace *p, uint64_t now)
{
	hold_begin(p, p->wanted, now, &p->base);
}

void pace_press(struct pace *p, uint64_t now)
{
	if (p->wanted != FLOOD_RATE_AUTO || p->drive.by != DRIVE_NOT)
		return;
	p->drive = (struct pace_drive){ .by = DRIVE_PRESS,
					.begin_ns = now,
					.calm_rate = p->rate };
	p->rate = p->rate > UINT32_MAX / 2 / PACE_PRESS_FACTOR ?
			  UINT32_MAX / 2 :
			  p->rate * PACE_PRESS_FACTOR;
	if (p->rate < PACE_PRESS_MIN)
		p->rate = PACE_PRESS_MIN;
}

void pace_surge(struct pace *p, uint64_t now, const struct pace_counts *counts)
{
	const uint32_t calm = p->drive.by ? p->drive.calm_rate : p->rate;

	if (p->drive.by == DRIVE_SURGE)
		return;
	p->drive = (struct pace_drive){ .by = DRIVE_SURGE,
					.begin_ns = now,
					.heard_ns = now,
					.replies = counts->replies,
					.calm_rate = calm };
	p->rate = FLOOD_RATE_MAX;
}

/* What was sent meanwhile tells nothing about the rate: each state starts anew. */
void pace_release(struct pace *p, uint64_t now, const struct pace_counts *counts)
{
	if (p->drive.by == DRIVE_NOT)
		return;
	p->drive.by = DRIVE_NOT;
	p->bucket.credit = 0;
	p->bucket.debt = p->bucket.overflow = 0;
	p->bucket.filled_ns = now;
	p->rate = p->drive.calm_rate;
	if (p->state == FLOOD_RAMP)
		ramp_begin(p, p->rate, now, counts);
	else if (p->state == FLOOD_HOLD)
		hold_begin(p, p->rate, now, counts);
	else
		mark(p, now, counts);
}

static bool is_driven(struct pace_drive *d, uint64_t now,
		      const struct pace_counts *counts)
{
	if (d->by == DRIVE_NOT || now - d->begin_ns >= DRIVE_TIME)
		return false;
	if (counts->replies != d->replies)
		d->heard_ns = now;
	d->replies = counts->replies;
	return d->by == DRIVE_PRESS || now - d->heard_ns < SURGE_SILENCE;
}

void pace_feed(struct pace *p, uint64_t now, const struct pace_counts *counts)
{
	if (is_driven(&p->drive, now, counts))
		return;
	pace_release(p, now, counts);
	switch (p->state) {
	case FLOOD_WAIT:
		if (counts->replies == p->base.replies)
			break;
		if (p->wanted == FLOOD_RATE_AUTO)
			ramp_begin(p, RAMP_START, now, counts);
		else
			hold_begin(p, p->wanted, now, counts);
		break;
	case FLOOD_RAMP:
		ramp_feed(p, now, counts);
		break;
	case FLOOD_HOLD:
		hold_feed(p, now, counts);
		break;
	}
}
