// SPDX-License-Identifier: GPL-2.0-or-later
/* The timeline around a trigger, from counts to lines and back; the round-trip histogram. */
#include "base/num.h"
#include "flood/pace/track.h"
#include "flood/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define START (1000 * NS_PER_SEC)

struct read {
	uint64_t from_ms;
	unsigned int n, lines, longest;
	uint32_t sent[TIMELINE_MS], replies[TIMELINE_MS];
};

static unsigned int expand(struct text runs, uint32_t *ret)
{
	uint32_t value, count;
	unsigned int n = 0;

	while (timeline_next(&runs, &value, &count))
		while (count--)
			ret[n++] = value;
	assert_int_equal(runs.n, 0);
	return n;
}

static const struct read *read_all(struct timeline *t)
{
	static struct read r;

	memset(&r, 0, sizeof(r));
	timeline_read(t);
	for (;;) {
		_cleanup_strbuf_ struct strbuf line = { 0 };
		struct timeline_part part;
		unsigned int n;

		assert_true(timeline_line(t, &line));
		assert_true(timeline_parse((struct text){ line.s, line.n }, &part));
		if (!part.at_ns)
			break;
		r.longest = line.n > r.longest ? (unsigned int)line.n : r.longest;
		if (!r.lines++)
			r.from_ms = part.at_ns / NS_PER_MSEC;
		assert_int_equal(part.at_ns, (r.from_ms + r.n) * NS_PER_MSEC);
		n = expand(part.sent, r.sent + r.n);
		assert_int_equal(expand(part.replies, r.replies + r.n), n);
		r.n += n;
	}
	assert_false(timeline_line(t, &(struct strbuf){ 0 }));
	return &r;
}

static struct timeline *new_timeline(void)
{
	return xcalloc(1, sizeof(struct timeline));
}

static void test_around_the_mark(void **state)
{
	_cleanup_free_ struct timeline *t = new_timeline();
	const struct read *r;
	const uint64_t mark = START / NS_PER_MSEC + 20000;

	(void)state;
	/* Three a millisecond, each tenth one answers twice as much. */
	for (uint64_t ms = START / NS_PER_MSEC; ms < mark; ms++) {
		timeline_add(t, ms * NS_PER_MSEC, 3, 0);
		timeline_add(t, ms * NS_PER_MSEC + 999999, 0, ms % 10 ? 1 : 2);
	}
	timeline_mark(t, mark * NS_PER_MSEC);
	for (uint64_t ms = mark; ms < mark + 3000; ms++)
		timeline_add(t, ms * NS_PER_MSEC, 5, ms < mark + 700);
	r = read_all(t);
	assert_int_equal(r->from_ms, mark - TIMELINE_BEFORE);
	/* Up to a while behind the last answer, which is all that matters. */
	assert_int_equal(r->n, TIMELINE_BEFORE + 699 + TIMELINE_AFTER);
	assert_int_equal(r->lines, (r->n + TIMELINE_LINE - 1) / TIMELINE_LINE);
	for (unsigned int i = 0; i < r->n; i++) {
		uint64_t ms = r->from_ms + i;

		assert_int_equal(r->sent[i], ms < mark ? 3 : 5);
		assert_int_equal(r->replies[i], ms >= mark + 700 ? 0 :
						ms >= mark       ? 1 :
						ms % 10          ? 1 :
								   2);
	}
	/* Read once, it is gone, and the next mark begins anew. */
	r = read_all(t);
	assert_int_equal(r->n, 0);
}

/* What comes long after a mark does not push out what was around it. */
static void test_kept_until_read(void **state)
{
	_cleanup_free_ struct timeline *t = new_timeline();
	const struct read *r;
	const uint64_t mark = START / NS_PER_MSEC;

	(void)state;
	timeline_add(t, (mark - 10) * NS_PER_MSEC, 7, 7);
	timeline_mark(t, mark * NS_PER_MSEC);
	for (uint64_t ms = mark; ms < mark + 100000; ms += 7)
		timeline_add(t, ms * NS_PER_MSEC, 1, 1);
	r = read_all(t);
	assert_in_range(r->n, TIMELINE_MS - 7, TIMELINE_MS);
	assert_int_equal(r->sent[TIMELINE_BEFORE - 10], 7);
	assert_int_equal(r->sent[TIMELINE_BEFORE], 1);
	assert_int_equal(r->sent[TIMELINE_BEFORE + 1], 0);
	/* Another trigger, with nothing of the first one in it. */
	timeline_add(t, (mark + 100100) * NS_PER_MSEC, 9, 0);
	timeline_mark(t, (mark + 100200) * NS_PER_MSEC);
	r = read_all(t);
	assert_int_equal(r->n, TIMELINE_BEFORE + 1);
	for (unsigned int i = 0; i < r->n; i++)
		assert_int_equal(r->sent[i], i == TIMELINE_BEFORE - 100 ? 9 : 0);
}

/* The load goes on while it is read, which does not make it longer. */
static void test_ends_while_more_comes(void **state)
{
	_cleanup_free_ struct timeline *t = new_timeline();
	unsigned int lines = 0;

	(void)state;
	timeline_mark(t, START);
	timeline_add(t, START + 600 * NS_PER_MSEC, 1, 1);
	timeline_read(t);
	for (unsigned int i = 601;; i++) {
		_cleanup_strbuf_ struct strbuf line = { 0 };

		assert_true(timeline_line(t, &line));
		if (!strcmp(line.s, "timeline end"))
			break;
		lines++;
		timeline_add(t, START + i * NS_PER_MSEC, 1, 1);
	}
	assert_int_equal(lines,
			 (TIMELINE_BEFORE + 601 + TIMELINE_LINE - 1) / TIMELINE_LINE);
}

/* Two seconds later the next boot answers. */
static void test_ends_with_the_silence(void **state)
{
	_cleanup_free_ struct timeline *t = new_timeline();
	unsigned int ms = 0;

	(void)state;
	timeline_mark(t, START);
	for (; ms < 5000; ms++)
		timeline_add(t, START + ms * NS_PER_MSEC, 1, ms < 300 || ms > 2300);
	assert_int_equal(read_all(t)->n, TIMELINE_BEFORE + 299 + TIMELINE_AFTER);
	/* Nor is it the last one of the next trigger, unless it answers then. */
	timeline_mark(t, START + ms * NS_PER_MSEC);
	timeline_add(t, START + (ms + 50) * NS_PER_MSEC, 1, 1);
	timeline_add(t, START + (ms + 400) * NS_PER_MSEC, 1, 0);
	assert_int_equal(read_all(t)->n, TIMELINE_BEFORE + 50 + TIMELINE_AFTER);
}

static void test_without_a_mark(void **state)
{
	_cleanup_free_ struct timeline *t = new_timeline();

	(void)state;
	assert_false(timeline_line(t, &(struct strbuf){ 0 }));
	timeline_add(t, START, 1, 1);
	assert_int_equal(read_all(t)->n, 0);
}

/* The worst line fits what a pipe takes at once, and what a reader of lines takes. */
static void test_lines_are_short(void **state)
{
	_cleanup_free_ struct timeline *t = new_timeline();
	const struct read *r;

	(void)state;
	timeline_mark(t, START);
	for (unsigned int i = 0; i < 2000; i++)
		timeline_add(t, START + i * NS_PER_MSEC, i % 2 ? 99999 : 65534,
			     i % 2 ? 65534 : 99999);
	r = read_all(t);
	assert_int_equal(r->sent[TIMELINE_BEFORE], 65534);
	assert_int_equal(r->replies[TIMELINE_BEFORE], 65535);
	assert_in_range(r->longest, 2000, 4095);
}

static void test_runs(void **state)
{
	static const char *const wrong[] = { "x3", "3x",    "3x0", "0x8193",     "a",
					     "-1", "3x4x5", " 3",  "4294967296", ",1" };
	static const struct {
		uint32_t value, count;
	} runs[] = { { 0, 480 }, { 3, 1 }, { 4294967295, 2 }, { 0x10, 16 } };
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct timeline_part part;
	uint32_t value, count;
	struct text rest;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		timeline_add_run(&out, runs[i].value, runs[i].count);
	assert_string_equal(out.s, "0x480,3,4294967295x2,16x16");
	rest = text_of(out.s);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		assert_true(timeline_next(&rest, &value, &count));
		assert_int_equal(value, runs[i].value);
		assert_int_equal(count, runs[i].count);
	}
	assert_false(timeline_next(&rest, &value, &count));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		rest = text_of(wrong[i]);
		if (timeline_next(&rest, &value, &count))
			fail_msg("'%s' was taken", wrong[i]);
	}
	assert_false(timeline_parse(TEXT("timeline"), &part));
	assert_false(timeline_parse(TEXT("timeline at=0 sent=1 replies=1"), &part));
	assert_false(timeline_parse(TEXT("timeline at=1 sent=1"), &part));
	assert_false(timeline_parse(TEXT("flood at=1 sent=1 replies=1"), &part));
}

static void test_percentiles(void **state)
{
	static struct rtt rtt;
	static const unsigned int permilles[] = { 1, 500, 900, 990, 999 };

	(void)state;
	assert_int_equal(rtt_permille(&rtt, 500), 0);
	for (uint32_t us = 1; us <= 100000; us++)
		rtt_add(&rtt, us);
	for (size_t i = 0; i < ARRAY_SIZE(permilles); i++) {
		uint32_t exact = permilles[i] * 100;

		assert_in_range(rtt_permille(&rtt, permilles[i]), exact,
				exact + exact / 16 + 1);
	}
	assert_int_equal(rtt_permille(&rtt, 1000), 100000);
	assert_int_equal(rtt.max_us, 100000);
	/* One that took longer than anything is still there. */
	rtt_add(&rtt, UINT64_MAX);
	assert_int_equal(rtt_permille(&rtt, 1000), UINT32_MAX);
	memset(&rtt, 0, sizeof(rtt));
	for (uint32_t us = 0; us < 16; us++)
		rtt_add(&rtt, us);
	assert_int_equal(rtt_permille(&rtt, 500), 7);
	assert_int_equal(rtt_permille(&rtt, 1000), 15);
}

/* Each time is in the bucket whose bounds are around it. */
static void test_every_bucket(void **state)
{
	(void)state;
	for (uint32_t us = 1; us < 1u << 26; us += 1 + us / 40) {
		struct rtt rtt = { 0 };

		rtt_add(&rtt, us);
		rtt.max_us = UINT32_MAX;
		rtt.counts[RTT_BUCKETS - 1]++;
		rtt.n = 2;
		assert_in_range(rtt_permille(&rtt, 500), us, us + us / 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_around_the_mark),
		cmocka_unit_test(test_kept_until_read),
		cmocka_unit_test(test_ends_while_more_comes),
		cmocka_unit_test(test_ends_with_the_silence),
		cmocka_unit_test(test_without_a_mark),
		cmocka_unit_test(test_lines_are_short),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_every_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
