// SPDX-License-Identifier: GPL-2.0-or-later
/* The pace against played targets, in virtual time. */
#include "base/num.h"
#include "flood/pace/pace.h"
#include "flood/pace/steady.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START    (1000 * NS_PER_SEC)
#define NO_LIMIT UINT32_MAX

/* A target with a queue in front of it. */
struct played {
	struct pace pace;
	struct steady steady;
	uint64_t now, last_sample;
	struct pace_counts counts, sampled;
	uint32_t capacity;        /* answers a second */
	unsigned int loss;        /* percent of the requests that are lost */
	unsigned int queue_max;   /* requests that wait for an answer */
	uint32_t livelock;        /* with more requests a second than this it does half */
	double queue, work, lost; /* fractions add up */
	bool down;                /* answers nothing, takes all */
	bool blocked;             /* takes nothing */
};

static struct played play_start(uint32_t wanted, uint32_t capacity)
{
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	struct played p = {
		.now = START, .last_sample = START, .capacity = capacity, .queue_max = 300
	};

	spec.rate = wanted;
	pace_init(&p.pace, &spec, 0, START);
	steady_init(&p.steady, &spec);
	return p;
}

static void play_target(struct played *p, unsigned int n)
{
	double can = p->capacity / 1000.0;

	if (p->livelock && p->pace.rate > p->livelock)
		can /= 2;
	p->lost += n * p->loss / 100.0;
	p->queue += n - (unsigned int)p->lost;
	p->lost -= (unsigned int)p->lost;
	if (p->queue > p->queue_max)
		p->queue = p->queue_max;
	p->work += can < p->queue ? can : p->queue;
	p->queue -= can < p->queue ? can : p->queue;
	p->counts.replies += (uint64_t)p->work;
	p->counts.rtt_us = (uint32_t)(500 + p->queue / can * 1000);
	p->work -= (uint64_t)p->work;
}

static void play_sample(struct played *p)
{
	steady_add(&p->steady, &p->pace,
		   &(struct steady_sample){
			   .elapsed_ns = p->now - p->last_sample,
			   .attempts = p->counts.sent + p->counts.drops -
				       p->sampled.sent - p->sampled.drops,
			   .replies = p->counts.replies - p->sampled.replies });
	p->sampled = p->counts;
	p->last_sample = p->now;
}

static void play(struct played *p, unsigned int ms)
{
	while (ms--) {
		unsigned int n;

		p->now += NS_PER_MSEC;
		pace_feed(&p->pace, p->now, &p->counts);
		n = pace_due(&p->pace, p->now);
		if (p->blocked) {
			p->counts.drops += pace_take_overflow(&p->pace, false);
			n = 0;
		} else {
			pace_spend(&p->pace, n, 0);
			p->counts.sent += n;
		}
		if (p->down)
			p->queue = 0;
		else
			play_target(p, n);
		if (p->now - p->last_sample >= 100 * NS_PER_MSEC)
			play_sample(p);
	}
}

/* Milliseconds until the pace holds, at most `limit`. */
static unsigned int play_until_hold(struct played *p, unsigned int limit)
{
	unsigned int ms = 0;

	while (p->pace.state != FLOOD_HOLD && ms < limit) {
		play(p, 1);
		ms++;
	}
	return ms;
}

static void test_probes_until_answered(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 2000);

	(void)state;
	p.down = true;
	play(&p, 10000);
	assert_int_equal(p.pace.state, FLOOD_WAIT);
	assert_in_range(p.counts.sent, 490, 510);
	assert_false(steady_judge(&p.steady));
}

static void test_finds_capacity(void **state)
{
	static const uint32_t capacities[] = { 2500, 4000, 9000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(capacities); i++) {
		struct played p = play_start(FLOOD_RATE_AUTO, capacities[i]);

		assert_in_range(play_until_hold(&p, 5000), 1, 1800);
		assert_in_range(p.pace.rate, capacities[i] * 70 / 100,
				capacities[i] * 85 / 100);
		assert_false(steady_judge(&p.steady));
		/* What the ramp queued up is answered, then five samples. */
		play(&p, 1700);
		assert_true(steady_judge(&p.steady));
		assert_in_range(steady_reply_rate(&p.steady), p.pace.rate * 95 / 100,
				p.pace.rate * 105 / 100);
		/* And that is that. */
		play(&p, 20000);
		assert_true(steady_judge(&p.steady));
	}
}

static void test_slow_target(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 300);

	(void)state;
	assert_in_range(play_until_hold(&p, 5000), 1, 3600);
	assert_in_range(p.pace.rate, 210, 255);
	/* It is doubted once, then believed. */
	play(&p, 10000);
	assert_in_range(p.pace.rate, 210, 255);
	assert_true(p.pace.hold.trusted);
	assert_false(p.pace.hold.doubt);
	for (unsigned int i = 0; i < 100; i++) {
		play(&p, 100);
		assert_true(steady_judge(&p.steady));
	}
}

/* It answers while it is still booting. */
static void test_busy_boot(void **state)
{
	static const unsigned int busy_ms[] = { 300, 700, 2000, 5000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(busy_ms); i++) {
		struct played p = play_start(FLOOD_RATE_AUTO, 150);

		play(&p, busy_ms[i]);
		p.capacity = 4000;
		play(&p, 7000);
		assert_int_equal(p.pace.state, FLOOD_HOLD);
		assert_in_range(p.pace.rate, 2800, 3400);
		assert_true(steady_judge(&p.steady));
	}
}

/* The step of the overload says nothing about what the target can do. */
static void test_livelock(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 2500);

	(void)state;
	p.livelock = 2500;
	play_until_hold(&p, 5000);
	assert_in_range(p.pace.rate, 1500, 2500);
}

static void test_very_slow_target_gets_the_floor(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 40);

	(void)state;
	play_until_hold(&p, 5000);
	assert_int_equal(p.pace.rate, PACE_FLOOR);
}

static void test_holds_when_replies_stop(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 2000);
	uint64_t sent;
	uint32_t rate;

	(void)state;
	play_until_hold(&p, 5000);
	play(&p, 2000);
	rate = p.pace.rate;
	sent = p.counts.sent;
	p.down = true;
	play(&p, 10000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_int_equal(p.pace.rate, rate);
	assert_in_range(p.counts.sent - sent, 10 * rate - rate / 50,
			10 * rate + rate / 50);
	assert_false(steady_judge(&p.steady));
	/* The next boot: the same rate, and steady again at once. */
	p.down = false;
	play(&p, 700);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_int_equal(p.pace.rate, rate);
	assert_true(steady_judge(&p.steady));
}

static void test_holds_when_path_blocks(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 2000);
	uint64_t drops;

	(void)state;
	play_until_hold(&p, 5000);
	play(&p, 1000);
	p.blocked = p.down = true;
	drops = p.counts.drops;
	play(&p, 5000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_in_range(p.counts.drops - drops, p.pace.rate * 49 / 10,
			p.pace.rate * 51 / 10);
	/* No more than the backlog goes out at once. */
	assert_true(pace_due(&p.pace, p.now + NS_PER_MSEC) <=
		    p.pace.rate * PACE_BACKLOG_NS / NS_PER_SEC + 1);
}

static void test_lowers_for_a_slower_boot(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 4000);
	uint32_t rate;

	(void)state;
	play_until_hold(&p, 5000);
	play(&p, 1000);
	rate = p.pace.rate;
	p.down = true;
	play(&p, 2000);
	p.down = false;
	p.capacity = 1000;
	play(&p, 1500);
	assert_int_equal(p.pace.rate, rate);
	play(&p, 1000);
	assert_in_range(p.pace.rate, 700, 900);
	/* It can do everything again: found as soon as it keeps up for a while. */
	p.capacity = 4000;
	play(&p, 5000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_in_range(p.pace.rate, rate * 80 / 100, rate * 120 / 100);
	assert_true(steady_judge(&p.steady));
}

/* Answers that trickle in do not end the load: it is lowered in steps. */
static void test_lowers_in_steps(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 4000);
	uint32_t rate;

	(void)state;
	play_until_hold(&p, 5000);
	rate = p.pace.rate;
	p.capacity = 10;
	play(&p, 3000);
	assert_int_equal(p.pace.rate, rate / 4);
	play(&p, 30000);
	assert_int_equal(p.pace.rate, PACE_FLOOR);
}

/* Loss is not slowness, but nothing tells them apart: the load stays useful. */
static void test_loss(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, NO_LIMIT / 2);

	(void)state;
	p.loss = 30;
	play_until_hold(&p, 5000);
	assert_in_range(p.pace.rate, 100, 1000);
	play(&p, 1000);
	assert_true(steady_judge(&p.steady));
}

static void test_dies_in_ramp(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 4000);

	(void)state;
	play(&p, 400);
	assert_int_equal(p.pace.state, FLOOD_RAMP);
	p.down = true;
	play(&p, 2000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_true(p.pace.rate >= PACE_FLOOR);
}

static void test_dies_before_ramp_learns(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 4000);

	(void)state;
	while (p.pace.state == FLOOD_WAIT)
		play(&p, 1);
	p.down = true;
	play(&p, 1000);
	assert_int_equal(p.pace.state, FLOOD_WAIT);
	p.down = false;
	assert_in_range(play_until_hold(&p, 5000), 1, 1800);
	assert_in_range(p.pace.rate, 2800, 3400);
}

/* Pressed beyond what it can, a target's poor answers teach nothing. */
static void test_pressed_and_released(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 8000);
	uint32_t held;

	(void)state;
	play(&p, 3000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	held = p.pace.rate;
	pace_press(&p.pace, p.now);
	assert_int_equal(p.pace.rate, held * PACE_PRESS_FACTOR);
	pace_press(&p.pace, p.now);
	assert_int_equal(p.pace.rate, held * PACE_PRESS_FACTOR);
	play(&p, 5000);
	assert_int_equal(p.pace.rate, held * PACE_PRESS_FACTOR);
	pace_release(&p.pace, p.now, &p.counts);
	assert_int_equal(p.pace.rate, held);
	play(&p, 1000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_int_equal(p.pace.rate, held);
	/* A target that stays down is not pressed for ever. */
	pace_press(&p.pace, p.now);
	p.down = true;
	play(&p, 9000);
	assert_int_equal(p.pace.rate, held * PACE_PRESS_FACTOR);
	play(&p, 2000);
	assert_int_equal(p.pace.rate, held);
}

/* One that boots may be silent, and is sent what it could answer; not one that is up. */
static void test_up_and_silent(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 8000);
	uint32_t held;

	(void)state;
	play(&p, 3000);
	held = p.pace.rate;
	p.down = true;
	play(&p, 20000);
	assert_int_equal(p.pace.rate, held);
	p.pace.up_ns = p.now;
	play(&p, 2500);
	assert_int_equal(p.pace.rate, held);
	play(&p, 1000);
	assert_int_equal(p.pace.rate, held / 4);
	play(&p, 3000);
	assert_int_equal(p.pace.rate, held / 16);
	/* It breathes: what it can do is learnt again. */
	p.down = false;
	play(&p, 8000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_in_range(p.pace.rate, held * 8 / 10, held * 12 / 10);
	/* The next trigger's silence is none of it. */
	p.pace.up_ns = 0;
	held = p.pace.rate;
	p.down = true;
	play(&p, 20000);
	assert_int_equal(p.pace.rate, held);
	/* Nor is less than the floor sent. */
	p.pace.up_ns = p.now;
	play(&p, 60000);
	assert_int_equal(p.pace.rate, PACE_FLOOR);
}

static void test_press_fills_the_ring_of_a_slow_target(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 500);

	(void)state;
	play(&p, 6000);
	pace_press(&p.pace, p.now);
	assert_int_equal(p.pace.rate, PACE_PRESS_MIN);
}

static void test_deaf_does_not_probe(void **state)
{
	struct played p = play_start(7000, 0);

	(void)state;
	pace_deaf(&p.pace, START);
	play(&p, 1000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_int_equal(p.pace.rate, 7000);
	assert_int_equal(p.counts.replies, 0);
	assert_in_range(p.counts.sent, 6930, 7070);
}

static void test_press_leaves_a_wanted_rate_alone(void **state)
{
	struct played p = play_start(700, 2000);

	(void)state;
	play(&p, 1000);
	pace_press(&p.pace, p.now);
	assert_int_equal(p.pace.rate, 700);
	pace_release(&p.pace, p.now, &p.counts);
	assert_int_equal(p.pace.rate, 700);
}

static void test_fixed_rate(void **state)
{
	static const uint32_t rates[] = { 1, 10, 19, 20, 700, 20000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct played p = play_start(rates[i], 50000);
		uint64_t sent;

		play(&p, 1500);
		assert_int_equal(p.pace.state, FLOOD_HOLD);
		assert_int_equal(p.pace.rate, rates[i]);
		sent = p.counts.sent;
		play(&p, 20000);
		assert_in_range(p.counts.sent - sent, 20 * rates[i] - 1,
				20 * rates[i] + 1);
		assert_true(steady_judge(&p.steady));
		p.down = true;
		play(&p, 3000);
		assert_false(steady_judge(&p.steady));
	}
}

/* Ten a second are confirmed in little over a second. */
static void test_small_rate_is_confirmed_soon(void **state)
{
	struct played p = play_start(10, 50000);
	unsigned int ms = 0;

	(void)state;
	while (!steady_judge(&p.steady) && ms < 10000) {
		play(&p, 1);
		ms++;
	}
	assert_in_range(ms, 1000, 1500);
}

/* A fixed rate beyond what the target can do is what was asked for. */
static void test_fixed_rate_beyond_capacity(void **state)
{
	struct played p = play_start(20000, 2000);

	(void)state;
	play(&p, 5000);
	assert_int_equal(p.pace.rate, 20000);
	assert_true(steady_judge(&p.steady));
}

static void test_max(void **state)
{
	struct played p = play_start(FLOOD_RATE_MAX, 2000);

	(void)state;
	assert_int_equal(p.pace.rate, PACE_PROBE);
	play(&p, 100);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_int_equal(p.pace.rate, FLOOD_RATE_MAX);
	assert_int_equal(pace_due(&p.pace, p.now), PACE_BATCH);
	assert_true(pace_next_ns(&p.pace, p.now) <= p.now);
	play(&p, 1000);
	assert_true(steady_judge(&p.steady));
}

static void test_no_burst_after_a_gap(void **state)
{
	struct pace p;
	struct pace_counts counts = { .replies = 1 };
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;

	(void)state;
	spec.rate = 4000;
	pace_init(&p, &spec, 0, START);
	pace_feed(&p, START, &counts);
	assert_int_equal(p.rate, 4000);
	/* An hour of suspend. */
	assert_int_equal(pace_due(&p, START + 3600 * NS_PER_SEC), 41);
	pace_spend(&p, 41, 0);
	assert_int_equal(pace_due(&p, START + 3600 * NS_PER_SEC), 0);
	assert_int_equal(pace_next_ns(&p, START + 3600 * NS_PER_SEC),
			 START + 3600 * NS_PER_SEC + 250000);
}

static struct flood_spec spec_of(const char *words)
{
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	char *error = NULL;

	assert_int_equal(flood_spec_parse(words, &spec, &error), 0);
	return spec;
}

/* In its state, so that the first look at the time sends nothing. */
static struct pace pace_held(const char *words, uint32_t bits)
{
	struct flood_spec spec = spec_of(words);
	const struct pace_counts counts = { .replies = 1 };
	struct pace p;

	pace_init(&p, &spec, bits, START);
	pace_feed(&p, START, &counts);
	if (p.wanted == FLOOD_RATE_AUTO) {
		p.state = FLOOD_HOLD;
		p.rate = 3000;
	}
	assert_int_equal(p.state, FLOOD_HOLD);
	p.bucket.credit = 0;
	return p;
}

/* Ticks of a busy machine: late by up to some milliseconds, each so often by many. */
static uint64_t late_tick(unsigned int i)
{
	return NS_PER_MSEC + i * UINT64_C(7919) % 900000 +
	       (i % 97 == 0 && i < 7500 ? 35 * NS_PER_MSEC : 0);
}

/* Returns requests a second over ten seconds or so; the most at once goes to *most. */
static double pace_ticks(struct pace *p, uint32_t bits, unsigned int *most)
{
	uint64_t now = START, sent = 0;

	*most = 0;
	for (unsigned int i = 1; i < 8000; i++) {
		unsigned int n, batch, all = 0;

		now += late_tick(i);
		for (batch = 0; batch < 16; batch++) {
			n = pace_due(p, now);
			if (!n)
				break;
			pace_spend(p, n, (uint64_t)n * bits);
			all += n;
		}
		(void)pace_take_overflow(p, true);
		sent += all;
		*most = all > *most ? all : *most;
	}
	return (double)sent / ((double)(now - START) / 1e9);
}

static void test_rate_is_exact_in_spite_of_stalls(void **state)
{
	static const uint32_t rates[] = { 1000, 10000, 50000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		_cleanup_free_ char *words = xasprintf("rate=%u", rates[i]);
		struct pace p = pace_held(words, 0);
		unsigned int most;
		double rate = pace_ticks(&p, 0, &most);

		assert_true(rate > rates[i] * 0.999 && rate < rates[i] * 1.001);
		/* What was missed does not come at once. */
		assert_true(most <= rates[i] * (PACE_BACKLOG_NS + 2 * NS_PER_MSEC) /
						    NS_PER_SEC * 126 / 100 +
					    2);
	}
}

static void test_mbits_are_exact(void **state)
{
	static const uint32_t sizes[] = { 1000, 12304, 500000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct pace p = pace_held("rate=100Mbit", 12304);
		unsigned int most;
		double rate = pace_ticks(&p, sizes[i], &most) * sizes[i];

		assert_int_equal(p.rate, 100000000 / 12304);
		assert_true(rate > 99.9e6 && rate < 100.1e6);
	}
}

static void test_what_the_path_refuses_is_not_owed(void **state)
{
	struct pace p = pace_held("rate=1000", 0);

	(void)state;
	assert_int_equal(pace_due(&p, START + 500 * NS_PER_MSEC), 11);
	assert_int_equal(pace_take_overflow(&p, false), 489);
	assert_int_equal(p.bucket.debt, 0);
	/* And of a rate of our own choice, nothing ever is. */
	p = pace_held("rate=1000", 0);
	p.wanted = FLOOD_RATE_AUTO;
	(void)pace_due(&p, START + 500 * NS_PER_MSEC);
	assert_int_equal(pace_take_overflow(&p, true), 489);
	assert_int_equal(p.bucket.debt, 0);
}

static unsigned int pace_all(struct pace *p, uint64_t now)
{
	unsigned int n, all = 0;

	while ((n = pace_due(p, now))) {
		pace_spend(p, n, 0);
		all += n;
	}
	return all;
}

static void test_bursts(void **state)
{
	struct pace p = pace_held("burst=200/10ms", 0);

	(void)state;
	assert_int_equal(p.rate, 20000);
	assert_int_equal(pace_all(&p, START), 200);
	assert_int_equal(pace_next_ns(&p, START), START + 10 * NS_PER_MSEC);
	assert_int_equal(pace_all(&p, START + 9999999), 0);
	assert_int_equal(pace_all(&p, START + 10 * NS_PER_MSEC), 200);
	/* Late, it is still one burst, and the next comes when it would have come. */
	assert_int_equal(pace_all(&p, START + 29 * NS_PER_MSEC), 200);
	assert_int_equal(pace_take_overflow(&p, true), 0);
	assert_int_equal(pace_next_ns(&p, START + 29 * NS_PER_MSEC),
			 START + 30 * NS_PER_MSEC);
	assert_int_equal(pace_all(&p, START + 51 * NS_PER_MSEC), 200);
	assert_int_equal(pace_take_overflow(&p, true), 400);
	/* What is not taken until the next one is past. */
	assert_int_equal(pace_due(&p, START + 60 * NS_PER_MSEC), PACE_BATCH);
	pace_spend(&p, 50, 0);
	assert_int_equal(pace_due(&p, START + 61 * NS_PER_MSEC), PACE_BATCH);
	assert_int_equal(pace_all(&p, START + 70 * NS_PER_MSEC), 200);
	assert_int_equal(pace_take_overflow(&p, false), 150);
	/* A suspend is nobody's burst. */
	assert_int_equal(pace_all(&p, START + 3600 * NS_PER_SEC), 200);
	assert_int_equal(pace_take_overflow(&p, false), 0);
}

static void test_surge(void **state)
{
	static const char *const words[] = { "rate=700", "rate=auto", "burst=7/10ms",
					     "rate=8Mbit" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct pace p = pace_held(words[i], 11424);
		struct pace_counts counts = { .replies = 1 };
		uint64_t now = START;
		uint32_t rate = p.rate;

		pace_surge(&p, now, &counts);
		assert_int_equal(p.rate, FLOOD_RATE_MAX);
		assert_int_equal(pace_due(&p, now), PACE_BATCH);
		/* As long as it answers, and 100 ms more. */
		for (unsigned int ms = 0; ms < 500; ms++) {
			now += NS_PER_MSEC;
			counts.sent += 300;
			counts.replies += ms % 50 == 0;
			pace_press(&p, now);
			pace_feed(&p, now, &counts);
			assert_int_equal(p.rate, FLOOD_RATE_MAX);
		}
		for (unsigned int ms = 0; ms < 49; ms++) {
			now += NS_PER_MSEC;
			pace_feed(&p, now, &counts);
			assert_int_equal(p.rate, FLOOD_RATE_MAX);
		}
		pace_feed(&p, now + 3 * NS_PER_MSEC, &counts);
		assert_int_equal(p.rate, rate);
		assert_int_equal(p.state, FLOOD_HOLD);
		/* Released, and without end. */
		pace_surge(&p, now, &counts);
		pace_release(&p, now, &counts);
		assert_int_equal(p.rate, rate);
		pace_surge(&p, now, &counts);
		for (unsigned int ms = 0; ms < 10000; ms++) {
			assert_int_equal(p.rate, FLOOD_RATE_MAX);
			now += NS_PER_MSEC;
			counts.replies++;
			pace_feed(&p, now, &counts);
		}
		assert_int_equal(p.rate, rate);
	}
}

/* Of a mix, three in four are never answered: the rate is found all the same. */
static void test_mix(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 4000);
	uint64_t seen = 0;

	(void)state;
	for (unsigned int ms = 0; ms < 3000; ms++) {
		struct pace_counts counts;
		unsigned int n;

		p.now += NS_PER_MSEC;
		counts = p.counts;
		counts.unasked = counts.sent * 3 / 4;
		counts.replies /= 4;
		pace_feed(&p.pace, p.now, &counts);
		n = pace_due(&p.pace, p.now);
		pace_spend(&p.pace, n, 0);
		p.counts.sent += n;
		play_target(&p, n);
		seen += n;
	}
	assert_int_equal(seen, p.counts.sent);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_in_range(p.pace.rate, 2800, 3400);
}

/* The first boot was slow to answer; the next is not: that is found out in its peace. */
static void test_learns_anew_after_a_boot(void **state)
{
	struct played p = play_start(FLOOD_RATE_AUTO, 3000);

	(void)state;
	play_until_hold(&p, 5000);
	play(&p, 1000);
	assert_in_range(p.pace.rate, 2100, 2600);
	p.down = true;
	play(&p, 3000);
	p.down = false;
	p.capacity = 9000;
	/* At once the same, so that a trigger need not wait. */
	play(&p, 1000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_in_range(p.pace.rate, 2100, 2600);
	assert_true(steady_judge(&p.steady));
	play(&p, 4000);
	assert_int_equal(p.pace.state, FLOOD_HOLD);
	assert_in_range(p.pace.rate, 6300, 7700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probes_until_answered),
		cmocka_unit_test(test_finds_capacity),
		cmocka_unit_test(test_slow_target),
		cmocka_unit_test(test_busy_boot),
		cmocka_unit_test(test_livelock),
		cmocka_unit_test(test_very_slow_target_gets_the_floor),
		cmocka_unit_test(test_holds_when_replies_stop),
		cmocka_unit_test(test_holds_when_path_blocks),
		cmocka_unit_test(test_lowers_for_a_slower_boot),
		cmocka_unit_test(test_lowers_in_steps),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_dies_in_ramp),
		cmocka_unit_test(test_dies_before_ramp_learns),
		cmocka_unit_test(test_pressed_and_released),
		cmocka_unit_test(test_up_and_silent),
		cmocka_unit_test(test_press_fills_the_ring_of_a_slow_target),
		cmocka_unit_test(test_deaf_does_not_probe),
		cmocka_unit_test(test_press_leaves_a_wanted_rate_alone),
		cmocka_unit_test(test_fixed_rate),
		cmocka_unit_test(test_small_rate_is_confirmed_soon),
		cmocka_unit_test(test_fixed_rate_beyond_capacity),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_no_burst_after_a_gap),
		cmocka_unit_test(test_rate_is_exact_in_spite_of_stalls),
		cmocka_unit_test(test_mbits_are_exact),
		cmocka_unit_test(test_what_the_path_refuses_is_not_owed),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_surge),
		cmocka_unit_test(test_mix),
		cmocka_unit_test(test_learns_anew_after_a_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
