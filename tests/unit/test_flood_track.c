// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"
#include "flood/pace/track.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define START (1000 * NS_PER_SEC)
#define SIZE  100

static const struct frame_mark mark = { .cookie = 0x0123456789abcdef, .ident = 0xbeef };

static int setup(void **state)
{
	struct pace_track *t = xcalloc(1, sizeof(*t));
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;

	spec.size = SIZE;
	track_init(t, &spec, &mark);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

struct reply {
	struct frame_echo echo;
	uint8_t payload[SIZE];
};

static struct reply *make_reply(enum flood_family family, uint32_t seq)
{
	static struct reply r;

	for (size_t i = 0; i < 8; i++)
		r.payload[i] = (uint8_t)(mark.cookie >> (56 - 8 * i));
	for (size_t i = 0; i < 4; i++)
		r.payload[8 + i] = (uint8_t)(seq >> (24 - 8 * i));
	for (size_t i = FRAME_TAG; i < SIZE; i++)
		r.payload[i] = frame_pad_byte(i - FRAME_TAG);
	r.echo = (struct frame_echo){ .family = family,
				      .ident = mark.ident,
				      .seq = (uint16_t)seq,
				      .payload = { (const char *)r.payload, SIZE } };
	return &r;
}

static void test_counts_once(void **state)
{
	struct pace_track *t = *state;
	uint32_t seq = track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	struct reply *r = make_reply(FLOOD_V4, seq);

	assert_true(track_reply(t, &r->echo, 1000, START + 2 * NS_PER_MSEC));
	assert_false(track_reply(t, &r->echo, 1000, START + 3 * NS_PER_MSEC));
	assert_int_equal(t->replies, 1);
	assert_int_equal(t->bad, 0);
	assert_int_equal(t->first_reply_ns, START + 2 * NS_PER_MSEC);
	assert_int_equal(t->last_reply_ns, START + 2 * NS_PER_MSEC);
	assert_int_equal(track_take_rtt(t), 2000);
	assert_int_equal(track_take_rtt(t), 0);
}

static void test_refuses(void **state)
{
	struct pace_track *t = *state;
	uint32_t seq = track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	struct reply *r = make_reply(FLOOD_V4, seq + 1);

	assert_false(track_reply(t, &r->echo, 1, START)); /* never sent */
	r = make_reply(FLOOD_V4, seq - 1);
	assert_false(track_reply(t, &r->echo, 1, START));
	r = make_reply(FLOOD_V6, seq);
	assert_false(track_reply(t, &r->echo, 1, START));
	r = make_reply(FLOOD_V4, seq);
	r->echo.ident ^= 1;
	assert_false(track_reply(t, &r->echo, 1, START));
	r = make_reply(FLOOD_V4, seq);
	r->echo.seq ^= 1;
	assert_false(track_reply(t, &r->echo, 1, START));
	r = make_reply(FLOOD_V4, seq);
	r->payload[0] ^= 1;
	assert_false(track_reply(t, &r->echo, 1, START));
	r = make_reply(FLOOD_V4, seq);
	r->echo.payload.n = FRAME_TAG - 1;
	assert_false(track_reply(t, &r->echo, 1, START));
	assert_int_equal(t->replies + t->bad, 0);
	r = make_reply(FLOOD_V4, seq);
	assert_true(track_reply(t, &r->echo, 1, START));
}

static void test_damaged(void **state)
{
	struct pace_track *t = *state;
	uint32_t seq = track_sent(t, FLOOD_ICMP, FLOOD_V6, START);
	struct reply *r = make_reply(FLOOD_V6, seq);

	r->payload[SIZE - 1] ^= 0x10;
	assert_false(track_reply(t, &r->echo, 1, START));
	assert_int_equal(t->bad, 1);
	/* Its request is done with. */
	r = make_reply(FLOOD_V6, seq);
	assert_false(track_reply(t, &r->echo, 1, START));
	assert_int_equal(t->bad, 1);
	seq = track_sent(t, FLOOD_ICMP, FLOOD_V6, START);
	r = make_reply(FLOOD_V6, seq);
	r->echo.payload.n = SIZE - 1;
	assert_false(track_reply(t, &r->echo, 1, START));
	assert_int_equal(t->bad, 2);
	assert_int_equal(t->replies, 0);
}

static void test_window(void **state)
{
	struct pace_track *t = *state;
	uint32_t first = track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	struct reply *r;

	for (unsigned int i = 1; i < TRACK_RING; i++)
		track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	r = make_reply(FLOOD_V4, first);
	assert_true(track_reply(t, &r->echo, 1, START));
	r = make_reply(FLOOD_V4, first + 1);
	track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	assert_false(track_reply(t, &r->echo, 1, START));
	r = make_reply(FLOOD_V4, first + TRACK_RING + 1);
	assert_true(track_reply(t, &r->echo, 1, START));
	/* A request that the path did not take has no reply. */
	first = track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	track_untaken(t, first);
	r = make_reply(FLOOD_V4, first);
	assert_false(track_reply(t, &r->echo, 1, START));
}

static void test_sequence_wraps(void **state)
{
	struct pace_track *t = *state;
	struct reply *r;
	uint32_t a, b;

	t->seq = UINT32_MAX;
	a = track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	b = track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	assert_int_equal(b, 0);
	r = make_reply(FLOOD_V4, a);
	assert_true(track_reply(t, &r->echo, 1, START));
	r = make_reply(FLOOD_V4, b);
	assert_true(track_reply(t, &r->echo, 1, START));
}

static void reply_at(struct pace_track *t, uint64_t at, uint32_t rate)
{
	uint32_t seq = track_sent(t, FLOOD_ICMP, FLOOD_V4, at);
	struct reply *r = make_reply(FLOOD_V4, seq);

	assert_true(track_reply(t, &r->echo, rate, at));
}

static void test_first_after_silence(void **state)
{
	struct pace_track *t = *state;

	reply_at(t, START, 1000);
	reply_at(t, START + 499 * NS_PER_MSEC, 1000);
	assert_int_equal(t->first_reply_ns, START);
	reply_at(t, START + 999 * NS_PER_MSEC, 1000);
	assert_int_equal(t->first_reply_ns, START + 999 * NS_PER_MSEC);
	/* At one request a second, three seconds are a silence. */
	reply_at(t, START + 3 * NS_PER_SEC, 1);
	assert_int_equal(t->first_reply_ns, START + 999 * NS_PER_MSEC);
	reply_at(t, START + 6 * NS_PER_SEC, 1);
	assert_int_equal(t->first_reply_ns, START + 6 * NS_PER_SEC);
}

static unsigned int count_v6(struct pace_track *t, uint64_t now, unsigned int n)
{
	unsigned int v6 = 0;

	while (n--)
		v6 += track_turn(t, FLOOD_ICMP, now) == FLOOD_V6;
	return v6;
}

static void test_turns(void **state)
{
	struct pace_track *t = *state;
	uint64_t now = START;

	assert_int_equal(count_v6(t, now, 640), 320);
	/* Only IPv4 answers. */
	t->heard_ns[0] = now;
	assert_int_equal(count_v6(t, now, 640), 20);
	t->heard_ns[1] = now;
	assert_int_equal(count_v6(t, now, 640), 320);
	/* Only IPv6. */
	t->heard_ns[1] = now + NS_PER_SEC;
	assert_int_equal(count_v6(t, now + NS_PER_SEC, 640), 620);
	/* A board that is down is sent both. */
	assert_int_equal(count_v6(t, now + 2 * NS_PER_SEC, 640), 320);
	t->spec.family = FLOOD_V4;
	assert_int_equal(count_v6(t, now, 640), 0);
}

static void test_median(void **state)
{
	struct pace_track *t = *state;
	static const uint32_t rtts[] = { 900, 100, 500, 1, 100000 };

	for (size_t i = 0; i < ARRAY_SIZE(rtts); i++) {
		uint32_t seq = track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
		struct reply *r = make_reply(FLOOD_V4, seq);

		assert_true(
			track_reply(t, &r->echo, 1000, START + rtts[i] * NS_PER_USEC));
	}
	assert_int_equal(track_take_rtt(t), 500);
	/* More than are kept do no harm. */
	for (unsigned int i = 0; i < 3 * TRACK_RTTS; i++)
		reply_at(t, START + NS_PER_SEC, 1000);
	assert_int_equal(track_take_rtt(t), 1);
}

/* The kernel's time of a reply, put on our clock, is not exact. */
static void test_before_its_request(void **state)
{
	struct pace_track *t = *state;
	uint32_t seq = track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
	struct reply *r = make_reply(FLOOD_V4, seq);

	assert_true(track_reply(t, &r->echo, 1000, START - NS_PER_MSEC));
	assert_int_equal(track_take_rtt(t), 1);
	assert_int_equal(t->rtt.max_us, 0);
}

static void test_lost_and_duplicates(void **state)
{
	struct pace_track *t = *state;
	uint32_t first = track_sent(t, FLOOD_ICMP, FLOOD_V4, START), second;
	struct reply *r = make_reply(FLOOD_V4, first);

	track_age(t, START + NS_PER_SEC - 1);
	assert_int_equal(t->lost, 0);
	assert_true(track_reply(t, &r->echo, 1, START + NS_PER_SEC));
	assert_false(track_reply(t, &r->echo, 1, START + NS_PER_SEC));
	assert_int_equal(t->duplicates, 1);
	second = track_sent(t, FLOOD_ICMP, FLOOD_V4, START + NS_PER_SEC);
	/* Never taken, a request cannot be lost. */
	track_untaken(t, track_sent(t, FLOOD_ICMP, FLOOD_V4, START + NS_PER_SEC));
	assert_int_equal(t->asked, 2);
	track_age(t, START + 3 * NS_PER_SEC);
	assert_int_equal(t->lost, 1);
	/* A reply that is late after all. */
	r = make_reply(FLOOD_V4, second);
	assert_true(track_reply(t, &r->echo, 1, START + 3 * NS_PER_SEC));
	assert_int_equal(t->lost, 0);
	assert_int_equal(t->replies, 2);
	/* What is pushed out of the ring unanswered is lost, however young. */
	for (unsigned int i = 0; i < TRACK_RING + 10; i++)
		track_sent(t, FLOOD_ICMP, FLOOD_V4, START + 4 * NS_PER_SEC);
	assert_int_equal(t->lost, 10);
	track_age(t, START + 6 * NS_PER_SEC);
	assert_int_equal(t->lost, TRACK_RING + 10);
}

static struct pace_track *of_words(void **state, const char *words)
{
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	char *error = NULL;

	assert_int_equal(flood_spec_parse(words, &spec, &error), 0);
	spec.size = SIZE;
	track_init(*state, &spec, &mark);
	return *state;
}

static bool answer(struct pace_track *t, enum flood_kind kind, enum flood_family family,
		   uint32_t number)
{
	const struct frame_echo echo = { .kind = kind,
					 .family = family,
					 .number = number };

	return track_reply(t, &echo, 1000, START + NS_PER_MSEC);
}

static void test_answers_of_other_kinds(void **state)
{
	struct pace_track *t = of_words(state, "icmp,tcp,arp,nd,igmp,mld");
	uint32_t syn = track_sent(t, FLOOD_TCP, FLOOD_V6, START);

	assert_false(answer(t, FLOOD_TCP, FLOOD_V6, syn));
	assert_false(answer(t, FLOOD_TCP, FLOOD_V4, syn ^ (uint32_t)mark.cookie));
	assert_true(answer(t, FLOOD_TCP, FLOOD_V6, syn ^ (uint32_t)mark.cookie));
	assert_int_equal(track_take_rtt(t), 1000);
	/* Without a number, there are at most as many as requests. */
	track_sent(t, FLOOD_ARP, FLOOD_V4, START);
	track_sent(t, FLOOD_ND, FLOOD_V6, START);
	track_sent(t, FLOOD_ARP, FLOOD_V4, START);
	assert_true(answer(t, FLOOD_ARP, FLOOD_V4, 0));
	assert_true(answer(t, FLOOD_ARP, FLOOD_V4, 0));
	assert_false(answer(t, FLOOD_ARP, FLOOD_V4, 0));
	assert_true(answer(t, FLOOD_ND, FLOOD_V6, 0));
	assert_int_equal(t->duplicates, 1);
	assert_int_equal(t->asked, 4);
	assert_int_equal(t->answered, 4);
	/* Reports of groups: as many as come, and never lost. */
	track_sent(t, FLOOD_IGMP, FLOOD_V4, START);
	t->last_reply_ns = 0;
	assert_false(answer(t, FLOOD_IGMP, FLOOD_V4, 0));
	assert_false(answer(t, FLOOD_MLD, FLOOD_V6, 0));
	assert_int_equal(t->reports, 2);
	assert_int_equal(t->last_reply_ns, START + NS_PER_MSEC);
	track_age(t, START + 10 * NS_PER_SEC);
	assert_int_equal(t->lost, 0);
	assert_int_equal(t->replies, 4);
}

static void test_answers_to_what_is_not_sent(void **state)
{
	struct pace_track *t = of_words(state, "udp,v4");
	struct reply *r;
	uint32_t seq;

	assert_false(answer(t, FLOOD_ARP, FLOOD_V4, 0));
	assert_false(answer(t, FLOOD_IGMP, FLOOD_V4, 0));
	assert_int_equal(t->reports + t->duplicates + t->replies, 0);
	/* What a port unreachable quotes may be cut. */
	seq = track_sent(t, FLOOD_UDP, FLOOD_V4, START);
	r = make_reply(FLOOD_V4, seq);
	r->echo.kind = FLOOD_UDP;
	r->echo.part = true;
	r->echo.payload.n = 40;
	assert_true(track_reply(t, &r->echo, 1, START));
	seq = track_sent(t, FLOOD_UDP, FLOOD_V4, START);
	r = make_reply(FLOOD_V4, seq);
	r->echo.kind = FLOOD_UDP;
	r->echo.part = true;
	r->payload[30] ^= 1;
	assert_false(track_reply(t, &r->echo, 1, START));
	assert_int_equal(t->bad, 1);
	/* Nobody is asked one by one, so each eighth request but one is an echo. */
	for (unsigned int i = 0, echoes = 0; i < 9; i++) {
		echoes += turns_next(&t->turns) == FLOOD_ICMP;
		assert_int_equal(echoes, i == 8);
	}
	/* Of a service, all that it says is a report. */
	t = of_words(state, "udp=13,v4");
	r = make_reply(FLOOD_V4, track_sent(t, FLOOD_UDP, FLOOD_V4, START));
	r->echo.kind = FLOOD_UDP;
	assert_true(track_reply(t, &r->echo, 1, START));
	r->payload[0] ^= 1;
	assert_false(track_reply(t, &r->echo, 1, START));
	r->echo.payload.n = 0;
	assert_false(track_reply(t, &r->echo, 1, START));
	assert_int_equal(t->reports, 2);
}

/* The size of each request is known by its number. */
static void test_sweep(void **state)
{
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	struct pace_track *t = *state;

	spec.size = 16;
	spec.size_to = SIZE;
	track_init(t, &spec, &mark);
	for (unsigned int i = 0; i < 200; i++) {
		uint32_t seq = track_sent(t, FLOOD_ICMP, FLOOD_V4, START);
		struct reply *r = make_reply(FLOOD_V4, seq);

		r->echo.payload.n = flood_spec_size(&spec, seq) - i % 2;
		assert_int_equal(track_reply(t, &r->echo, 1, START), i % 2 == 0);
	}
	assert_int_equal(t->bad, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_counts_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_window, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sequence_wraps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_after_silence, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_turns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_median, setup, teardown),
		cmocka_unit_test_setup_teardown(test_before_its_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_and_duplicates, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_answers_of_other_kinds, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_answers_to_what_is_not_sent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_sweep, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
