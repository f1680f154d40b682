// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/frame.h"
#include "unit/flood_wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct frame_mark mark = { .cookie = 0x0123456789abcdef, .ident = 0xbeef };

/* A whole request in frame; returns its length. */
static size_t make_request(enum flood_family family, uint32_t size, uint32_t seq,
			   uint8_t frame[FRAME_MAX])
{
	struct frame_template t;
	struct frame_ends ends;

	wire_ends(&ends);
	frame_template_init(&t, family, &ends, &mark, size);
	frame_head(&t, seq, frame);
	for (size_t i = 0; i + FRAME_TAG < size; i++)
		frame[t.head_len + i] = frame_pad_byte(i);
	return t.head_len + size - FRAME_TAG;
}

static struct text text_bytes(const uint8_t *p, size_t n)
{
	return (struct text){ (const char *)p, n };
}

static void test_mac(void **state)
{
	static const char *const wrong[] = { "",
					     "52:54:00:00:00",
					     "52:54:00:00:00:01:02",
					     "53:54:0:0:0:1",
					     "53:54:00:00:00:01",
					     "52-54-00-00-00-01",
					     "52:54:00:00:00:0g",
					     "+2:54:00:00:00:01",
					     " 2:54:00:00:00:01" };
	uint8_t mac[6];

	(void)state;
	assert_int_equal(frame_parse_mac("52:54:00:aB:00:01", mac), 0);
	assert_memory_equal(mac, "\x52\x54\x00\xab\x00\x01", 6);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(frame_parse_mac(wrong[i], mac), -EINVAL);
}

static void test_checksums(void **state)
{
	static const uint32_t sizes[] = { 12, 13, 64, 65, 1400, 1451, 1452, 1472 };
	static const uint32_t seqs[] = { 0,          1,          0xffff,    0x10000,
					 0xfffe0001, 0xffffffff, 0x7fff8000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (size_t j = 0; j < ARRAY_SIZE(seqs); j++) {
			uint8_t frame[FRAME_MAX];
			size_t n = make_request(FLOOD_V4, sizes[i], seqs[j], frame);

			assert_int_equal(n, 14 + 20 + 8 + sizes[i]);
			assert_int_equal(wire_icmp_len(frame), 8 + sizes[i]);
			assert_true(wire_sums_ok(frame));
			if (sizes[i] > frame_payload_max(FLOOD_V6))
				continue;
			n = make_request(FLOOD_V6, sizes[i], seqs[j], frame);
			assert_int_equal(n, 14 + 40 + 8 + sizes[i]);
			assert_int_equal(wire_icmp_len(frame), 8 + sizes[i]);
			assert_true(wire_sums_ok(frame));
		}
	assert_int_equal(frame_payload_max(FLOOD_V4), 1472);
	assert_int_equal(frame_payload_max(FLOOD_V6), 1452);
	assert_int_equal(frame_payload_max(FLOOD_BOTH), 1452);
}

/* Byte for byte, worked out by hand. */
static void test_request_bytes(void **state)
{
	static const uint8_t want[] = {
		0x52,
		0x54,
		0x00,
		0x12,
		0x34,
		0x56,
		0x52,
		0x54,
		0x00,
		0x00,
		0x00,
		0x01,
		0x08,
		0x00,
		0x45,
		0x00,
		0x00,
		0x28,
		0x00,
		0x00,
		0x40,
		0x00,
		0x40,
		0x01,
		/* the two checksums are looked at apart */
		0x00,
		0x00,
		0xc0,
		0x00,
		0x02,
		0x01,
		0xc0,
		0x00,
		0x02,
		0x02,
		0x08,
		0x00,
		0x00,
		0x00,
		0xbe,
		0xef,
		0x00,
		0x07,
		0x01,
		0x23,
		0x45,
		0x67,
		0x89,
		0xab,
		0xcd,
		0xef,
		0x00,
		0x05,
		0x00,
		0x07,
	};
	uint8_t frame[FRAME_MAX];

	(void)state;
	assert_int_equal(make_request(FLOOD_V4, 12, 0x00050007, frame), sizeof(want));
	assert_true(wire_sums_ok(frame));
	frame[24] = frame[25] = frame[36] = frame[37] = 0;
	assert_memory_equal(frame, want, sizeof(want));
}

static void test_parse_reply(void **state)
{
	static const enum flood_family families[] = { FLOOD_V4, FLOOD_V6 };
	struct frame_ends ends;

	(void)state;
	wire_ends(&ends);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		uint8_t frame[FRAME_MAX];
		size_t n = make_request(families[i], 100, 0xabcd1234, frame);
		struct frame_echo echo;
		uint64_t cookie;
		uint32_t seq;

		/* Our own request is no reply. */
		assert_false(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
		assert_true(wire_reply(frame));
		assert_true(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
		assert_int_equal(echo.family, families[i]);
		assert_int_equal(echo.ident, mark.ident);
		assert_int_equal(echo.seq, 0x1234);
		assert_int_equal(echo.payload.n, 100);
		assert_true(frame_parse_tag(&echo.payload, &cookie, &seq));
		assert_int_equal(cookie, mark.cookie);
		assert_int_equal(seq, 0xabcd1234);
		assert_int_equal(echo.payload.n, 88);
		/* Ethernet pads; that is no payload. */
		frame[n] = frame[n + 1] = 0;
		assert_true(frame_parse_echo(&ends, text_bytes(frame, n + 2), &echo));
		assert_int_equal(echo.payload.n, 100);
		/* Cut anywhere, it is no reply. */
		for (size_t cut = 0; cut < n; cut++)
			assert_false(
				frame_parse_echo(&ends, text_bytes(frame, cut), &echo));
	}
}

/* Each byte that makes it another packet, and what it is set to. */
static void test_parse_refuses(void **state)
{
	static const struct {
		enum flood_family family;
		size_t offset;
		uint8_t value;
	} cases[] = {
		{ FLOOD_V4, 0, 0xff },  /* not for our MAC */
		{ FLOOD_V4, 12, 0x81 }, /* VLAN */
		{ FLOOD_V4, 14, 0x55 }, /* version 5 */
		{ FLOOD_V4, 14, 0x44 }, /* header shorter than a header */
		{ FLOOD_V4, 14, 0x4f }, /* header longer than the packet's rest */
		{ FLOOD_V4, 16, 0xff }, /* longer than the frame */
		{ FLOOD_V4, 20, 0x20 }, /* more fragments */
		{ FLOOD_V4, 21, 0x01 }, /* fragment offset */
		{ FLOOD_V4, 23, 17 },   /* UDP */
		{ FLOOD_V4, 29, 9 },    /* from another machine */
		{ FLOOD_V4, 33, 9 },    /* to another machine */
		{ FLOOD_V4, 34, 3 },    /* unreachable */
		{ FLOOD_V4, 35, 1 },    /* code */
		{ FLOOD_V6, 14, 0x40 }, /* version 4 */
		{ FLOOD_V6, 18, 0xff }, /* longer than the frame */
		{ FLOOD_V6, 20, 44 },   /* fragment */
		{ FLOOD_V6, 37, 9 },    /* from another machine */
		{ FLOOD_V6, 53, 9 },    /* to another machine */
		{ FLOOD_V6, 54, 0 },    /* an IPv4 reply's type */
	};
	struct frame_ends ends;

	(void)state;
	wire_ends(&ends);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t frame[FRAME_MAX];
		size_t n = make_request(cases[i].family, 12, 1, frame);
		struct frame_echo echo;

		assert_true(wire_reply(frame));
		assert_true(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
		frame[cases[i].offset] = cases[i].value;
		if (frame_parse_echo(&ends, text_bytes(frame, n), &echo))
			fail_msg("case %zu was taken", i);
	}
}

static void test_answers_arp(void **state)
{
	static const uint8_t want[42] = WIRE_TARGET_MAC WIRE_PEER_MAC
		"\x08\x06\0\1\x08\0\6\4\0\2" WIRE_PEER_MAC "\xc0\0\2\1" WIRE_TARGET_MAC
		"\xc0\0\2\2";
	uint8_t frame[60], answer[FRAME_ANSWER];
	struct frame_ends ends;
	size_t n;

	(void)state;
	wire_ends(&ends);
	n = wire_arp_request(frame);
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer), sizeof(want));
	assert_memory_equal(answer, want, sizeof(want));
	for (size_t cut = 0; cut < 42; cut++)
		assert_int_equal(frame_answer(&ends, text_bytes(frame, cut), answer), 0);
	/* Somebody else's address, a reply, a group as sender. */
	frame[41] = 7;
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer), 0);
	frame[41] = 1;
	frame[21] = 2;
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer), 0);
	frame[21] = 1;
	frame[22] = 0xff;
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer), 0);
}

static void test_answers_solicitation(void **state)
{
	uint8_t frame[86], answer[FRAME_ANSWER];
	struct frame_ends ends;
	size_t n;

	(void)state;
	wire_ends(&ends);
	n = wire_solicitation(frame);
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer), 86);
	assert_memory_equal(answer, WIRE_TARGET_MAC WIRE_PEER_MAC "\x86\xdd", 14);
	assert_int_equal(answer[20], 58);
	assert_int_equal(answer[21], 255);
	assert_memory_equal(answer + 22, &ends.our_v6, 16);
	assert_memory_equal(answer + 38, &ends.target_v6, 16);
	assert_memory_equal(answer + 54, "\x88\0", 2);
	assert_int_equal(answer[58], 0x60); /* solicited, override, no router */
	assert_memory_equal(answer + 62, &ends.our_v6, 16);
	assert_memory_equal(answer + 78, "\2\1" WIRE_PEER_MAC, 8);
	assert_int_equal(wire_icmp_len(answer), 32);
	assert_true(wire_sums_ok(answer));
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(frame_answer(&ends, text_bytes(frame, cut), answer), 0);
	/* To our address itself (reachability probe). */
	memcpy(frame + 38, &ends.our_v6, 16);
	wire_set_icmp_sum(frame);
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer), 86);
	/* Duplicate address detection: everybody is told, and nobody solicited it. */
	memset(frame + 22, 0, 16);
	wire_set_icmp_sum(frame);
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer), 86);
	assert_memory_equal(answer + 38, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	assert_int_equal(answer[58], 0x20);
	assert_true(wire_sums_ok(answer));
}

static void test_refuses_solicitations(void **state)
{
	/* What RFC 4861, 7.1.1 has dropped, and what is not for us. */
	static const struct {
		size_t offset;
		uint8_t value;
	} cases[] = {
		{ 21, 64 },   /* came through a router */
		{ 22, 0xff }, /* from a group */
		{ 53, 7 },    /* to another group */
		{ 55, 1 },    /* code */
		{ 77, 9 },    /* for another address */
		{ 79, 0 },    /* option of length 0 */
		{ 79, 2 },    /* option longer than the message */
		{ 6, 0x53 },  /* Ethernet source is a group */
	};
	uint8_t frame[86], answer[FRAME_ANSWER];
	struct frame_ends ends;

	(void)state;
	wire_ends(&ends);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = wire_solicitation(frame);

		frame[cases[i].offset] = cases[i].value;
		wire_set_icmp_sum(frame);
		if (frame_answer(&ends, text_bytes(frame, n), answer))
			fail_msg("case %zu was answered", i);
	}
	wire_solicitation(frame);
	frame[56] ^= 1;
	assert_int_equal(frame_answer(&ends, text_bytes(frame, 86), answer), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_checksums),
		cmocka_unit_test(test_request_bytes),
		cmocka_unit_test(test_parse_reply),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_answers_arp),
		cmocka_unit_test(test_answers_solicitation),
		cmocka_unit_test(test_refuses_solicitations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
