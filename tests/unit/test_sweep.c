// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a sweep tries next, against races with a band of known width. */
#include "base/mem.h"
#include "base/random.h"
#include "judge/sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define WANTED_HITS 5
#define GIVE_UP     20000
#define SEEDS       21

/* A race that strikes with this chance for offsets of the band, and shows near evidence
 * around it. */
struct race {
	int64_t from_ns, to_ns;
	double chance, near_chance;
};

static double chance(uint64_t *random)
{
	return (double)(random_next(random) >> 11) * 0x1p-53;
}

static unsigned int attempts_to_hits(const struct race *race, bool adaptive,
				     uint64_t seed)
{
	const struct sweep_options options = { .window = { 0, 3000000 },
					       .adaptive = adaptive,
					       .seed = seed };
	uint64_t nature = seed * 77777 + 5;
	unsigned int hits = 0, n = 0;
	struct sweep sweep;

	sweep_init(&sweep, &options);
	while (hits < WANTED_HITS && n < GIVE_UP) {
		int64_t at = sweep_next(&sweep);
		bool inside = at >= race->from_ns && at < race->to_ns;
		enum sweep_evidence evidence = SWEEP_NOTHING;

		if (inside && chance(&nature) < race->chance)
			evidence = SWEEP_HIT;
		else if (chance(&nature) < race->near_chance)
			evidence = SWEEP_NEAR;
		hits += evidence == SWEEP_HIT;
		sweep_learn(&sweep, at, evidence);
		n++;
	}
	return n;
}

static int by_size(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static unsigned int median(const struct race *race, bool adaptive)
{
	unsigned int n[SEEDS];

	for (unsigned int i = 0; i < SEEDS; i++)
		n[i] = attempts_to_hits(race, adaptive, i + 1);
	qsort(n, SEEDS, sizeof(n[0]), by_size);
	return n[SEEDS / 2];
}

static void test_adaptive_needs_less_than_half(void **state)
{
	static const struct race races[] = {
		{ 1500000, 1600000, 0.40, 0 },   { 200000, 260000, 0.60, 0 },
		{ 2900000, 3000000, 0.30, 0 },   { 0, 100000, 0.50, 0 },
		{ 1000000, 1030000, 0.90, 0 },   { 1500000, 1600000, 0.40, 0.1 },
		{ 1500000, 1600000, 0.40, 0.9 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(races); i++) {
		unsigned int adaptive = median(&races[i], true);
		unsigned int even = median(&races[i], false);

		print_message("# band %zu: %u attempts, evenly %u\n", i, adaptive, even);
		assert_true(adaptive * 2 <= even);
	}
}

/* A race that strikes anywhere is not made harder to find. */
static void test_adaptive_does_no_harm(void **state)
{
	const struct race race = { 0, 3000000, 0.05, 0 };

	(void)state;
	assert_true(median(&race, true) <= median(&race, false) * 5 / 4);
}

/* One lucky hit far from the band does not hold the sweep for ever. */
static void test_lucky_hit_fades(void **state)
{
	const struct sweep_options options = { .window = { 0, 6400 },
					       .adaptive = true,
					       .seed = 3 };
	unsigned int there = 0;
	struct sweep sweep;

	(void)state;
	sweep_init(&sweep, &options);
	sweep_learn(&sweep, 50, SWEEP_HIT);
	for (unsigned int i = 0; i < 400; i++) {
		int64_t at = sweep_next(&sweep);

		there += i >= 300 && at < 500;
		sweep_learn(&sweep, at, SWEEP_NOTHING);
	}
	assert_true(there < 50);
}

static void test_same_seed_same_offsets(void **state)
{
	const struct sweep_options options = {
		.window = { -5000, 5000 }, .adaptive = true, .jitter_ns = 10, .seed = 42
	};
	struct sweep a, b;

	(void)state;
	sweep_init(&a, &options);
	sweep_init(&b, &options);
	for (unsigned int i = 0; i < 500; i++) {
		int64_t at = sweep_next(&a);

		assert_int_equal(at, sweep_next(&b));
		assert_in_range(at + 5000, 0, 10010);
		sweep_learn(&a, at, i % 7 ? SWEEP_NOTHING : SWEEP_HIT);
		sweep_learn(&b, at, i % 7 ? SWEEP_NOTHING : SWEEP_HIT);
	}
}

static void test_steps(void **state)
{
	const struct sweep_options options = { .window = { -100, 150 }, .step_ns = 100 };
	static const int64_t wanted[] = { -100, 0, 100, -100, 0, 100 };
	struct sweep sweep;

	(void)state;
	sweep_init(&sweep, &options);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(sweep_next(&sweep), wanted[i]);
}

/* --at=OFFSET, and evidence from outside of the window. */
static void test_one_offset(void **state)
{
	const struct sweep_options options = { .window = { 700, 700 }, .adaptive = true };
	struct sweep sweep;

	(void)state;
	sweep_init(&sweep, &options);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(sweep_next(&sweep), 700);
		sweep_learn(&sweep, i % 2 ? INT64_MIN / 4 : INT64_MAX / 4, SWEEP_HIT);
	}
}

/* Evenly means that every tenth of the window is tried soon. */
static void test_even_fills(void **state)
{
	const struct sweep_options options = { .window = { 0, 1000 }, .seed = 9 };
	unsigned int tenths[10] = { 0 };
	struct sweep sweep;

	(void)state;
	sweep_init(&sweep, &options);
	for (unsigned int i = 0; i < 100; i++)
		tenths[sweep_next(&sweep) / 100 % 10]++;
	for (size_t i = 0; i < ARRAY_SIZE(tenths); i++)
		assert_in_range(tenths[i], 8, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adaptive_needs_less_than_half),
		cmocka_unit_test(test_adaptive_does_no_harm),
		cmocka_unit_test(test_lucky_hit_fades),
		cmocka_unit_test(test_same_seed_same_offsets),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_one_offset),
		cmocka_unit_test(test_even_fills),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
