// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/rules.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_builtin_rules_load(void **state)
{
	struct rules *rules = rules_new();

	(void)state;
	assert_true(rules_known_count(rules) >= 7);
	assert_non_null(rules_find_known(rules, "smmu-shutdown-unregister"));
	assert_null(rules_find_known(rules, "nobody"));
	for (size_t i = 0; i < rules_known_count(rules); i++)
		assert_non_null(rules_known(rules, i)->advice);
	rules_free(rules);
}

static void test_later_rules_win(void **state)
{
	static const char yaml[] = "known:\n"
				   "  - { id: mine, title: of this lab }\n"
				   "rules:\n"
				   "  - { kind: [warn], function: [foo_*], known: mine,\n"
				   "      severity: info }\n"
				   "  - { kind: [oom], ignore: true }\n";
	struct finding f = { .kind = "warn", .function = "foo_bar" };
	struct rules *rules = rules_new();
	char *error;

	(void)state;
	assert_int_equal(rules_add(rules, "lab.yaml", text_of(yaml), &error), 0);
	assert_true(rules_apply(rules, 0, &f));
	assert_string_equal(f.known, "mine");
	assert_string_equal(f.severity, "info");
	f = (struct finding){ .kind = "oom" };
	assert_false(rules_apply(rules, 0, &f));
	rules_free(rules);
}

static void assert_error(const char *yaml, const char *place)
{
	struct rules *rules = rules_new();
	char *error = NULL;

	assert_int_equal(rules_add(rules, "lab.yaml", text_of(yaml), &error), -EINVAL);
	if (strncmp(error, place, strlen(place)) != 0)
		fail_msg("'%s' does not start with '%s'", error, place);
	free(error);
	rules_free(rules);
}

static void test_errors_say_where(void **state)
{
	(void)state;
	assert_error("rules:\n  - { kind: [warn], colour: red }\n", "lab.yaml:2:");
	assert_error("rules:\n  - severity: loud\n", "lab.yaml:2:");
	assert_error("rules:\n  - known: nobody\n", "lab.yaml: a rule names");
	assert_error("rules: [\n", "lab.yaml:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin_rules_load),
		cmocka_unit_test(test_later_rules_win),
		cmocka_unit_test(test_errors_say_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
