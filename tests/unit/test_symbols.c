// SPDX-License-Identifier: GPL-2.0-or-later
/* Files and lines from a program and a module that are compiled here. */
#include "os/symbols.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A line each, so that the numbers below are easy to see. */
static const char source[] =
	"volatile int gate;\n"                                              /* 1 */
	"int other(int x);\n"                                               /* 2 */
	"__attribute__((noinline)) int other(int x) { return gate + x; }\n" /* 3 */
	"static inline __attribute__((always_inline)) int inner(int x)\n"   /* 4 */
	"{\n"                                                               /* 5 */
	"	gate = x;\n"                                                /* 6 */
	"	return other(x) + 1;\n"                                     /* 7 */
	"}\n"                                                               /* 8 */
	"int outer(int x);\n"                                               /* 9 */
	"__attribute__((noinline)) int outer(int x)\n"                      /* 10 */
	"{\n"                                                               /* 11 */
	"	return inner(x) * 3;\n"                                     /* 12 */
	"}\n"                                                               /* 13 */
	"int main(void) { return outer(1); }\n";                            /* 14 */

static char dir[] = "/tmp/iommu-stress-symbols-XXXXXX";
static bool compiled;

static bool compile(const char *how, const char *name)
{
	_cleanup_free_ char *from = xasprintf("%s/demo.c", dir);
	_cleanup_free_ char *to = xasprintf("%s/%s", dir, name);
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execlp("cc", "cc", "-g", "-O2", "-fno-reorder-functions", how, "-o", to,
		       from, NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static int setup(void **state)
{
	_cleanup_free_ char *path = NULL;
	FILE *file;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	path = xasprintf("%s/demo.c", dir);
	file = fopen(path, "we");
	if (!file || fputs(source, file) < 0 || fclose(file) != 0)
		return -1;
	compiled = compile("-fno-pie", "vmlinux") && compile("-c", "my_demo.ko");
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "demo.c", "vmlinux", "my_demo.ko" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, names[i]);

		unlink(path);
	}
	return rmdir(dir);
}

/* Looks at all offsets: one of them is the call of other() in inner() in outer(). */
static bool finds_inlined(struct symbols *symbols, const char *module)
{
	for (uint64_t offset = 1; offset < 64; offset++) {
		struct symbols_query query = { .module = module,
					       .function = "outer",
					       .offset = offset,
					       .returns = true };
		struct symbols_place places[4];

		if (symbols_find(symbols, &query, places, 4) < 2 || places[0].line != 7)
			continue;
		assert_string_equal(places[0].function, "inner");
		assert_true(places[0].inlined);
		assert_string_equal(places[1].function, "outer");
		assert_false(places[1].inlined);
		assert_int_equal(places[1].line, 12);
		assert_non_null(strstr(places[1].file, "demo.c"));
		return true;
	}
	return false;
}

static void test_files_and_lines(void **state)
{
	_cleanup_free_ char *vmlinux = xasprintf("%s/vmlinux", dir);
	struct symbols_query query = { .module = "", .function = "other" };
	struct symbols_place places[4];
	struct symbols *symbols;
	int r = symbols_open(vmlinux, dir, &symbols);

	(void)state;
	if (r == -EOPNOTSUPP || !compiled)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(symbols_find(symbols, &query, places, 4), 1);
	assert_string_equal(places[0].function, "other");
	assert_int_equal(places[0].line, 3);
	assert_true(finds_inlined(symbols, ""));
	/* A module is found by its name, whatever its dashes are. */
	assert_true(finds_inlined(symbols, "my-demo"));
	query.function = "nobody";
	assert_int_equal(symbols_find(symbols, &query, places, 4), 0);
	query.module = "nothing";
	assert_int_equal(symbols_find(symbols, &query, places, 4), 0);
	query = (struct symbols_query){ .module = "",
					.function = "other",
					.offset = 100000 };
	assert_int_equal(symbols_find(symbols, &query, places, 4), 0);
	symbols_close(symbols);
}

static void test_what_cannot_be_opened(void **state)
{
	_cleanup_free_ char *text = xasprintf("%s/demo.c", dir);
	struct symbols *symbols = NULL;
	int r = symbols_open("/nowhere/vmlinux", NULL, &symbols);

	(void)state;
	if (r == -EOPNOTSUPP)
		skip();
	assert_int_equal(r, -ENOENT);
	assert_int_equal(symbols_open(NULL, "/nowhere", &symbols), -ENOENT);
	assert_int_equal(symbols_open(text, NULL, &symbols), -EINVAL);
	symbols_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_and_lines),
		cmocka_unit_test(test_what_cannot_be_opened),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
