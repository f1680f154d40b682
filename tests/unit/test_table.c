// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables of members: struct to words, struct to JSON, both ways, for each kind. */
#include "device/facts.h"
#include "journal/record.h"
#include "journal/table_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum colour { RED, GREEN, BLUE };

static const char *colour_name(unsigned int value)
{
	static const char *const names[] = { "red", "green", "blue" };

	return names[value];
}

static const struct table_names colours = { colour_name, 3 };

/* One letter, which no kind describes. */
struct mark {
	char letter[2];
};

static json_t *mark_write(const void *member)
{
	const struct mark *mark = member;

	return mark->letter[0] ? json_string(mark->letter) : NULL;
}

static const char *mark_read(json_t *value, void *member)
{
	struct mark *mark = member;

	if (!json_is_string(value) || json_string_length(value) != 1)
		return "a letter";
	text_copy(mark->letter, sizeof(mark->letter), text_of(json_string_value(value)));
	return NULL;
}

static const struct table_custom mark_custom = { mark_write, mark_read };

struct all {
	uint64_t u64;
	unsigned int u32;
	int64_t i64;
	int i32;
	bool flag, strict, coloured;
	enum colour colour;
	char text[8], whole[8], dash[8];
	struct {
		uint64_t n[3];
	} counters;
	const char *string, *object;
	struct mark mark;
	unsigned int hidden;
};

#define ALL(member, rules, ...) \
	TABLE_MEMBER(struct all, member, "j_" #member, #member, rules, __VA_ARGS__)

static const struct table_member members[] = {
	ALL(u64, TABLE_NEEDED),
	ALL(u32, TABLE_OPTIONAL),
	ALL(i64, 0),
	ALL(i32, TABLE_OPTIONAL | TABLE_LENIENT),
	ALL(flag, TABLE_OPTIONAL),
	ALL(strict, TABLE_EXACT | TABLE_OPTIONAL),
	ALL(coloured, TABLE_OPTIONAL, .names = &colours),
	ALL(colour, TABLE_OPTIONAL, .names = &colours),
	ALL(text, TABLE_OPTIONAL),
	ALL(whole, TABLE_EXACT | TABLE_OPTIONAL),
	ALL(dash, TABLE_DASH | TABLE_OPTIONAL),
	ALL(counters, TABLE_OPTIONAL, .names = &colours),
	TABLE_MEMBER(struct all, string, "string", NULL, TABLE_OPTIONAL),
	TABLE_MEMBER(struct all, object, "object", NULL, TABLE_OPTIONAL | TABLE_OBJECT),
	TABLE_MEMBER(struct all, mark, "mark", NULL, TABLE_OPTIONAL,
		     .custom = &mark_custom),
	TABLE_MEMBER(struct all, hidden, NULL, NULL, 0),
	{ 0 },
};

static void kinds_follow_from_types(void **state)
{
	static const enum table_kind kinds[] = {
		TABLE_UNSIGNED, TABLE_UNSIGNED, TABLE_SIGNED, TABLE_SIGNED,
		TABLE_BOOL,     TABLE_BOOL,     TABLE_BOOL,   TABLE_UNSIGNED,
		TABLE_CHARS,    TABLE_CHARS,    TABLE_CHARS,  TABLE_STRUCT,
		TABLE_STRING,   TABLE_STRING,   TABLE_STRUCT, TABLE_UNSIGNED,
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(members), ARRAY_SIZE(kinds) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_int_equal(members[i].kind, kinds[i]);
}

/* -- known words and JSON ------------------------------------------------------------ */

static const struct all full = {
	.u64 = UINT64_MAX,
	.u32 = UINT32_MAX,
	.i64 = INT64_MIN,
	.i32 = INT32_MIN,
	.flag = true,
	.strict = true,
	.coloured = true,
	.colour = BLUE,
	.text = "a b",
	.whole = "1234567",
	.counters = { { 0, 5, UINT64_MAX } },
};

#define FULL                                                                       \
	" u64=18446744073709551615 u32=4294967295 i64=-9223372036854775808 "       \
	"i32=-2147483648 flag=1 strict=1 coloured=green colour=blue text=\"a b\" " \
	"whole=1234567 dash=- counters=green:5,blue:18446744073709551615"

static const char *const keys[] = { "u64",    "u32",      "i64",    "i32",  "flag",
				    "strict", "coloured", "colour", "text", "whole",
				    "dash",   "counters", NULL };

static void words_are_written_and_read(void **state)
{
	_cleanup_strbuf_ struct strbuf words = { 0 };
	struct all back;

	(void)state;
	table_format(members, &full, keys, &words);
	assert_string_equal(words.s, FULL);
	memset(&back, 0, sizeof(back));
	assert_true(table_parse((struct text){ words.s, words.n }, members, &back));
	assert_memory_equal(&back, &full, sizeof(back));
}

static void words_keep_the_order_of_the_keys(void **state)
{
	static const char *const some[] = { "text", "counters", "colour", "u64", NULL };
	const struct all all = { .text = "\"'\"", .u64 = 3 };
	_cleanup_strbuf_ struct strbuf words = { 0 };

	(void)state;
	/* Counters that are all 0 are left out; quotes in quotes become others. */
	table_format(members, &all, some, &words);
	assert_string_equal(words.s, " text=\"'''\" colour=red u64=3");
}

static void json_is_written_and_read(void **state)
{
	static const char wanted[] =
		"{\"j_u64\":9223372036854775807,\"j_u32\":4294967295,"
		"\"j_i64\":-9223372036854775808,\"j_i32\":-2147483648,\"j_flag\":true,"
		"\"j_strict\":true,\"j_coloured\":true,\"j_colour\":\"blue\","
		"\"j_text\":\"a b\",\"j_whole\":\"1234567\","
		"\"j_counters\":{\"green\":5,\"blue\":7},\"string\":\"s\","
		"\"object\":{\"a\":[1]},\"mark\":\"x\"}";
	struct all all = full, back = { 0 };
	_cleanup_free_ char *text = NULL, *error = NULL;
	json_t *object = json_object();

	(void)state;
	all.counters.n[2] = 7;
	all.string = "s";
	all.object = "{\"a\": [1]}";
	all.mark.letter[0] = 'x';
	all.hidden = 9;
	table_to_json(members, &all, object);
	text = json_dumps(object, JSON_COMPACT);
	assert_string_equal(text, wanted);
	assert_int_equal(table_from_json(members, &back, object, &error), 0);
	assert_true(back.u64 == INT64_MAX && back.u32 == UINT32_MAX);
	assert_true(back.i64 == INT64_MIN && back.i32 == INT32_MIN);
	assert_true(back.flag && back.strict && back.coloured && back.colour == BLUE);
	assert_string_equal(back.text, "a b");
	assert_string_equal(back.whole, "1234567");
	assert_string_equal(back.dash, "");
	assert_memory_equal(&back.counters, &all.counters, sizeof(all.counters));
	assert_string_equal(back.string, "s");
	assert_string_equal(back.object, "{\"a\":[1]}");
	assert_string_equal(back.mark.letter, "x");
	assert_int_equal(back.hidden, 0);
	table_done(members, &back);
	assert_null(back.string);
	json_decref(object);
}

static void little_json_is_read(void **state)
{
	struct all all = { 0 }, back = { .u64 = 9 };
	_cleanup_free_ char *text = NULL, *error = NULL;
	json_t *object = json_object();

	(void)state;
	table_to_json(members, &all, object);
	text = json_dumps(object, JSON_COMPACT);
	assert_string_equal(text, "{\"j_u64\":0,\"j_i64\":0}");
	assert_int_equal(table_from_json(members, &back, object, &error), 0);
	assert_int_equal(back.u64, 0);
	/* Strings are never NULL. */
	assert_string_equal(back.string, "");
	assert_string_equal(back.object, "");
	table_done(members, &back);
	json_decref(object);
}

/* -- what is wrong ---------------------------------------------------------------------- */

static void wrong_words_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"u32=1",
		"u64=",
		"u64=x",
		"u64=1x",
		"u64=-1",
		"u64=+1",
		"u64=\" 1\"",
		"u64=18446744073709551616",
		"u64=000000000000000000000001",
		"u64=1 u32=4294967296",
		"u64=1 i64=9223372036854775808",
		"u64=1 i64=-9223372036854775809",
		"u64=1 i64=--1",
		"u64=1 i64=-",
		"u64=1 i64=",
		"u64=1 flag=true",
		"u64=1 flag=-1",
		"u64=1 strict=2",
		"u64=1 coloured=1",
		"u64=1 colour=",
		"u64=1 colour=Red",
		"u64=1 colour=redder",
		"u64=1 whole=12345678",
		"u64=1 counters=red",
		"u64=1 counters=red:",
		"u64=1 counters=:1",
		"u64=1 counters=red:1,,blue:1",
		"u64=1 counters=red:-1",
		"u64=1 counters=red:18446744073709551616",
	};
	const struct text zero = { "u64=1\0", 6 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct all all = { 0 };

		if (table_parse(text_of(wrong[i]), members, &all))
			fail_msg("taken: %s", wrong[i]);
	}
	assert_false(table_parse(zero, members, &(struct all){ 0 }));
}

static void other_words_are_taken(void **state)
{
	struct all all = { .i32 = 5 };

	(void)state;
	assert_true(table_parse(TEXT("hidden=7 string=x mark=x j_u32=9 new=1 u64=0x10 "
				     "i64=-0 i32=2147483648 flag=2 text=12345678 "
				     "dash=- whole=- coloured=red "
				     "counters=pink:3,blue:1,pink:1,red:0,"),
				members, &all));
	assert_int_equal(all.hidden, 0);
	assert_null(all.string);
	assert_string_equal(all.mark.letter, "");
	assert_int_equal(all.u32, 0);
	assert_int_equal(all.u64, 16);
	assert_int_equal(all.i64, 0);
	/* A lenient one is as if it were missing. */
	assert_int_equal(all.i32, 5);
	assert_true(all.flag);
	assert_string_equal(all.text, "1234567");
	assert_string_equal(all.dash, "");
	assert_string_equal(all.whole, "-");
	assert_false(all.coloured);
	/* Unknown names count as the last one. */
	assert_int_equal(all.counters.n[2], 5);
	assert_int_equal(all.counters.n[0], 0);
}

static void hostile_words_are_cleaned(void **state)
{
	struct all all = { 0 };

	(void)state;
	assert_true(table_parse(TEXT("u64=1 text=\"a\033[31m\a\" dash=\"\xff\xff\xff\""),
				members, &all));
	assert_string_equal(all.text, "a.");
	/* Cut between two characters. */
	assert_string_equal(all.dash, "\xef\xbf\xbd\xef\xbf\xbd");
}

static void wrong_json_is_named(void **state)
{
	static const struct {
		const char *json, *error;
	} rows[] = {
		{ "{}", "'j_u64' is missing" },
		{ "{\"j_u64\":1}", "'j_i64' is missing" },
		{ "{\"j_u64\":\"1\"}", "'j_u64' must be a whole number from 0 on" },
		{ "{\"j_u64\":-1}", "'j_u64' must be a whole number from 0 on" },
		{ "{\"j_u64\":1.5}", "'j_u64' must be a whole number from 0 on" },
		{ "{\"j_u64\":1,\"j_u32\":4294967296}",
		  "'j_u32' must be a whole number from 0 to 4294967295" },
		{ "{\"j_u64\":1,\"j_i64\":true}", "'j_i64' must be a whole number" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"j_i32\":-2147483649}",
		  "'j_i32' must be a whole number of 32 bits" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"j_flag\":1}",
		  "'j_flag' must be true or false" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"j_coloured\":\"red\"}",
		  "'j_coloured' must be true or false" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"j_colour\":\"pink\"}",
		  "'j_colour' must be one of red, green, blue" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"j_colour\":1}",
		  "'j_colour' must be one of red, green, blue" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"j_text\":1}", "'j_text' must be a string" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"j_counters\":[1]}",
		  "'j_counters' must be an object of whole numbers" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"j_counters\":{\"red\":-1}}",
		  "'j_counters' must be an object of whole numbers" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"string\":null}",
		  "'string' must be a string" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"object\":\"{}\"}",
		  "'object' must be an object" },
		{ "{\"j_u64\":1,\"j_i64\":1,\"string\":\"s\",\"mark\":\"xx\"}",
		  "'mark' must be a letter" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *error = NULL;
		json_t *object = json_loads(rows[i].json, 0, NULL);
		struct all all = { 0 };

		assert_int_equal(table_from_json(members, &all, object, &error), -EINVAL);
		assert_string_equal(error, rows[i].error);
		table_done(members, &all);
		json_decref(object);
	}
}

static void hostile_json_is_cleaned(void **state)
{
	struct all all = { .text = "\a\xff", .string = "\033[1mx\n" }, back = { 0 };
	_cleanup_free_ char *text = NULL, *error = NULL;
	json_t *object = json_object();

	(void)state;
	table_to_json(members, &all, object);
	text = json_dumps(object, JSON_COMPACT);
	assert_string_equal(text, "{\"j_u64\":0,\"j_i64\":0,\"j_text\":\".\xef\xbf\xbd\","
				  "\"string\":\"x\"}");
	json_decref(object);
	object = json_loads("{\"j_u64\":1,\"j_i64\":1,\"j_text\":\"\\u001b[1m\\u0007"
			    "12345678\",\"j_dash\":\"-\",\"string\":\"\\u202ex\"}",
			    0, NULL);
	assert_int_equal(table_from_json(members, &back, object, &error), 0);
	assert_string_equal(back.text, ".123456");
	assert_string_equal(back.dash, "-");
	assert_string_equal(back.string, ".x");
	table_done(members, &back);
	json_decref(object);
}

/* -- the tables of the program ------------------------------------------------------- */

/* A small generator, so that a failure can be repeated. */
static uint64_t random_state = 1;

static uint64_t random_below(uint64_t limit)
{
	random_state =
		random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (random_state >> 33) % limit;
}

static uint64_t random_number(const struct table_member *m)
{
	static const uint64_t numbers[] = { 0,          1,           7,        INT32_MAX,
					    UINT32_MAX, 1ULL << 40u, INT64_MAX };
	uint64_t number = numbers[random_below(ARRAY_SIZE(numbers))];

	if (m->kind == TABLE_BOOL)
		return random_below(2);
	if (m->names)
		return random_below(m->names->count);
	if (m->kind == TABLE_SIGNED && random_below(2))
		number = -number;
	return m->size == sizeof(uint64_t) ? number : (uint32_t)number;
}

/* Clean text that words hold as it is. */
static void random_chars(char *s, size_t size)
{
	static const char *const parts[] = { "a", "B", "0", " ", "=", "'", ",", "\u20ac" };
	size_t n = 0;

	for (size_t left = random_below(size); left; left--) {
		const char *part = parts[random_below(ARRAY_SIZE(parts))];

		if (n + strlen(part) >= size)
			return;
		memcpy(s + n, part, strlen(part));
		n += strlen(part);
	}
}

static void random_member(const struct table_member *m, char *base)
{
	uint64_t *counters = (uint64_t *)(void *)(base + m->offset);

	if (m->kind == TABLE_CHARS)
		random_chars(base + m->offset, m->size);
	else if (m->kind == TABLE_STRUCT)
		for (unsigned int i = 0; i < m->names->count; i++)
			counters[i] = random_below(3);
	else
		assert_true(table_set(m, base, random_number(m)));
}

static void assert_words(const struct table_member *table, size_t size)
{
	_cleanup_free_ char *base = xcalloc(size, 1), *back = xcalloc(size, 1);
	_cleanup_strbuf_ struct strbuf words = { 0 };
	const char *all[64] = { NULL };
	size_t n = 0;

	for (const struct table_member *m = table; m->size; m++)
		if (m->word) {
			random_member(m, base);
			assert_true(n + 1 < ARRAY_SIZE(all));
			all[n++] = m->word;
		}
	table_format(table, base, all, &words);
	assert_true(table_parse((struct text){ words.s, words.n }, table, back));
	assert_memory_equal(base, back, size);
}

static void assert_json(const struct table_member *table, size_t size)
{
	_cleanup_free_ char *base = xcalloc(size, 1), *back = xcalloc(size, 1);
	_cleanup_free_ char *error = NULL;
	json_t *object = json_object();

	for (const struct table_member *m = table; m->size; m++)
		if (m->json)
			random_member(m, base);
	table_to_json(table, base, object);
	assert_int_equal(table_from_json(table, back, object, &error), 0);
	assert_memory_equal(base, back, size);
	json_decref(object);
}

static void way_and_back_is_identity(void **state)
{
	static const struct {
		const struct table_member *table;
		size_t size;
	} users[] = {
		{ attempt_members, sizeof(struct attempt) },
		{ flood_sample_members, sizeof(struct flood_sample) },
		{ system_facts_members, sizeof(struct system_facts) },
		{ device_facts_members, sizeof(struct device_facts) },
		{ target_counters_members, sizeof(struct target_counters) },
	};

	(void)state;
	for (unsigned int i = 0; i < 500 * ARRAY_SIZE(users); i++) {
		assert_words(users[i % ARRAY_SIZE(users)].table,
			     users[i % ARRAY_SIZE(users)].size);
		assert_json(users[i % ARRAY_SIZE(users)].table,
			    users[i % ARRAY_SIZE(users)].size);
	}
}

/* The keys of the journal and of the worker's and the flood's lines do not change. */
static void keys_stay(void **state)
{
	static const struct {
		const struct table_member *table;
		const char *keys; /* "json=word", "-" for none */
	} users[] = {
		{ attempt_members,
		  "seen=- want_ns=want got_ns=got unplug=unplug unplug_ns=unplug_ns "
		  "request_ns=request_ns close_ns=close_ns release=release "
		  "release_ns=release_ns blocked=blocked free_ns=free_ns who=who "
		  "where=where back=back moved=moved back_ns=back_ns total_ns=total_ns "
		  "order=- " },
		{ flood_sample_members,
		  "state=state sampled_at=at sent=sent replies=replies drops=drops "
		  "rate=rate reply_rate=reply_rate rtt_us=rtt_us bad=bad lost=lost "
		  "duplicates=duplicates reports=reports rtt_p50_us=rtt_p50_us "
		  "rtt_p90_us=rtt_p90_us rtt_p99_us=rtt_p99_us rtt_max_us=rtt_max_us "
		  "steady=steady last_reply_at=last_reply first_reply_at=first_reply "
		  "errors=errors " },
		{ system_facts_members,
		  "kernel=kernel arch=arch cpus=cpus vfio=vfio iommufd=iommufd "
		  "iommu=iommu cmdline=cmdline_iommu qemu=qemu -=autoprobe -=expedited "
		  "-=devkmsg peer=peer hint=hint " },
		{ device_facts_members,
		  "bdf=bdf id=id -=class driver=driver override=override group=group "
		  "domain_type=domain_type iommu=iommu slot=slot -=removable -=rescan "
		  "-=reset -=reset_subordinate -=bridge -=autoprobe parent=parent "
		  "sriov_total=sriov_total sriov_num=sriov_num physfn=physfn -=net "
		  "-=mac -=block -=cdev -=vfio_open " },
		{ target_counters_members,
		  "rx_packets=rx_packets rx_errors=rx_errors rx_dropped=rx_dropped "
		  "rx_missed_errors=rx_missed_errors in_echos=in_echos "
		  "out_echo_replies=out_echo_replies " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		_cleanup_strbuf_ struct strbuf found = { 0 };

		for (const struct table_member *m = users[i].table; m->size; m++)
			strbuf_addf(&found, "%s=%s ", m->json ? m->json : "-",
				    m->word ? m->word : "-");
		assert_string_equal(found.s, users[i].keys);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_follow_from_types),
		cmocka_unit_test(words_are_written_and_read),
		cmocka_unit_test(words_keep_the_order_of_the_keys),
		cmocka_unit_test(json_is_written_and_read),
		cmocka_unit_test(little_json_is_read),
		cmocka_unit_test(wrong_words_are_refused),
		cmocka_unit_test(other_words_are_taken),
		cmocka_unit_test(hostile_words_are_cleaned),
		cmocka_unit_test(wrong_json_is_named),
		cmocka_unit_test(hostile_json_is_cleaned),
		cmocka_unit_test(way_and_back_is_identity),
		cmocka_unit_test(keys_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
