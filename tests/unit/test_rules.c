// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/rules.h"
#include "classify/version.h"

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

static void test_what_a_rule_can_ask_for(void **state)
{
	static const char yaml[] =
		"rules:\n"
		"  - { text: '^BUG: K.SAN', file: [drivers/vfio/], advice: look there,\n"
		"      kernel: { from: '6.1', below: '6.2' }, severity: info }\n";
	struct finding f = { .kernel = "6.1.192-lab", .file = "x/drivers/vfio/a.c:1" };
	struct rules *rules = rules_new();
	char *error;

	(void)state;
	text_copy(f.text, sizeof(f.text), TEXT("BUG: KASAN: out-of-bounds in f"));
	text_copy(f.severity, sizeof(f.severity), TEXT("error"));
	assert_int_equal(rules_add(rules, "lab.yaml", text_of(yaml), &error), 0);
	assert_true(rules_apply(rules, 0, &f));
	assert_string_equal(f.severity, "info");
	assert_string_equal(f.advice, "look there");
	text_copy(f.severity, sizeof(f.severity), TEXT("error"));
	text_copy(f.kernel, sizeof(f.kernel), TEXT("6.2.0"));
	assert_true(rules_apply(rules, 0, &f));
	assert_string_equal(f.severity, "error");
	rules_free(rules);
}

static void test_releases(void **state)
{
	(void)state;
	assert_true(version_compare("6.1.192-lab", "6.1.9") > 0);
	assert_true(version_compare("6.1", "6.1.0-rc1") == 0);
	assert_true(version_compare("5.19.17", "6.0") < 0);
	assert_true(version_has_fix("6.1.192-lab", "6.1.192"));
	assert_true(version_has_fix("6.12.1", "6.2"));
	assert_false(version_has_fix("6.1.100", "6.1.192"));
	assert_false(version_has_fix("6.5.0", "6.1.192"));
	assert_false(version_has_fix("", "6.2"));
	assert_false(version_has_fix("6.2.0-rc3", "6.2"));
	assert_true(version_has_fix("6.3.0-rc1", "6.2"));
}

static void assert_explained(const char *id, const char *kernel, const char *words)
{
	struct rules *rules = rules_new();
	_cleanup_free_ char *fix = rules_explain_fix(rules, id, kernel);

	if (words)
		assert_string_equal(fix, words);
	else
		assert_null(fix);
	rules_free(rules);
}

static void test_what_a_release_means(void **state)
{
	(void)state;
	assert_explained("smmu-shutdown-unregister", "6.1.192",
			 "6.1.192 has the fix: this may be something else");
	assert_explained("smmu-shutdown-unregister", "6.1.193-seed1",
			 "6.1.193 has the fix; a local change (-seed1) may have taken it "
			 "out");
	assert_explained("smmu-shutdown-unregister", "6.1.20", NULL);
	assert_explained("smmu-shutdown-unregister", "6.2.0-rc1", NULL);
	assert_explained("smmuv3-cmdq-after-shutdown", "7.2.13", NULL);
	assert_explained("smmu-shutdown-unregister", "", NULL);
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
	assert_error("rules:\n  - known: nobody\n", "lab.yaml:2:12: the known");
	assert_error("rules:\n  - { kind: [warn], text: 'a(b' }\n", "lab.yaml:2:");
	assert_error("rules: [\n", "lab.yaml:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin_rules_load),
		cmocka_unit_test(test_later_rules_win),
		cmocka_unit_test(test_errors_say_where),
		cmocka_unit_test(test_what_a_rule_can_ask_for),
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_what_a_release_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
