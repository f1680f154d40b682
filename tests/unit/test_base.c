// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "base/num.h"
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void durations_parse(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "0", 0 },
		{ "2", 2 * NS_PER_SEC },
		{ "250ms", 250 * NS_PER_MSEC },
		{ "1.5s", 1500 * NS_PER_MSEC },
		{ "0.25", 250 * NS_PER_MSEC },
		{ "2m", 120 * NS_PER_SEC },
		{ "2min", 120 * NS_PER_SEC },
		{ "1h30m", 5400 * NS_PER_SEC },
		{ "10us", 10 * NS_PER_USEC },
		{ "1d", 86400 * NS_PER_SEC },
	};
	static const char *const bad[] = { "",    "s",  "-1s",    " 1s",
					   "1 s", "1x", "1.5.5s", "ms1" };
	uint64_t ns = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(num_parse_duration(good[i].text, &ns), 0);
		assert_true(ns == good[i].ns);
	}
	ns = 7;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(num_parse_duration(bad[i], &ns), -EINVAL);
	assert_int_equal(num_parse_duration("99999999999999999999h", &ns), -ERANGE);
	assert_int_equal(num_parse_duration("9999999999999d", &ns), -ERANGE);
	assert_true(ns == 7);
}

static void numbers_parse(void **state)
{
	uint64_t u64 = 0;
	uint32_t u32 = 5;

	(void)state;
	assert_int_equal(num_parse_u64("0x1f", &u64), 0);
	assert_true(u64 == 31);
	assert_int_equal(num_parse_u64("18446744073709551615", &u64), 0);
	assert_true(u64 == UINT64_MAX);
	assert_int_equal(num_parse_u64("18446744073709551616", &u64), -ERANGE);
	assert_int_equal(num_parse_u32("4294967296", &u32), -ERANGE);
	assert_int_equal(num_parse_u32("-1", &u32), -EINVAL);
	assert_int_equal(num_parse_u32("1k", &u32), -EINVAL);
	assert_int_equal(u32, 5);
}

static void sizes_parse(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(num_parse_size("512M", &bytes), 0);
	assert_true(bytes == UINT64_C(512) << 20);
	assert_int_equal(num_parse_size("2G", &bytes), 0);
	assert_true(bytes == UINT64_C(2) << 30);
	assert_int_equal(num_parse_size("64k", &bytes), 0);
	assert_true(bytes == 65536);
	assert_int_equal(num_parse_size("1MB", &bytes), -EINVAL);
	assert_int_equal(num_parse_size("99999999999999T", &bytes), -ERANGE);
}

static void durations_format(void **state)
{
	char text[NUM_DURATION_MAX];

	(void)state;
	assert_string_equal(num_format_duration(text, 850 * NS_PER_USEC), "850 us");
	assert_string_equal(num_format_duration(text, 700), "0.7 us");
	assert_string_equal(num_format_duration(text, 1500 * NS_PER_USEC), "1.5 ms");
	assert_string_equal(num_format_duration(text, 340 * NS_PER_MSEC), "340 ms");
	assert_string_equal(num_format_duration(text, 4520 * NS_PER_MSEC), "4.52 s");
	assert_string_equal(num_format_duration(text, 200 * NS_PER_SEC), "3 min 20 s");
	assert_string_equal(num_format_duration(text, 7500 * NS_PER_SEC), "2 h 5 min");
}

static void values_are_found(void **state)
{
	struct text words = TEXT("cycle=3 phase=up name=\"a b\" empty= cycle_not=9");
	struct text value;

	(void)state;
	assert_true(text_value(words, "cycle", &value) && text_equal(value, TEXT("3")));
	assert_true(text_value(words, "name", &value) && text_equal(value, TEXT("a b")));
	assert_true(text_value(words, "empty", &value) && value.n == 0);
	assert_true(text_value(words, "cycle_not", &value) &&
		    text_equal(value, TEXT("9")));
	assert_false(text_value(words, "hase", &value));
	assert_false(text_value(TEXT_NONE, "x", &value));
	assert_false(text_value(TEXT("open=\"quote"), "quote", &value));
	assert_true(text_value(TEXT("open=\"quote"), "open", &value));
	assert_true(text_equal(value, TEXT("quote")));
}

static void bytes_become_clean_text(void **state)
{
	static const struct {
		struct text raw;
		const char *clean;
	} cases[] = {
		{ TEXT("plain\ttext"), "plain\ttext" },
		{ TEXT("\033[31mred\033[0m \033[6nx"), "red x" },
		{ TEXT("\033]0;title\ax"), "x" },
		{ TEXT("a\0b\r\n"), "ab" },
		{ TEXT("bell\a!"), "bell.!" },
		{ TEXT("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f" },
		{ TEXT("bad \xff\xc3 end"), "bad \xef\xbf\xbd\xef\xbf\xbd end" },
		{ TEXT("surrogate \xed\xa0\x80"),
		  "surrogate \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ TEXT("cut \xe2\x82"), "cut \xef\xbf\xbd\xef\xbf\xbd" },
		{ TEXT("escape at end \033"), "escape at end " },
		{ TEXT("open csi \033[12"), "open csi " },
		{ TEXT("C1 \xc2\x9b"
		       "2J\xc2\x85"),
		  "C1 .2J." },
		{ TEXT("no-break \xc2\xa0"), "no-break \xc2\xa0" },
		{ TEXT("turned \xe2\x80\xae \xe2\x81\xa6."), "turned . .." },
	};
	char buffer[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text_clean(buffer, sizeof(buffer), cases[i].raw);
		assert_string_equal(buffer, cases[i].clean);
	}
	assert_int_equal(text_clean(buffer, 4, TEXT("abcdef")), 3);
	assert_string_equal(buffer, "abc");
}

static void lines_are_cut(void **state)
{
	struct text rest = TEXT("a\n\nb"), line;

	(void)state;
	assert_true(text_next_line(&rest, &line));
	assert_true(text_equal(line, TEXT("a")));
	assert_true(text_next_line(&rest, &line));
	assert_true(text_equal(line, TEXT("")));
	assert_true(text_next_line(&rest, &line));
	assert_true(text_equal(line, TEXT("b")));
	assert_false(text_next_line(&rest, &line));
	assert_true(text_equal(text_last_line(TEXT("a\n b \r\n\n")), TEXT("b")));
	assert_true(text_equal(text_last_line(TEXT("a")), TEXT("a")));
	assert_true(text_equal(text_last_line(TEXT("\n")), TEXT("")));
}

static void views_compare(void **state)
{
	(void)state;
	assert_true(text_starts(TEXT("abc"), TEXT("ab")));
	assert_false(text_starts(TEXT("a"), TEXT("ab")));
	assert_true(text_ends(TEXT("abc"), TEXT("bc")));
	assert_int_equal(text_find(TEXT("abcabc"), TEXT("bc"), 2), 4);
	assert_int_equal(text_find(TEXT("abc"), TEXT("x"), 0), -1);
	assert_true(text_equal(text_trim(TEXT(" \t a b \r\n")), TEXT("a b")));
	assert_true(text_equal(text_trim(TEXT("  ")), TEXT("")));
	assert_int_equal(text_from(TEXT("abc"), 7).n, 0);
}

static void buffers_grow(void **state)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&b, "%d,", i % 10);
	assert_int_equal(b.n, 2000);
	assert_memory_equal(b.s + 1996, "8,9,", 5);
	strbuf_reset(&b);
	assert_string_equal(b.s, "");
}

#define STEERS                          \
	"a\033[31mb\033]0;title\ac\x9b" \
	"d\xc2\x9b"                     \
	"e\r\n\b\x7f f"
#define CLEAN             \
	"abc\xef\xbf\xbd" \
	"d.e.. f"

static int saved_stderr;
static FILE *printed;

static void divert(void)
{
	printed = tmpfile();
	assert_non_null(printed);
	saved_stderr = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(printed), STDERR_FILENO), STDERR_FILENO);
}

static void assert_printed(const char *expected)
{
	char text[512] = "";

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	rewind(printed);
	text[fread(text, 1, sizeof(text) - 1, printed)] = '\0';
	fclose(printed);
	assert_string_equal(text, expected);
}

/* What a target, a journal or a file's name puts into a message steers no terminal. */
static void messages_are_clean(void **state)
{
	(void)state;
	divert();
	log_error("'%s' is no architecture", STEERS);
	log_errno(-ENOENT, "cannot open %s", STEERS);
	text_print(stderr, "%s: %s\nlast\t%s", STEERS, "x", STEERS);
	assert_printed("iommu-stress: '" CLEAN "' is no architecture\n"
		       "iommu-stress: cannot open " CLEAN ": No such file or directory\n"
		       "abc\xef\xbf\xbd"
		       "d.e\n.. f: x\nlast\tabc\xef\xbf\xbd"
		       "d.e\n.. f");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_parse),
		cmocka_unit_test(numbers_parse),
		cmocka_unit_test(sizes_parse),
		cmocka_unit_test(durations_format),
		cmocka_unit_test(values_are_found),
		cmocka_unit_test(bytes_become_clean_text),
		cmocka_unit_test(lines_are_cut),
		cmocka_unit_test(views_compare),
		cmocka_unit_test(buffers_grow),
		cmocka_unit_test(messages_are_clean),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
