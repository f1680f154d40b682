// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of all kinds, looked at as a target does: lengths, checksums, and each byte of
 * one by hand. What reads them is written apart from src/load.
 */
#include "flood/wire/mix.h"
#include "unit/flood_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct frame_mark mark = { .cookie = 0x0123456789abcdef, .ident = 0xbeef };

struct made {
	uint8_t bytes[MIX_FRAMES][FRAME_MAX];
	size_t len[MIX_FRAMES];
	unsigned int n;
};

static struct flood_spec spec_of(const char *words)
{
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	char *error = NULL;

	assert_int_equal(flood_spec_parse(words, &spec, &error), 0);
	return spec;
}

static struct mix *mix_of(const char *words)
{
	struct flood_spec spec = spec_of(words);
	struct frame_ends ends;

	wire_ends(&ends);
	ends.addresses = spec.sources;
	ends.vlan = spec.vlan;
	return mix_new(&spec, &ends, &mark);
}

static const struct made *make(const struct mix *mix, enum flood_kind kind,
			       enum flood_family family, uint32_t seq)
{
	static struct mix_frame frames[MIX_FRAMES];
	static struct made made;

	made.n = mix_make(mix, kind, family, seq, frames);
	assert_in_range(made.n, 1, MIX_FRAMES);
	for (unsigned int i = 0; i < made.n; i++) {
		const struct mix_frame *f = &frames[i];

		made.len[i] = f->head_len + f->pad_len;
		assert_in_range(made.len[i], 0, FRAME_MAX);
		memcpy(made.bytes[i], f->head, f->head_len);
		memcpy(made.bytes[i] + f->head_len, mix_pad(mix) + f->pad_at, f->pad_len);
	}
	return &made;
}

static unsigned int word(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* Sum of a packet behind its IP headers, with its pseudo header where it has one. */
static bool sum_ok(const uint8_t *ip, unsigned int protocol, size_t headers, size_t n)
{
	bool v6 = ip[0] >> 4 == 6;
	uint64_t sum = wire_words(ip + headers, n);

	if (v6)
		sum += wire_words(ip + 8, 32) + n + protocol;
	else if (protocol == 17 || protocol == 6)
		sum += wire_words(ip + 12, 8) + n + protocol;
	return sum % 65535 == 0;
}

/* What stands before the packets of a kind. */
struct shape {
	enum flood_kind kind;
	enum flood_family family;
	unsigned int protocol, headers, hop_limit;
	size_t len; /* behind the IP headers, without a payload */
	bool sized;
};

static const struct shape shapes[] = {
	{ FLOOD_ICMP, FLOOD_V4, 1, 20, 64, 8, true },
	{ FLOOD_ICMP, FLOOD_V6, 58, 40, 64, 8, true },
	{ FLOOD_UDP, FLOOD_V4, 17, 20, 64, 8, true },
	{ FLOOD_UDP, FLOOD_V6, 17, 40, 64, 8, true },
	{ FLOOD_TCP, FLOOD_V4, 6, 20, 64, 20, false },
	{ FLOOD_TCP, FLOOD_V6, 6, 40, 64, 20, false },
	{ FLOOD_ND, FLOOD_V6, 58, 40, 255, 32, false },
	{ FLOOD_IGMP, FLOOD_V4, 2, 24, 1, 8, false },
	{ FLOOD_MLD, FLOOD_V6, 58, 48, 1, 24, false },
};

static void check_shape(const struct shape *s, const uint8_t *ip, size_t n, uint32_t size)
{
	size_t len = s->len + (s->sized ? size : 0);

	if (s->family == FLOOD_V4) {
		assert_int_equal(ip[0], 0x40 | s->headers / 4);
		assert_int_equal(word(ip + 2), s->headers + len);
		assert_int_equal(word(ip + 6), 0x4000);
		assert_int_equal(ip[8], s->hop_limit);
		assert_int_equal(ip[9], s->protocol);
		assert_int_equal(wire_words(ip, s->headers) % 65535, 0);
	} else {
		assert_int_equal(word(ip), 0x6000);
		assert_int_equal(word(ip + 4), s->headers - 40 + len);
		assert_int_equal(ip[s->headers == 40 ? 6 : 40], s->protocol);
		assert_int_equal(ip[7], s->hop_limit);
	}
	assert_true(n >= s->headers + len);
	/* Ethernet's least. */
	assert_true(n == s->headers + len || n + 14 == 60);
	assert_true(sum_ok(ip, s->protocol, s->headers, len));
}

static void test_all_kinds(void **state)
{
	static const char *const words[] = { "size=16",   "size=17",
					     "size=1400", "size=1451",
					     "size=1452", "sources=7,size=64",
					     "vlan=9" };
	static const uint32_t seqs[] = { 0,          1,          0xffff,     0x10000,
					 0xfffe0001, 0xffffffff, 0x7fff8000, 0x89abcdef };

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(words); w++) {
		struct flood_spec spec = spec_of(words[w]);
		struct mix *mix = mix_of(words[w]);
		size_t tag = spec.vlan ? 4 : 0;

		for (size_t i = 0; i < ARRAY_SIZE(shapes) * ARRAY_SIZE(seqs); i++) {
			struct shape s = shapes[i / ARRAY_SIZE(seqs)];
			uint32_t seq = seqs[i % ARRAY_SIZE(seqs)];
			const struct made *m = make(mix, s.kind, s.family, seq);
			const uint8_t *eth = m->bytes[0];

			assert_int_equal(m->n, 1);
			if (s.kind == FLOOD_IGMP && seq & 16)
				s.len = 12;
			if (s.kind == FLOOD_MLD && seq & 16)
				s.len = 28;
			assert_memory_equal(eth + 6, WIRE_PEER_MAC, 6);
			if (tag)
				assert_memory_equal(eth + 12, "\x81\0\0\x09", 4);
			assert_int_equal(word(eth + 12 + tag),
					 s.family == FLOOD_V4 ? 0x0800 : 0x86dd);
			check_shape(&s, eth + 14 + tag, m->len[0] - 14 - tag, spec.size);
		}
		mix_free(mix);
	}
}

static uint8_t hex_value(char c)
{
	return (uint8_t)(c > '9' ? c - 'a' + 10 : c - '0');
}

/* Byte for byte, made and summed up by another program. */
static void test_bytes(void **state)
{
	static const struct {
		enum flood_kind kind;
		enum flood_family family;
		uint32_t seq;
		const char *hex;
	} cases[] = {
		{ FLOOD_ARP, FLOOD_V4, 0,
		  "52540012345652540000000108060001080006040001525400000001c0000201"
		  "000000000000c0000202000000000000000000000000000000000000" },
		{ FLOOD_IGMP, FLOOD_V4, 0,
		  "01005e000001525400000001080046c000200000400001024215c0000201e000"
		  "0001940400001101eefe000000000000000000000000000000000000" },
		{ FLOOD_IGMP, FLOOD_V4, 16,
		  "01005e000001525400000001080046c000240000400001024211c0000201e000"
		  "0001940400001100eeff000000000000000000000000000000000000" },
		{ FLOOD_TCP, FLOOD_V4, 0x89abcdef,
		  "525400123456525400000001080045000028000040004006b6ccc0000201c000"
		  "0202c00082d700000000000000005002faf0ee150000000000000000" },
		{ FLOOD_TCP, FLOOD_V6, 77,
		  "52540012345652540000000186dd600000000014064020010db8000000000000"
		  "00000000000120010db8000000000000000000000002c00082a389abcda20000"
		  "00005002faf0bf8a0000" },
		{ FLOOD_MLD, FLOOD_V6, 0,
		  "33330000000152540000000186dd6000000000200001fe800000000000005054"
		  "00fffe000001ff0200000000000000000000000000013a000502000001008200"
		  "30d20001000000000000000000000000000000000000" },
		{ FLOOD_MLD, FLOOD_V6, 16,
		  "33330000000152540000000186dd6000000000240001fe800000000000005054"
		  "00fffe000001ff0200000000000000000000000000013a000502000001008200"
		  "30cf000000000000000000000000000000000000000000000000" },
		{ FLOOD_ND, FLOOD_V6, 0,
		  "52540012345652540000000186dd6000000000203aff20010db8000000000000"
		  "00000000000120010db800000000000000000000000287009c1e000000002001"
		  "0db80000000000000000000000020101525400000001" },
		{ FLOOD_UDP, FLOOD_V4, 0x50007,
		  "52540012345652540000000108004500002c000040004011b6bdc0000201c000"
		  "0202c000829a00188cd10123456789abcdef0005000700070e15" },
		{ FLOOD_UDP, FLOOD_V6, 0x50007,
		  "52540012345652540000000186dd600000000018114020010db8000000000000"
		  "00000000000120010db8000000000000000000000002c000829a0018b5600123"
		  "456789abcdef0005000700070e15" },
		{ FLOOD_ICMP, FLOOD_V6, 0x50007,
		  "52540012345652540000000186dd6000000000183a4020010db8000000000000"
		  "00000000000120010db80000000000000000000000028000b8f3beef00070123"
		  "456789abcdef0005000700070e15" },
	};
	struct mix *mix = mix_of("size=16");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct made *m =
			make(mix, cases[i].kind, cases[i].family, cases[i].seq);
		const char *hex = cases[i].hex;

		assert_int_equal(m->n, 1);
		assert_int_equal(2 * m->len[0], strlen(hex));
		for (size_t at = 0; at < m->len[0]; at++)
			if (m->bytes[0][at] !=
			    (hex_value(hex[2 * at]) << 4 | hex_value(hex[2 * at + 1])))
				fail_msg("case %zu differs in byte %zu", i, at);
	}
	mix_free(mix);
}

/* Puts fragments together again; returns the length of what they carry. */
static size_t reassemble(const struct made *m, enum flood_family family, uint8_t *data)
{
	size_t header = family == FLOOD_V4 ? 20 : 48, len = 0;
	uint64_t id = 0;

	for (unsigned int i = 0; i < m->n; i++) {
		const uint8_t *ip = m->bytes[i] + 14;
		size_t n = m->len[i] - 14 - header;
		unsigned int offset, more;
		uint64_t own;

		if (family == FLOOD_V4) {
			offset = (word(ip + 6) & 0x1fff) * 8;
			more = word(ip + 6) >> 13;
			own = word(ip + 4);
			assert_int_equal(word(ip + 2), 20 + n);
			assert_int_equal(wire_words(ip, 20) % 65535, 0);
		} else {
			assert_int_equal(ip[6], 44);
			offset = word(ip + 42) & 0xfff8;
			more = ip[43] & 7;
			own = (uint64_t)word(ip + 44) << 16 | word(ip + 46);
			assert_int_equal(word(ip + 4), 8 + n);
		}
		assert_int_equal(offset, len);
		assert_int_equal(more, i + 1 < m->n);
		assert_true(i + 1 == m->n || n % 8 == 0);
		assert_true(m->len[i] <= 14 + 1500);
		id = i ? id : own;
		assert_int_equal(own, id);
		memcpy(data + offset, ip + header, n);
		len += n;
	}
	return len;
}

static void check_fragments(const struct mix *mix, enum flood_kind kind,
			    enum flood_family family, uint32_t size)
{
	static uint8_t data[65536];
	const struct made *m = make(mix, kind, family, 0x00051234);
	unsigned int protocol = kind == FLOOD_UDP ? 17 : family == FLOOD_V4 ? 1 : 58;
	uint64_t sum;

	assert_int_equal(reassemble(m, family, data), size + 8);
	sum = wire_words(data, size + 8);
	if (family == FLOOD_V6)
		sum += wire_words(m->bytes[0] + 22, 32) + size + 8 + protocol;
	else if (kind == FLOOD_UDP)
		sum += wire_words(m->bytes[0] + 26, 8) + size + 8 + protocol;
	assert_int_equal(sum % 65535, 0);
	for (uint32_t i = FRAME_TAG; i < size; i++)
		assert_int_equal(data[8 + i], frame_pad_byte(i - FRAME_TAG));
	if (size == 65000)
		assert_int_equal(m->n, family == FLOOD_V4 ? 44 : 45);
}

static void test_fragments(void **state)
{
	static const uint32_t sizes[] = { 1473, 1474,  1480,  2952, 2953,
					  8191, 65000, 65486, 65487 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_free_ char *words = xasprintf("size=%u", sizes[i]);
		struct mix *mix = mix_of(words);

		check_fragments(mix, FLOOD_ICMP, FLOOD_V4, sizes[i]);
		check_fragments(mix, FLOOD_ICMP, FLOOD_V6, sizes[i]);
		check_fragments(mix, FLOOD_UDP, FLOOD_V4, sizes[i]);
		check_fragments(mix, FLOOD_UDP, FLOOD_V6, sizes[i]);
		mix_free(mix);
	}
}

/* All sources come, none is the target, and each has its port. */
static void test_sources(void **state)
{
	struct mix *mix = mix_of("udp,sources=8");
	unsigned int seen[256] = { 0 };

	(void)state;
	for (uint32_t seq = 0; seq < 800; seq++) {
		const struct made *m = make(mix, FLOOD_UDP, FLOOD_V4, 4 * seq);
		const uint8_t *ip = m->bytes[0] + 14;
		unsigned int host = ip[15];

		assert_memory_equal(ip + 12, "\xc0\0\2", 3);
		assert_true(host != 2 && host >= 1 && host <= 9);
		assert_int_equal(word(ip + 20), 49152 + (host == 1 ? 0 : host - 2));
		assert_in_range(word(ip + 22), 33434, 33497);
		seen[host]++;
		m = make(mix, FLOOD_TCP, FLOOD_V6, 4 * seq);
		assert_memory_equal(m->bytes[0] + 22,
				    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0", 15);
		assert_true(m->bytes[0][37] != 2);
	}
	for (unsigned int host = 1; host < 10; host++)
		assert_in_range(seen[host], host == 2 ? 0 : 50, host == 2 ? 0 : 200);
	mix_free(mix);
}

static void test_ports(void **state)
{
	struct mix *mix = mix_of("udp=7,tcp=22");

	(void)state;
	assert_int_equal(word(make(mix, FLOOD_UDP, FLOOD_V4, 1)->bytes[0] + 36), 7);
	assert_int_equal(word(make(mix, FLOOD_TCP, FLOOD_V4, 1)->bytes[0] + 36), 22);
	mix_free(mix);
}

/* For raw sockets: the message alone, whatever its size. */
static void test_bare(void **state)
{
	struct mix *mix = mix_of("size=65000");
	struct mix_frame frame;
	uint64_t sum;

	(void)state;
	mix_make_icmp(mix, FLOOD_V4, 0x00050007, &frame);
	assert_int_equal(frame.head_len, 20);
	assert_int_equal(frame.pad_len, 65000 - 12);
	assert_memory_equal(frame.head, "\x08\0", 2);
	assert_memory_equal(frame.head + 4,
			    "\xbe\xef\0\7\x01\x23\x45\x67\x89\xab\xcd\xef\0\5\0\7", 16);
	sum = wire_words(frame.head, 20) + wire_words(mix_pad(mix), frame.pad_len);
	assert_int_equal(sum % 65535, 0);
	mix_free(mix);
}

/* What is said of a link's bits is what stands in the frames. */
static void test_bits(void **state)
{
	static const char *const words[] = { "size=16", "size=1472,vlan=5", "size=1473",
					     "size=65487", "size=16..3000" };

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(words) * 40; w++) {
		struct flood_spec spec = spec_of(words[w / 40]);
		struct mix *mix = mix_of(words[w / 40]);

		for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
			const struct made *m =
				make(mix, shapes[i].kind, shapes[i].family, (uint32_t)w);
			size_t least = spec.vlan ? 64 : 60, bytes = 0;

			for (unsigned int k = 0; k < m->n; k++)
				bytes += 24 + (m->len[k] < least ? least : m->len[k]);
			assert_int_equal(mix_bits(&spec, shapes[i].kind, shapes[i].family,
						  (uint32_t)w),
					 8 * bytes);
		}
		mix_free(mix);
	}
}

static void test_mean_bits(void **state)
{
	struct flood_spec spec = spec_of("arp,v4");

	(void)state;
	/* 1,488,095 of the shortest frames fill a gigabit. */
	assert_int_equal(1000000000 / mix_mean_bits(&spec), 1488095);
	spec = spec_of("icmp,v4,size=1472");
	assert_int_equal(1000000000 / mix_mean_bits(&spec), 81274);
	spec = spec_of("icmp,both,size=1000..1100");
	assert_in_range(mix_mean_bits(&spec), (14 + 30 + 8 + 1040 + 24) * 8,
			(14 + 30 + 8 + 1060 + 24) * 8);
}

static void test_turns(void **state)
{
	static const struct {
		const char *words, *order;
		unsigned int asked;
	} cases[] = {
		{ "icmp", "iii", 1 },
		{ "icmp,udp,igmp", "iugiug", 1 },
		{ "udp,v4,tcp,arp", "utautau", 2 },
		{ "nd,mld,v6", "nmnm", 1 },
		{ "udp", "uuuuuuuuiu", 1 },
		{ "udp,igmp,mld", "ugmugmugiugm", 1 },
	};
	static const char letters[] = "iutangm";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct flood_spec spec = spec_of(cases[i].words);
		struct turns turns;

		turns_init(&turns, &spec);
		assert_int_equal(turns.asked, cases[i].asked);
		for (const char *c = cases[i].order; *c; c++)
			assert_int_equal("iutangm"[turns_next(&turns)], *c);
	}
	assert_int_equal(strlen(letters), FLOOD_KINDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_kinds), cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_fragments), cmocka_unit_test(test_sources),
		cmocka_unit_test(test_ports),     cmocka_unit_test(test_bare),
		cmocka_unit_test(test_turns),     cmocka_unit_test(test_bits),
		cmocka_unit_test(test_mean_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
