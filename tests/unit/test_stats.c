// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/stats.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_near(double value, double expected)
{
	assert_true(fabs(value - expected) < 5e-5);
}

/* Published examples of Wilson's interval: Newcombe 1998 (81/263, 15/148, 0/20, 1/29). */
static void intervals(void **state)
{
	static const struct {
		unsigned int hits, cycles;
		double low, high;
	} rows[] = {
		{ 81, 263, 0.2553, 0.3662 }, { 15, 148, 0.0624, 0.1605 },
		{ 0, 20, 0.0000, 0.1611 },   { 1, 29, 0.0061, 0.1718 },
		{ 29, 29, 0.8830, 1.0000 },  { 4, 10, 0.1682, 0.6873 },
		{ 0, 0, 0.0000, 1.0000 },    { 1, 1, 0.2065, 1.0000 },
		{ 9, 4, 0.5101, 1.0000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct stats_interval got =
			stats_interval_of(rows[i].hits, rows[i].cycles);

		assert_near(got.low, rows[i].low);
		assert_near(got.high, rows[i].high);
	}
}

static void intervals_hold_the_rate(void **state)
{
	(void)state;
	for (unsigned int n = 1; n < 200; n++)
		for (unsigned int hits = 0; hits <= n; hits++) {
			struct stats_interval got = stats_interval_of(hits, n);

			assert_true(got.low >= 0 && got.high <= 1);
			assert_true(got.low <= (double)hits / n);
			assert_true(got.high >= (double)hits / n);
		}
}

static void rate_below(void **state)
{
	(void)state;
	assert_near(stats_rate_below(0), 1);
	assert_near(stats_rate_below(1), 0.95);
	assert_near(stats_rate_below(10), 0.25887);
	assert_near(stats_rate_below(100), 0.02951);
	assert_near(stats_rate_below(1000), 0.0029912);
}

static void cycles_needed(void **state)
{
	(void)state;
	assert_int_equal(stats_cycles_needed(0), 0);
	assert_int_equal(stats_cycles_needed(-1), 0);
	assert_int_equal(stats_cycles_needed(1), 1);
	assert_int_equal(stats_cycles_needed(0.95), 1);
	assert_int_equal(stats_cycles_needed(0.5), 5);
	assert_int_equal(stats_cycles_needed(0.01), 299);
	assert_int_equal(stats_cycles_needed(1e-300), UINT32_MAX);
	/* The two are inverse to each other. */
	for (unsigned int n = 1; n < 1000; n++)
		assert_in_range(stats_cycles_needed(stats_rate_below(n) + 1e-12), n, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals),
		cmocka_unit_test(intervals_hold_the_rate),
		cmocka_unit_test(rate_below),
		cmocka_unit_test(cycles_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
