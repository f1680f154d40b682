// SPDX-License-Identifier: GPL-2.0-or-later
/* What is written and read as text: the spec, the samples. */
#include "base/num.h"
#include "flood/figures.h"

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

#define WORDS                                                                          \
	"' is not one of icmp, udp, udp=PORT, tcp, tcp=PORT, arp, nd, igmp, mld, v4, " \
	"v6, both, rate=N|NMbit|max|auto, size=BYTES|FROM..TO, sources=N, vlan=ID, "   \
	"burst=N/TIME, surge=TIME"
#define RATE "' is not auto, max, a number from 1 to 10000000, or 1Mbit to 400000Mbit"
#define SIZE "' is not a number from 16 to 65487, or two as in 64..1472"
#define BURST \
	"' is not a number from 1 to 100000 and a time from 1ms to 1s, as in 64/10ms"

static void test_spec_errors(void **state)
{
	static const struct {
		const char *words, *error;
	} cases[] = {
		{ "", "flood word '" WORDS },
		{ "v4,", "flood word '" WORDS },
		{ "v5", "flood word 'v5" WORDS },
		{ "icmp=4", "flood word 'icmp=4" WORDS },
		{ "ICMP", "flood word 'ICMP" WORDS },
		{ "v4=", "flood word 'v4=" WORDS },
		{ "rate", "flood word 'rate" WORDS },
		{ "v4,rate=0", "rate '0" RATE },
		{ "rate=-1", "rate '-1" RATE },
		{ "rate=10000001", "rate '10000001" RATE },
		{ "rate=4294967295", "rate '4294967295" RATE },
		{ "rate=", "rate '" RATE },
		{ "rate=0Mbit", "rate '0Mbit" RATE },
		{ "rate=Mbit", "rate 'Mbit" RATE },
		{ "rate=400001Mbit", "rate '400001Mbit" RATE },
		{ "size=15", "size '15" SIZE },
		{ "size=65488", "size '65488" SIZE },
		{ "size=1k", "size '1k" SIZE },
		{ "size=64..", "size '64.." SIZE },
		{ "size=..64", "size '..64" SIZE },
		{ "size=64..63", "size '64..63" SIZE },
		{ "size=64...65", "size '64...65" SIZE },
		{ "udp=", "udp '' is not a port from 1 to 65535" },
		{ "tcp=65536", "tcp '65536' is not a port from 1 to 65535" },
		{ "sources=0", "sources '0' is not a number from 1 to 64" },
		{ "sources=65", "sources '65' is not a number from 1 to 64" },
		{ "vlan=0", "vlan '0' is not a number from 1 to 4094" },
		{ "vlan=4095", "vlan '4095' is not a number from 1 to 4094" },
		{ "burst=64", "burst '64" BURST },
		{ "burst=0/1ms", "burst '0/1ms" BURST },
		{ "burst=1/2s", "burst '1/2s" BURST },
		{ "burst=1/999us", "burst '1/999us" BURST },
		{ "burst=100001/1s", "burst '100001/1s" BURST },
		{ "surge=0", "surge '0' is not a time from 1ms to 10s" },
		{ "surge=11s", "surge '11s' is not a time from 1ms to 10s" },
		{ "surge=", "surge '' is not a time from 1ms to 10s" },
		{ "v6,arp", "flood word 'arp' is IPv4, which 'v6' leaves out" },
		{ "icmp,mld,v4", "flood word 'mld' is IPv6, which 'v4' leaves out" },
		{ "burst=1/1ms,rate=5", "burst=N/TIME is a rate by itself: it and a rate "
					"other than auto exclude each other" },
		{ "rate=5Mbit,burst=1/1ms", "burst=N/TIME is a rate by itself: it and a "
					    "rate other than auto exclude each other" },
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
		assert_int_equal(spec.kinds, FLOOD_KIND(FLOOD_ICMP));
		free(error);
	}
}

/* Kinds that are named take the place of the default, further words leave them alone. */
static void test_kinds(void **state)
{
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	char *error = NULL;

	(void)state;
	assert_int_equal(flood_spec_parse("size=64", &spec, &error), 0);
	assert_int_equal(spec.kinds, FLOOD_KIND(FLOOD_ICMP));
	assert_int_equal(flood_spec_parse("udp=7,tcp", &spec, &error), 0);
	assert_int_equal(spec.kinds, FLOOD_KIND(FLOOD_UDP) | FLOOD_KIND(FLOOD_TCP));
	assert_int_equal(spec.udp_port, 7);
	assert_int_equal(spec.tcp_port, 0);
	assert_int_equal(flood_spec_parse("rate=5", &spec, &error), 0);
	assert_int_equal(spec.kinds, FLOOD_KIND(FLOOD_UDP) | FLOOD_KIND(FLOOD_TCP));
	assert_int_equal(flood_spec_parse("icmp,arp,nd,igmp,mld", &spec, &error), 0);
	assert_int_equal(spec.kinds, FLOOD_KIND(FLOOD_ICMP) | FLOOD_KIND(FLOOD_ARP) |
					     FLOOD_KIND(FLOOD_ND) |
					     FLOOD_KIND(FLOOD_IGMP) |
					     FLOOD_KIND(FLOOD_MLD));
	assert_int_equal(spec.udp_port, 0);
	assert_int_equal(flood_spec_kinds(&spec), spec.kinds);
	/* An address of one family leaves the kinds of that. */
	spec.family = FLOOD_V6;
	assert_int_equal(flood_spec_kinds(&spec), FLOOD_KIND(FLOOD_ICMP) |
							  FLOOD_KIND(FLOOD_ND) |
							  FLOOD_KIND(FLOOD_MLD));
	assert_null(error);
}

/* What is written is read as the same, and is written the same again. */
static void test_spec_round_trip(void **state)
{
	static const struct {
		const char *words, *written;
	} cases[] = {
		{ "both", "icmp,both,size=1400,rate=auto" },
		{ "mld,udp,icmp,v6", "icmp,udp,mld,v6,size=1400,rate=auto" },
		{ "tcp=22,udp=65535,v4", "udp=65535,tcp=22,v4,size=1400,rate=auto" },
		{ "udp=7,udp", "udp,both,size=1400,rate=auto" },
		{ "size=16..65487,rate=max", "icmp,both,size=16..65487,rate=max" },
		{ "size=64..64,rate=1", "icmp,both,size=64,rate=1" },
		{ "rate=10000000", "icmp,both,size=1400,rate=10000000" },
		{ "rate=7,rate=950Mbit", "icmp,both,size=1400,rate=950Mbit" },
		{ "rate=950Mbit,rate=7", "icmp,both,size=1400,rate=7" },
		{ "arp,igmp,v4,sources=64",
		  "arp,igmp,v4,size=1400,rate=auto,sources=64" },
		{ "nd,vlan=4094", "nd,both,size=1400,rate=auto,vlan=4094" },
		{ "burst=64/0.5s", "icmp,both,size=1400,rate=auto,burst=64/500ms" },
		{ "burst=1/1.5ms,surge=10s",
		  "icmp,both,size=1400,rate=auto,burst=1/1500us,surge=10000ms" },
		{ "surge=1001us,icmp", "icmp,both,size=1400,rate=auto,surge=1001us" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf first = { 0 }, second = { 0 };
		struct flood_spec spec = FLOOD_SPEC_DEFAULT, back = FLOOD_SPEC_DEFAULT;
		char *error = NULL;

		assert_int_equal(flood_spec_parse(cases[i].words, &spec, &error), 0);
		flood_spec_format(&spec, &first);
		assert_string_equal(first.s, cases[i].written);
		assert_int_equal(flood_spec_parse(first.s, &back, &error), 0);
		assert_memory_equal(&spec, &back, sizeof(spec));
		flood_spec_format(&back, &second);
		assert_string_equal(second.s, first.s);
	}
}

static void test_description(void **state)
{
	static const struct {
		const char *words, *description;
	} cases[] = {
		{ "both",
		  "ICMP echo flood, IPv4 and IPv6, 1400 bytes, as fast as the target "
		  "keeps up" },
		{ "icmp,udp,igmp,v4,size=64..1472,rate=max,sources=8,vlan=7",
		  "ICMP echo, UDP and IGMP query flood, IPv4, 64 to 1472 bytes from 8 "
		  "sources in VLAN 7, as fast as this machine can" },
		{ "nd,v6,burst=64/10ms,surge=200ms",
		  "neighbour solicitation flood, IPv6, 1400 bytes, 64 requests at once every "
		  "10 ms, as fast as this machine can from 200 ms before the trigger until "
		  "the target is silent" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf words = { 0 };
		struct flood_spec spec = FLOOD_SPEC_DEFAULT;
		char *error = NULL;

		assert_int_equal(flood_spec_parse(cases[i].words, &spec, &error), 0);
		flood_spec_describe(&spec, &words);
		assert_string_equal(words.s, cases[i].description);
	}
}

/* A sweep comes by each size once before it begins again, also where numbers wrap. */
static void test_sizes(void **state)
{
	static const struct {
		uint32_t from, to;
	} cases[] = { { 64, 65 }, { 64, 1472 }, { 16, 65487 }, { 1000, 1063 } };
	static uint8_t seen[FLOOD_SIZE_LIMIT + 1];
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;

	(void)state;
	assert_int_equal(flood_spec_size(&spec, 12345), 1400);
	assert_int_equal(flood_spec_size_max(&spec), 1400);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t n = cases[i].to - cases[i].from + 1;

		spec.size = cases[i].from;
		spec.size_to = cases[i].to;
		assert_int_equal(flood_spec_size_max(&spec), cases[i].to);
		memset(seen, 0, sizeof(seen));
		for (uint32_t seq = 7; seq < 7 + n; seq++) {
			uint32_t size = flood_spec_size(&spec, seq);

			assert_in_range(size, cases[i].from, cases[i].to);
			assert_int_equal(seen[size]++, 0);
		}
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
	.lost = 10,
	.duplicates = 11,
	.reports = 12,
	.rtt_p50_us = 13,
	.rtt_p90_us = 14,
	.rtt_p99_us = 15,
	.rtt_max_us = 16,
};

static void test_sample_round_trip(void **state)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	struct flood_sample back = { 0 };

	(void)state;
	flood_sample_format(&full, &line);
	assert_string_equal(line.s, "flood state=hold sent=1 replies=2 drops=3 bad=4 "
				    "rate=4294967295 reply_rate=6 rtt_us=7 steady=1 "
				    "first_reply=9 last_reply=8 lost=10 duplicates=11 "
				    "reports=12 rtt_p50_us=13 rtt_p90_us=14 "
				    "rtt_p99_us=15 rtt_max_us=16 "
				    "at=18446744073709551615");
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
	assert_memory_equal(&back, &full, sizeof(back));
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
	assert_string_equal(flood_state_name(99), "?");
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
		"flood state=hold at=1 errors=ENOBUFS",
		"flood state=hold at=1 errors=ENOBUFS:",
		"flood state=hold at=1 errors=:1",
		"flood state=hold at=1 errors=ENOBUFS:1,,EPERM:2",
		"flood state=hold at=1 errors=ENOBUFS:-1",
		"flood state=hold at=1 errors=ENOBUFS:99999999999999999999999999",
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

static unsigned int index_of(const char *name)
{
	unsigned int i = 0;

	while (strcmp(flood_error_name(i), name) != 0)
		assert_true(++i < FLOOD_ERRORS);
	return i;
}

static void test_errors_round_trip(void **state)
{
	_cleanup_strbuf_ struct strbuf line = { 0 }, none = { 0 };
	struct flood_sample sample = full, back;

	(void)state;
	flood_errors_count(&sample.errors, ENETDOWN);
	flood_errors_count(&sample.errors, ENETDOWN);
	flood_errors_count(&sample.errors, ENOBUFS);
	flood_errors_count(&sample.errors, EXDEV);
	assert_int_equal(flood_errors_all(&sample.errors), 4);
	flood_sample_format(&sample, &line);
	assert_non_null(strstr(line.s, " errors=ENOBUFS:1,ENETDOWN:2,other:1"));
	assert_true(flood_sample_parse((struct text){ line.s, line.n }, &back));
	assert_memory_equal(&back, &sample, sizeof(back));
	flood_sample_format(&full, &none);
	assert_null(strstr(none.s, "errors"));
}

static void test_error_names(void **state)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct flood_sample sample;
	struct flood_errors errors;

	(void)state;
	assert_string_equal(flood_error_words(index_of("ENOBUFS")),
			    "No buffer space available");
	/* Another version may know more names. */
	assert_true(flood_sample_parse(TEXT("flood state=hold at=1 errors=EUCLEAN:2,"
					    "EPERM:1,other:3,EPERM:4"),
				       &sample));
	errors = sample.errors;
	assert_int_equal(errors.n[FLOOD_ERRORS - 1], 5);
	assert_int_equal(errors.n[index_of("EPERM")], 5);
	flood_errors_describe(&errors, false, &text);
	assert_string_equal(text.s, "EPERM 5, other 5");
	strbuf_reset(&text);
	flood_errors_describe(&errors, true, &text);
	assert_string_equal(text.s, "EPERM 5 (Operation not permitted), "
				    "other 5 (other errors)");
	assert_true(flood_sample_parse(TEXT("flood state=hold at=1 errors="), &sample));
	assert_int_equal(flood_errors_all(&sample.errors), 0);
	for (unsigned int i = 0; i < FLOOD_ERRORS; i++)
		assert_int_equal(index_of(flood_error_name(i)), i);
}

/* A line has what came since the one before, the summary all. */
static void test_errors_for_people(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct figures figures = { 0 };
	struct flood_sample sample = { .state = FLOOD_HOLD, .at_ns = NS_PER_SEC };

	(void)state;
	assert_false(figures_format(&figures, &sample, &out));
	sample.at_ns += NS_PER_SEC;
	sample.errors.n[index_of("ENOBUFS")] = 7;
	assert_true(figures_format(&figures, &sample, &out));
	assert_non_null(strstr(out.s, "  ENOBUFS 7  hold"));
	strbuf_reset(&out);
	sample.at_ns += NS_PER_SEC;
	sample.errors.n[index_of("ENETDOWN")] = 2;
	assert_true(figures_format(&figures, &sample, &out));
	assert_non_null(strstr(out.s, "  ENETDOWN 2  hold"));
	assert_null(strstr(out.s, "ENOBUFS"));
	strbuf_reset(&out);
	figures_summary(&figures, &sample, &out);
	assert_non_null(strstr(out.s, "\nerrors: ENOBUFS 7 (No buffer space available), "
				      "ENETDOWN 2 (Network is down)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_spec_errors),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_spec_round_trip),
		cmocka_unit_test(test_description),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_sample_round_trip),
		cmocka_unit_test(test_sample_states),
		cmocka_unit_test(test_no_sample),
		cmocka_unit_test(test_errors_round_trip),
		cmocka_unit_test(test_error_names),
		cmocka_unit_test(test_errors_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
