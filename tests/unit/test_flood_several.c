// SPDX-License-Identifier: GPL-2.0-or-later
/* Samples and timelines of several floods as one. */
#include "base/num.h"
#include "flood/flood.h"
#include "flood/timeline.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct flood_sample here = {
	.state = FLOOD_HOLD,
	.at_ns = 5000,
	.sent = 100,
	.replies = 90,
	.drops = 7,
	.bad = 1,
	.rate = 1000,
	.reply_rate = 900,
	.rtt_us = 5,
	.lost = 3,
	.duplicates = 4,
	.reports = 2,
	.rtt_p50_us = 10,
	.rtt_p90_us = 30,
	.rtt_p99_us = 40,
	.rtt_max_us = 50,
	.steady = true,
	.last_reply_ns = 4900,
	.first_reply_ns = 1000,
};
static const struct flood_sample there = {
	.state = FLOOD_RAMP,
	.at_ns = 4000,
	.sent = 10,
	.replies = 9,
	.drops = 70,
	.bad = 10,
	.rate = 500,
	.reply_rate = 90,
	.rtt_us = 6,
	.lost = 30,
	.duplicates = 40,
	.reports = 20,
	.rtt_p50_us = 9,
	.rtt_p90_us = 31,
	.rtt_p99_us = 39,
	.rtt_max_us = 51,
	.steady = true,
	.last_reply_ns = 3900,
	.first_reply_ns = 2000,
};

static void counts_add_up(void **state)
{
	struct flood_sample both[2] = { here, there }, sum;

	(void)state;
	flood_errors_count(&both[0].errors, ENOBUFS);
	flood_errors_count(&both[1].errors, ENOBUFS);
	sum = several_sum(both, 2);
	assert_int_equal(sum.sent, 110);
	assert_int_equal(sum.replies, 99);
	assert_int_equal(sum.drops, 77);
	assert_int_equal(sum.bad, 11);
	assert_int_equal(sum.lost, 33);
	assert_int_equal(sum.duplicates, 44);
	assert_int_equal(sum.reports, 22);
	assert_int_equal(sum.rate, 1500);
	assert_int_equal(sum.reply_rate, 990);
	assert_int_equal(sum.rtt_us, 6);
	assert_int_equal(sum.rtt_p50_us, 10);
	assert_int_equal(sum.rtt_p90_us, 31);
	assert_int_equal(sum.rtt_p99_us, 40);
	assert_int_equal(sum.rtt_max_us, 51);
	assert_int_equal(sum.state, FLOOD_RAMP);
	assert_int_equal(sum.at_ns, 5000);
	assert_int_equal(sum.last_reply_ns, 4900);
	assert_int_equal(sum.first_reply_ns, 1000);
	assert_int_equal(flood_errors_all(&sum.errors), 2);
	assert_true(sum.steady);
	both[1].steady = false;
	both[1].rate = FLOOD_RATE_MAX;
	sum = several_sum(both, 2);
	assert_false(sum.steady);
	assert_int_equal(sum.rate, FLOOD_RATE_MAX);
	/* One that has told nothing yet has no replies. */
	both[1] = (struct flood_sample){ 0 };
	sum = several_sum(both, 2);
	assert_int_equal(sum.state, FLOOD_WAIT);
	assert_false(sum.steady);
	assert_int_equal(sum.first_reply_ns, 1000);
}

static void one_is_itself(void **state)
{
	struct flood_sample sum = several_sum(&here, 1);

	(void)state;
	assert_memory_equal(&sum, &here, sizeof(sum));
}

#define MS NS_PER_MSEC

/* Times in ms: first and last reply of each, and the first reply of all. */
static void silence_is_of_all(void **state)
{
	static const struct {
		uint64_t times[3][2], first;
	} cases[] = {
		{ { { 0, 0 }, { 0, 0 }, { 0, 0 } }, 0 },
		{ { { 5000, 9000 }, { 0, 0 }, { 0, 0 } }, 5000 },
		/* Both are back, one a little later. */
		{ { { 5000, 9000 }, { 5200, 9000 }, { 0, 0 } }, 5000 },
		/* One is back, the other's last time was before. */
		{ { { 5000, 9000 }, { 100, 4000 }, { 0, 0 } }, 5000 },
		/* One was silent, another one was not. */
		{ { { 5000, 9000 }, { 100, 9000 }, { 0, 0 } }, 100 },
		/* They relieve each other. */
		{ { { 5000, 9000 }, { 3000, 4600 }, { 1000, 2500 } }, 1000 },
		{ { { 5000, 9000 }, { 3000, 4600 }, { 1000, 2499 } }, 3000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct flood_sample samples[3] = { 0 };

		for (unsigned int j = 0; j < 3; j++) {
			samples[j].first_reply_ns = cases[i].times[j][0] * MS;
			samples[j].last_reply_ns = cases[i].times[j][1] * MS;
		}
		assert_int_equal(several_sum(samples, 3).first_reply_ns,
				 cases[i].first * MS);
	}
}

/* A reader of samples must not take one's for that of all. */
static void line_of_one(void **state)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	struct flood_sample back;

	(void)state;
	several_format("eth1", &here, &line);
	assert_non_null(strstr(line.s, "interface name=eth1 state=hold sent=100 "));
	assert_false(flood_sample_parse((struct text){ line.s, line.n }, &back));
}

static void merge(struct timeline *t, const char *line)
{
	struct timeline_part part;

	assert_true(timeline_parse(text_of(line), &part));
	timeline_merge(t, &part);
}

static void assert_line(struct timeline *t, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };

	assert_true(timeline_line(t, &line));
	assert_string_equal(line.s, wanted);
}

static void timelines_add_up(void **state)
{
	static struct timeline t;

	(void)state;
	t = (struct timeline){ 0 };
	merge(&t, "timeline at=5000000 sent=1x3 replies=1,0x2");
	merge(&t, "timeline at=8000000 sent=2 replies=0");
	/* Begins earlier, and ends later. */
	merge(&t, "timeline at=4000000 sent=10x6 replies=5x6");
	assert_line(&t, "timeline at=4000000 sent=10,11x3,12,10 replies=5,6,5x4");
	assert_line(&t, "timeline end");
	assert_false(timeline_line(&t, &(struct strbuf){ 0 }));
}

/* Of another time: the ring has no place for it. */
static void timelines_far_apart(void **state)
{
	static struct timeline t;

	(void)state;
	t = (struct timeline){ 0 };
	merge(&t, "timeline at=20000000000 sent=1x2 replies=0x2");
	merge(&t, "timeline at=1000000000 sent=9x2 replies=9x2");
	merge(&t, "timeline at=90000000000 sent=9x2 replies=9x2");
	merge(&t, "timeline at=20000000000 sent=1x2 replies=1x2");
	assert_line(&t, "timeline at=20000000000 sent=2x2 replies=1x2");
	assert_line(&t, "timeline end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_add_up),
		cmocka_unit_test(one_is_itself),
		cmocka_unit_test(silence_is_of_all),
		cmocka_unit_test(line_of_one),
		cmocka_unit_test(timelines_add_up),
		cmocka_unit_test(timelines_far_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
