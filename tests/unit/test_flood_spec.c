// SPDX-License-Identifier: GPL-2.0-or-later
/* What is written and read as text: the spec, the samples. */
#include "load/flood.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_spec(void **state)
{
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	char *error = NULL;

	(void)state;
	assert_int_equal(flood_spec_parse("v6", &spec, &error), 0);
	assert_int_equal(spec.family, FLOOD_V6);
	assert_int_equal(spec.rate, FLOOD_RATE_AUTO);
	assert_int_equal(spec.size, 1400);
	assert_int_equal(flood_spec_parse("rate=max,both,size=64", &spec, &error), 0);
	assert_int_equal(spec.family, FLOOD_BOTH);
	assert_int_equal(spec.rate, FLOOD_RATE_MAX);
	assert_int_equal(spec.size, 64);
	assert_int_equal(flood_spec_parse("v4,rate=4000,rate=auto", &spec, &error), 0);
	assert_int_equal(spec.family, FLOOD_V4);
	assert_int_equal(spec.rate, FLOOD_RATE_AUTO);
	assert_null(error);
}

static void test_spec_errors(void **state)
{
	static const struct {
		const char *words, *error;
	} cases[] = {
		{ "", "flood word '' is not one of v4, v6, both, rate=N|max|auto, "
		      "size=BYTES" },
		{ "v4,", "flood word '' is not one of v4, v6, both, rate=N|max|auto, "
			 "size=BYTES" },
		{ "v5", "flood word 'v5' is not one of v4, v6, both, rate=N|max|auto, "
			"size=BYTES" },
		{ "v4,rate=0",
		  "rate '0' is not auto, max or a number from 1 to 10000000" },
		{ "rate=-1",
		  "rate '-1' is not auto, max or a number from 1 to 10000000" },
		{ "rate=10000001",
		  "rate '10000001' is not auto, max or a number from 1 to 10000000" },
		{ "rate=4294967295",
		  "rate '4294967295' is not auto, max or a number from 1 to 10000000" },
		{ "rate=", "rate '' is not auto, max or a number from 1 to 10000000" },
		{ "size=15", "size '15' is not a number from 16 to 65487" },
		{ "size=65488", "size '65488' is not a number from 16 to 65487" },
		{ "size=1k", "size '1k' is not a number from 16 to 65487" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct flood_spec spec = FLOOD_SPEC_DEFAULT;
		char *error = NULL;

		assert_int_equal(flood_spec_parse(cases[i].words, &spec, &error),
				 -EINVAL);
		assert_string_equal(error, cases[i].error);
		assert_int_equal(spec.family, FLOOD_BOTH);
		assert_int_equal(spec.size, 1400);
		free(error);
	}
}

static const struct flood_sample full = {
	.state = FLOOD_HOLD,
	.at_ns = UINT64_MAX,
	.sent = 1,
	.replies = 2,
	.drops = 3,
	.bad = 4,
	.rate = UINT32_MAX,
	.reply_rate = 6,
	.rtt_us = 7,
	.steady = true,
	.last_reply_ns = 8,
	.first_reply_ns = 9,
};

static void test_sample_round_trip(void **state)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	struct flood_sample back = { 0 };

	(void)state;
	flood_sample_format(&full, &line);
	assert_string_equal(line.s, "flood state=hold sent=1 replies=2 drops=3 bad=4 "
				    "rate=4294967295 reply_rate=6 rtt_us=7 steady=1 "
				    "first_reply=9 last_reply=8 at=18446744073709551615");
	assert_true(flood_sample_parse((struct text){ line.s, line.n }, &back));
	assert_int_equal(back.state, full.state);
	assert_int_equal(back.at_ns, full.at_ns);
	assert_int_equal(back.sent, full.sent);
	assert_int_equal(back.replies, full.replies);
	assert_int_equal(back.drops, full.drops);
	assert_int_equal(back.bad, full.bad);
	assert_int_equal(back.rate, full.rate);
	assert_int_equal(back.reply_rate, full.reply_rate);
	assert_int_equal(back.rtt_us, full.rtt_us);
	assert_true(back.steady);
	assert_int_equal(back.last_reply_ns, full.last_reply_ns);
	assert_int_equal(back.first_reply_ns, full.first_reply_ns);
}

static void test_sample_states(void **state)
{
	static const enum flood_state states[] = { FLOOD_WAIT, FLOOD_RAMP, FLOOD_HOLD };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		_cleanup_strbuf_ struct strbuf line = { 0 };
		struct flood_sample back, one = { .state = states[i], .at_ns = 1 };

		flood_sample_format(&one, &line);
		assert_true(flood_sample_parse((struct text){ line.s, line.n }, &back));
		assert_int_equal(back.state, states[i]);
	}
	assert_string_equal(flood_state_name(FLOOD_RAMP), "ramp");
	assert_string_equal(flood_state_name((enum flood_state)99), "?");
}

static void test_no_sample(void **state)
{
	static const char *const lines[] = {
		"",
		"flood",
		"flood ",
		"load state=hold at=1",
		"flood state=hold",
		"flood state=hold at=0",
		"flood state=held at=1",
		"flood at=1",
		"flood state=hold at=1 sent=x",
		"flood state=hold at=1 sent=-1",
		"flood state=hold at=1 sent=",
		"flood state=hold at=1 rate=4294967296",
		"flood state=hold at=1 steady=2",
		"flood state=hold at=99999999999999999999999999",
		" flood state=hold at=1",
	};
	struct flood_sample sample = full;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_false(flood_sample_parse(text_of(lines[i]), &sample));
		assert_int_equal(sample.sent, 1);
	}
	/* Another version's fields do no harm, missing ones are 0. */
	assert_true(flood_sample_parse(TEXT("flood state=ramp new=1 at=5"), &sample));
	assert_int_equal(sample.sent, 0);
	assert_int_equal(sample.at_ns, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_spec_errors),
		cmocka_unit_test(test_sample_round_trip),
		cmocka_unit_test(test_sample_states),
		cmocka_unit_test(test_no_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
