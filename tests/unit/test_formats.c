// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cases of tests/golden/cases: each is found as it stands, and in all the shapes in
 * which consoles and mails hand it on. A case begins with one or more lines
 * "#= kind | title", one a finding in order; other lines with # are comments.
 */
#include "console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CASES_MAX 160

struct sample {
	char *wanted; /* "kind | title\n" ... */
	char *lines;  /* each with its line feed */
};

static struct sample samples[CASES_MAX];
static size_t n_samples;

static void append(char **text, const char *line)
{
	char *old = *text;

	*text = xasprintf("%s%s", old ? old : "", line);
	free(old);
}

static void read_cases(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	bool head = false;

	if (!file)
		fail_msg("cannot open %s: the tests run in the project's folder", path);
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "#= ", 3)) {
			assert_true(head || n_samples < CASES_MAX);
			n_samples += !head;
			head = true;
			append(&samples[n_samples - 1].wanted, line + 3);
		} else if (line[0] != '#') {
			head = false;
			append(&samples[n_samples - 1].lines, line);
		}
	}
	fclose(file);
}

static int setup(void **state)
{
	(void)state;
	read_cases("tests/golden/cases/smmu.txt");
	read_cases("tests/golden/cases/x86.txt");
	read_cases("tests/golden/cases/others.txt");
	read_cases("tests/golden/cases/splats.txt");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_samples; i++) {
		free(samples[i].wanted);
		free(samples[i].lines);
	}
	return 0;
}

/* "kind | title\n" of each finding. */
static char *classify(struct text console)
{
	const struct console *found = console_classify(console.s, console.n, 1000);
	char *all = xstrdup("");

	for (size_t i = 0; i < found->n; i++) {
		char *line = xasprintf("%s | %s\n", found->findings[i].kind,
				       found->findings[i].title);

		append(&all, line);
		free(line);
	}
	return all;
}

static void assert_found(const struct sample *sample, const struct strbuf *console,
			 const char *shape)
{
	char *found = classify((struct text){ console->s, console->n });

	if (strcmp(found, sample->wanted) != 0)
		fail_msg("%s: found\n%snot\n%sin\n%s", shape, found, sample->wanted,
			 console->s);
	free(found);
}

/* How a line looks on its way: what stands before and behind it. */
struct shape {
	const char *name, *before, *after;
	bool clock; /* a time stamp of its own between before and the line */
};

static const struct shape shapes[] = {
	{ "bare", "", "\n", false },
	{ "printk", "", "\n", true },
	{ "serial", "", "\r\n", true },
	{ "serial that doubles returns", "", "\r\r\n", true },
	{ "level", "<3>", "\n", true },
	{ "syslog", "Nov 20 10:11:12 board kernel: ", "\n", true },
	{ "journal", "Nov 20 10:11:12 board kernel: ", "\n", false },
	{ "iso date", "2026-11-20T10:11:12.123456+01:00 board kernel: ", "\n", true },
	{ "dmesg -T", "[Fri Nov 20 10:11:12 2026] ", "\n", false },
	{ "dmesg -T, localised", "[Fr Nov 20 10:11:12 2026] ", "\n", false },
	{ "dmesg -x", "kern  :err   : ", "\n", true },
	{ "kmsg", "3,339,5140900,-;", "\n", false },
	{ "mail", "> ", "\n", true },
	{ "mail, quoted twice", "> > ", "\n", true },
	{ "mail, indented", "    ", "\n", true },
	{ "logger without printk's time", "12:34:56.789012  ", "\n", false },
	{ "rfc 5424", "<4>1 2026-11-20T10:11:12.123+01:00 board kernel - - - ", "\n",
	  false },
	{ "vendor's caller", "[0:  swapper/0:    1] ", "\n", false },
	{ "trailing blanks", "", "  \t\n", true },
	{ "colours", "\033[1;31m", "\033[0m\n", true },
	{ "zero bytes", "", "\n", true },
	{ "caller", "", "\n", true },
};

static void shape_line(struct strbuf *b, const struct shape *shape, struct text line,
		       unsigned int number)
{
	if (!strcmp(shape->name, "zero bytes"))
		strbuf_add(b, (struct text){ "\0\0", 2 });
	strbuf_add(b, text_of(shape->before));
	if (shape->clock)
		strbuf_addf(b, "[%5u.%06u]", 100 + number / 10, number * 7919 % 1000000);
	if (!strcmp(shape->name, "caller"))
		strbuf_add(b, TEXT("[  T123]"));
	if (shape->clock)
		strbuf_add(b, TEXT(" "));
	strbuf_add(b, line);
	strbuf_add(b, text_of(shape->after));
}

/* Calls for each line of text, without its line feed. */
static size_t next_line(const char **s, struct text *ret)
{
	const char *end = strchr(*s, '\n');

	if (!end)
		return 0;
	*ret = (struct text){ *s, (size_t)(end - *s) };
	*s = end + 1;
	return 1;
}

static struct strbuf shape_all(const struct shape *shape, const char *lines)
{
	struct strbuf b = { 0 };
	struct text line;
	unsigned int number = 0;

	strbuf_add(&b, TEXT(""));
	while (next_line(&lines, &line))
		shape_line(&b, shape, line, number++);
	return b;
}

static void test_each_case_in_each_shape(void **state)
{
	(void)state;
	assert_true(n_samples > 100);
	for (size_t i = 0; i < n_samples; i++)
		for (size_t k = 0; k < ARRAY_SIZE(shapes); k++) {
			struct strbuf b = shape_all(&shapes[k], samples[i].lines);

			assert_found(&samples[i], &b, shapes[k].name);
			strbuf_done(&b);
		}
}

/* What a shell or another program says stands between the lines of one report. */
static void test_strangers_between_lines(void **state)
{
	static const struct shape shape = { "strangers", "", "\n", true };

	(void)state;
	for (size_t i = 0; i < n_samples; i++) {
		const char *lines = samples[i].lines;
		struct strbuf b = { 0 };
		struct text line;
		unsigned int number = 0;

		while (next_line(&lines, &line)) {
			shape_line(&b, &shape, line, number++);
			if (number % 2)
				strbuf_add(&b, TEXT("starting pid 71, tty '/dev/x'\n"));
		}
		assert_found(&samples[i], &b, shape.name);
		strbuf_done(&b);
	}
}

/* What comes again behind this line counts once. */
static void assert_once(const char *announcement)
{
	static const struct shape shape = { "replay", "", "\n", true };
	static const char boot[] =
		"[    0.000000] Linux version 6.1.0 (me@here) #1 SMP\n";

	for (size_t i = 0; i < n_samples; i++) {
		struct strbuf log = { 0 }, b = { 0 };

		/* It is a boot of its own then. */
		if (strstr(samples[i].lines, "Kernel panic"))
			continue;
		log = shape_all(&shape, samples[i].lines);
		for (unsigned int n = 0; n < 50; n++)
			strbuf_addf(&log, "[  200.%06u] usb 1-1: device number %u\n", n,
				    n);
		strbuf_add(&b, text_of(boot));
		strbuf_add(&b, (struct text){ log.s, log.n });
		strbuf_add(&b, text_of(announcement));
		strbuf_add(&b, text_of(boot));
		strbuf_add(&b, (struct text){ log.s, log.n });
		assert_found(&samples[i], &b, shape.name);
		strbuf_done(&log);
		strbuf_done(&b);
	}
}

static void test_replay_counts_once(void **state)
{
	(void)state;
	assert_once("[  201.000000] printk: console [ttyS0] enabled\n");
	assert_once("board:/# dmesg\n");
	assert_once("[me@here ~]$ sudo dmesg | less\n");
}

/* Lines of two cases take turns; where the console names callers, both are found whole. */
static void test_two_callers_take_turns(void **state)
{
	(void)state;
	for (size_t i = 0; i + 1 < n_samples; i++) {
		const char *a = samples[i].lines, *b = samples[i + 1].lines;
		struct strbuf both = { 0 };
		unsigned int number = 0;
		struct text line;
		char *found;

		/* Faults have no end: they may well become one burst, or tell of another. */
		if (!strchr(strchr(a, '\n') + 1, '\n') || strstr(a, "panic") ||
		    strstr(b, "panic") || !strstr(a, "CPU: ") || !strstr(b, "CPU: "))
			continue;
		while (*a || *b) {
			if (next_line(&a, &line))
				strbuf_addf(&both, "[  100.%06u][  T11] %.*s\n", number,
					    TEXT_ARG(line));
			if (next_line(&b, &line))
				strbuf_addf(&both, "[  100.%06u][   C1] %.*s\n", number,
					    TEXT_ARG(line));
			number++;
		}
		found = classify((struct text){ both.s, both.n });
		if (!strstr(found, samples[i].wanted) ||
		    !strstr(found, samples[i + 1].wanted))
			fail_msg("found\n%sin\n%s", found, both.s);
		free(found);
		strbuf_done(&both);
	}
}

/* A line lost its end: nothing is invented, and the kind of a splat stays. */
static void test_wrapped_at_80_columns(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_samples; i++) {
		struct strbuf b = { 0 };
		size_t column = 0;
		char *found, *kind;

		for (const char *s = samples[i].lines; *s; s++) {
			strbuf_add(&b, (struct text){ s, 1 });
			column = *s == '\n' ? 0 : column + 1;
			if (column == 80) {
				strbuf_add(&b, TEXT("\n"));
				column = 0;
			}
		}
		found = classify((struct text){ b.s, b.n });
		kind = xasprintf("%.*s", (int)strcspn(samples[i].wanted, "|"),
				 samples[i].wanted);
		if (strstr(samples[i].lines, "CPU: ") &&
		    strncmp(found, kind, strlen(kind)))
			fail_msg("found\n%snot\n%sin\n%s", found, kind, b.s);
		free(found);
		free(kind);
		strbuf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case_in_each_shape),
		cmocka_unit_test(test_strangers_between_lines),
		cmocka_unit_test(test_replay_counts_once),
		cmocka_unit_test(test_two_callers_take_turns),
		cmocka_unit_test(test_wrapped_at_80_columns),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
