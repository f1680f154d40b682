// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/frame.h"
#include "unit/flood_wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct frame_mark mark = { .cookie = 0x0123456789abcdef, .ident = 0xbeef };

static size_t make_request(enum flood_family family, uint32_t size, uint32_t seq,
			   uint8_t frame[FRAME_MAX])
{
	return wire_request(family, &mark, size, seq, frame);
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

/* Our request of this kind, and what the target sends back. */
static size_t make_answer(const struct frame_ends *ends, enum flood_kind kind,
			  enum flood_family family, uint32_t seq,
			  uint8_t answer[FRAME_MAX])
{
	uint8_t request[FRAME_MAX];
	size_t n = wire_make(ends, &mark, kind, family, seq, request, 64);

	switch (kind) {
	case FLOOD_UDP:
		return wire_unreachable(request, n - 14, answer);
	case FLOOD_TCP:
		return wire_tcp_answer(request, seq % 2 ? 0x14 : 0x12, answer);
	case FLOOD_ARP:
		return wire_arp_reply(request, answer);
	case FLOOD_ND:
		return wire_advertisement(request, answer);
	case FLOOD_IGMP:
		return wire_igmp_report(answer);
	case FLOOD_MLD:
		return wire_mld_report(answer);
	default:
		memcpy(answer, request, n);
		assert_true(wire_reply(answer));
		return n;
	}
}

static const struct {
	enum flood_kind kind;
	enum flood_family family;
	size_t least; /* bytes without which it is no answer */
} answers[] = {
	{ FLOOD_ICMP, FLOOD_V4, 106 }, { FLOOD_ICMP, FLOOD_V6, 126 },
	{ FLOOD_UDP, FLOOD_V4, 134 },  { FLOOD_UDP, FLOOD_V6, 174 },
	{ FLOOD_TCP, FLOOD_V4, 54 },   { FLOOD_TCP, FLOOD_V6, 74 },
	{ FLOOD_ARP, FLOOD_V4, 42 },   { FLOOD_ND, FLOOD_V6, 86 },
	{ FLOOD_IGMP, FLOOD_V4, 54 },  { FLOOD_MLD, FLOOD_V6, 90 },
};

static void test_parse_answers(void **state)
{
	struct frame_ends ends;

	(void)state;
	wire_ends(&ends);
	ends.addresses = 8;
	for (size_t i = 0; i < ARRAY_SIZE(answers) * 50; i++) {
		enum flood_kind kind = answers[i / 50].kind;
		enum flood_family family = answers[i / 50].family;
		uint32_t seq = (uint32_t)i * 7;
		uint8_t frame[FRAME_MAX];
		size_t n = make_answer(&ends, kind, family, seq, frame);
		struct frame_echo echo;

		assert_true(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
		assert_int_equal(echo.kind, kind);
		assert_int_equal(echo.family, family);
		assert_int_equal(echo.part, kind == FLOOD_UDP);
		assert_int_equal(echo.payload.n, kind <= FLOOD_UDP ? 64 : 0);
		if (kind == FLOOD_TCP)
			assert_int_equal(echo.number, seq ^ (uint32_t)mark.cookie);
		for (size_t cut = 0; cut < answers[i / 50].least; cut++)
			assert_false(
				frame_parse_echo(&ends, text_bytes(frame, cut), &echo));
		/* In a VLAN that we are not in, and outside of the one that we are in. */
		ends.vlan = 9;
		assert_false(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
		memmove(frame + 16, frame + 12, n - 12);
		memcpy(frame + 12, "\x81\0\x40\x09", 4);
		assert_true(frame_parse_echo(&ends, text_bytes(frame, n + 4), &echo));
		assert_int_equal(echo.kind, kind);
		frame[15] = 8;
		assert_false(frame_parse_echo(&ends, text_bytes(frame, n + 4), &echo));
		ends.vlan = 0;
	}
}

static void test_parse_refuses_answers(void **state)
{
	static const struct {
		enum flood_kind kind;
		enum flood_family family;
		size_t offset;
		uint8_t value;
	} cases[] = {
		{ FLOOD_UDP, FLOOD_V4, 34, 5 },     /* redirect */
		{ FLOOD_UDP, FLOOD_V4, 35, 1 },     /* host unreachable */
		{ FLOOD_UDP, FLOOD_V4, 51, 6 },     /* about TCP */
		{ FLOOD_UDP, FLOOD_V4, 57, 77 },    /* that another machine sent */
		{ FLOOD_UDP, FLOOD_V4, 61, 77 },    /* to another machine */
		{ FLOOD_UDP, FLOOD_V4, 49, 1 },     /* of a later fragment */
		{ FLOOD_UDP, FLOOD_V6, 55, 3 },     /* address unreachable */
		{ FLOOD_UDP, FLOOD_V6, 68, 6 },     /* about TCP */
		{ FLOOD_TCP, FLOOD_V4, 36, 0x20 },  /* to another port */
		{ FLOOD_TCP, FLOOD_V4, 47, 0x10 },  /* ACK alone */
		{ FLOOD_TCP, FLOOD_V4, 47, 0x04 },  /* RST alone */
		{ FLOOD_TCP, FLOOD_V6, 53, 2 },     /* to the target itself */
		{ FLOOD_TCP, FLOOD_V6, 53, 10 },    /* one source further than we have */
		{ FLOOD_ARP, FLOOD_V4, 21, 1 },     /* a request */
		{ FLOOD_ARP, FLOOD_V4, 31, 7 },     /* of another machine's address */
		{ FLOOD_ARP, FLOOD_V4, 41, 2 },     /* to the target itself */
		{ FLOOD_ND, FLOOD_V6, 54, 135 },    /* a solicitation */
		{ FLOOD_ND, FLOOD_V6, 77, 9 },      /* of another address */
		{ FLOOD_IGMP, FLOOD_V4, 11, 9 },    /* of another machine */
		{ FLOOD_IGMP, FLOOD_V4, 38, 0x11 }, /* a query */
		{ FLOOD_IGMP, FLOOD_V4, 23, 17 },   /* not IGMP */
		{ FLOOD_MLD, FLOOD_V6, 62, 130 },   /* a query */
		{ FLOOD_MLD, FLOOD_V6, 55, 9 },     /* options longer than the packet */
		{ FLOOD_MLD, FLOOD_V6, 11, 9 },     /* of another machine */
	};
	struct frame_ends ends;

	(void)state;
	wire_ends(&ends);
	ends.addresses = 8;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t frame[FRAME_MAX];
		size_t n = make_answer(&ends, cases[i].kind, cases[i].family, 0, frame);
		struct frame_echo echo;

		assert_true(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
		frame[cases[i].offset] = cases[i].value;
		if (frame_parse_echo(&ends, text_bytes(frame, n), &echo))
			fail_msg("case %zu was taken", i);
	}
}

/* The first fragment of a long reply, and a service's answer. */
static void test_parse_parts(void **state)
{
	uint8_t frame[FRAME_MAX], request[FRAME_MAX];
	struct frame_ends ends;
	struct frame_echo echo;
	size_t n;

	(void)state;
	wire_ends(&ends);
	n = make_answer(&ends, FLOOD_ICMP, FLOOD_V4, 5, frame);
	frame[20] = 0x20;
	assert_true(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
	assert_true(echo.part);
	frame[21] = 1;
	assert_false(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
	n = make_answer(&ends, FLOOD_ICMP, FLOOD_V6, 5, frame);
	memmove(frame + 62, frame + 54, n - 54);
	memcpy(frame + 54, "\x3a\0\0\1\0\0\0\7", 8);
	frame[19] = (uint8_t)(frame[19] + 8);
	frame[20] = 44;
	assert_true(frame_parse_echo(&ends, text_bytes(frame, n + 8), &echo));
	assert_true(echo.part);
	assert_int_equal(echo.payload.n, 64);
	frame[57] = 9;
	assert_false(frame_parse_echo(&ends, text_bytes(frame, n + 8), &echo));
	n = wire_make(&ends, &mark, FLOOD_UDP, FLOOD_V6, 5, request, 64);
	n = wire_udp_echo(request, n, frame);
	assert_true(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
	assert_int_equal(echo.kind, FLOOD_UDP);
	assert_false(echo.part);
	assert_int_equal(echo.payload.n, 64);
	frame[56] = 1;
	assert_false(frame_parse_echo(&ends, text_bytes(frame, n), &echo));
}

/* All sources are told to be here, the target's own address never. */
static void test_answers_for_sources(void **state)
{
	uint8_t frame[90], answer[FRAME_ANSWER];
	struct frame_ends ends;
	size_t n;

	(void)state;
	wire_ends(&ends);
	ends.addresses = 3;
	for (unsigned int host = 0; host < 256; host++) {
		bool ours = host == 1 || host == 3 || host == 4;

		n = wire_arp_request(frame);
		frame[41] = (uint8_t)host;
		assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer),
				 ours ? 42 : 0);
		if (ours)
			assert_int_equal(answer[31], host);
		n = wire_solicitation(frame);
		frame[53] = frame[77] = (uint8_t)host;
		wire_set_icmp_sum(frame);
		assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer),
				 ours ? 86 : 0);
		if (!ours)
			continue;
		assert_int_equal(answer[77], host);
		assert_int_equal(answer[37], host);
		assert_true(wire_sums_ok(answer));
		/* To the group of another of our addresses. */
		frame[53] = (uint8_t)(host == 1 ? 3 : 1);
		wire_set_icmp_sum(frame);
		assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer), 0);
	}
}

static void test_answers_in_vlan(void **state)
{
	uint8_t frame[90], answer[FRAME_ANSWER];
	struct frame_ends ends;
	size_t n;

	(void)state;
	wire_ends(&ends);
	ends.vlan = 0x123;
	n = wire_arp_request(frame);
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n), answer), 0);
	memmove(frame + 16, frame + 12, n - 12);
	memcpy(frame + 12, "\x81\0\xe1\x23", 4);
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n + 4), answer), 46);
	assert_memory_equal(answer, WIRE_TARGET_MAC WIRE_PEER_MAC "\x81\0\x01\x23\x08\6",
			    18);
	frame[15]++;
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n + 4), answer), 0);
	n = wire_solicitation(frame);
	memmove(frame + 16, frame + 12, n - 12);
	memcpy(frame + 12, "\x81\0\x01\x23", 4);
	assert_int_equal(frame_answer(&ends, text_bytes(frame, n + 4), answer), 90);
	memmove(answer + 12, answer + 16, 74);
	assert_true(wire_sums_ok(answer));
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
		cmocka_unit_test(test_parse_answers),
		cmocka_unit_test(test_parse_refuses_answers),
		cmocka_unit_test(test_parse_parts),
		cmocka_unit_test(test_answers_for_sources),
		cmocka_unit_test(test_answers_in_vlan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
