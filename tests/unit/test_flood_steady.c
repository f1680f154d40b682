// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"
#include "flood/pace/steady.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct pace hold_1000 = { .state = FLOOD_HOLD, .rate = 1000 };

static void add(struct steady *s, const struct pace *pace, uint64_t attempts,
		uint64_t replies)
{
	steady_add(s, pace,
		   &(struct steady_sample){ .elapsed_ns = 100 * NS_PER_MSEC,
					    .attempts = attempts,
					    .replies = replies });
}

static struct steady filled(uint32_t wanted, const struct pace *pace, uint64_t replies)
{
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	struct steady s;

	spec.rate = wanted;
	steady_init(&s, &spec);
	/* The first sample at a rate was not held from its begin. */
	for (unsigned int i = 0; i < STEADY_BUCKETS + 1; i++)
		add(&s, pace, pace->rate / 10, replies);
	return s;
}

static void test_window(void **state)
{
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	struct steady s;

	(void)state;
	steady_init(&s, &spec);
	for (unsigned int i = 0; i < STEADY_BUCKETS; i++) {
		add(&s, &hold_1000, 100, 100);
		assert_false(steady_judge(&s));
	}
	add(&s, &hold_1000, 100, 100);
	assert_true(steady_judge(&s));
	assert_int_equal(steady_reply_rate(&s), 1000);
}

static void test_one_empty_sample(void **state)
{
	struct steady s = filled(FLOOD_RATE_AUTO, &hold_1000, 100);

	(void)state;
	add(&s, &hold_1000, 100, 0);
	for (unsigned int i = 0; i < STEADY_BUCKETS; i++) {
		assert_false(steady_judge(&s));
		add(&s, &hold_1000, 100, 100);
	}
	assert_true(steady_judge(&s));
}

static void test_spread(void **state)
{
	struct steady s = filled(FLOOD_RATE_AUTO, &hold_1000, 100);

	(void)state;
	add(&s, &hold_1000, 100, 70);
	assert_true(steady_judge(&s));
	add(&s, &hold_1000, 100, 50);
	assert_false(steady_judge(&s));
	/* A sample that took longer may hold more. */
	s = filled(FLOOD_RATE_AUTO, &hold_1000, 100);
	steady_add(&s, &hold_1000,
		   &(struct steady_sample){ .elapsed_ns = 200 * NS_PER_MSEC,
					    .attempts = 200,
					    .replies = 200 });
	assert_true(steady_judge(&s));
}

/* Portions of a busy controller: large ones and small ones, but never none. */
static void test_long_window(void **state)
{
	struct steady s = filled(FLOOD_RATE_AUTO, &hold_1000, 100);
	unsigned int i;

	(void)state;
	for (i = 0; i < STEADY_LONG * STEADY_BUCKETS - 1; i++) {
		add(&s, &hold_1000, 100, i % 2 ? 30 : 170);
		assert_int_equal(steady_judge(&s),
				 i + 1 >= STEADY_LONG * STEADY_BUCKETS - 5);
	}
	add(&s, &hold_1000, 100, 20);
	assert_false(steady_judge(&s));
}

static void test_ratio(void **state)
{
	struct steady s = filled(FLOOD_RATE_AUTO, &hold_1000, 59);

	(void)state;
	assert_false(steady_judge(&s));
	s = filled(FLOOD_RATE_AUTO, &hold_1000, 61);
	assert_true(steady_judge(&s));
	s = filled(1000, &hold_1000, 10);
	assert_true(steady_judge(&s));
}

static void test_minimum(void **state)
{
	struct steady s = filled(1000, &hold_1000, 2);

	(void)state;
	assert_true(steady_judge(&s));
	s = filled(1000, &hold_1000, 1);
	assert_false(steady_judge(&s));
}

static void test_only_hold_counts(void **state)
{
	struct pace other = hold_1000;
	struct steady s = filled(FLOOD_RATE_AUTO, &hold_1000, 100);

	(void)state;
	other.rate = 900;
	add(&s, &other, 90, 90);
	assert_false(steady_judge(&s));
	s = filled(FLOOD_RATE_AUTO, &hold_1000, 100);
	other = hold_1000;
	other.state = FLOOD_RAMP;
	add(&s, &other, 100, 100);
	assert_false(steady_judge(&s));
	s = filled(FLOOD_RATE_AUTO, &other, 100);
	assert_false(steady_judge(&s));
	assert_int_equal(steady_reply_rate(&s), 1000);
}

/* Eight of nine are not answered, so the window is longer at the same rate. */
static void test_mix(void **state)
{
	static const struct pace hold = { .state = FLOOD_HOLD, .rate = 90 };
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	struct steady s;

	(void)state;
	spec.kinds = FLOOD_KIND(FLOOD_UDP);
	steady_init(&s, &spec);
	for (unsigned int i = 0; i < 2 * STEADY_BUCKETS + 1; i++) {
		assert_false(steady_judge(&s));
		add(&s, &hold, 1, 1);
	}
	assert_true(steady_judge(&s));
}

/* Nothing comes between bursts, and that is as it should be. */
static void test_bursts(void **state)
{
	static const struct pace hold = { .state = FLOOD_HOLD, .rate = 1000 };
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	struct steady s;

	(void)state;
	spec.burst = 500;
	spec.burst_ns = 500 * NS_PER_MSEC;
	steady_init(&s, &spec);
	for (unsigned int i = 0; i < 60; i++) {
		bool now = i % 5 == 0;

		add(&s, &hold, now ? 500 : 0, now ? 490 : 0);
		assert_int_equal(steady_judge(&s), i >= 50);
	}
	for (unsigned int i = 0; i < 20; i++)
		add(&s, &hold, i % 5 ? 0 : 500, 0);
	assert_false(steady_judge(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_mix),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_one_empty_sample),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_long_window),
		cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_minimum),
		cmocka_unit_test(test_only_hold_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
