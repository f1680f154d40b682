// SPDX-License-Identifier: GPL-2.0-or-later
/* What is asked of an unplug run, what the worker answers, and how offsets are told. */
#include "base/num.h"
#include "fold/fold.h"
#include "journal/record.h"
#include "plan.h"
#include "report/summary.h"
#include "scenario/unplug/unplug.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void sweeps_are_read(void **state)
{
	static const struct {
		const char *words;
		enum unplug_sweep sweep;
		int64_t from_ns, to_ns;
		uint64_t step_ns;
	} good[] = {
		{ "auto", UNPLUG_AUTO, 0, 0, 0 },
		{ "0us..3ms", UNPLUG_EVENLY, 0, 3000000, 0 },
		{ "-50us..2ms,10us", UNPLUG_EVENLY, -50000, 2000000, 10000 },
		{ "-1.5ms..+1.5ms,auto", UNPLUG_WITHIN, -1500000, 1500000, 0 },
		{ "5us..5us", UNPLUG_EVENLY, 5000, 5000, 0 },
	};
	static const char *const bad[] = { "",           "0us",        "3ms..0us",
					   "0us..",      "..3ms",      "0us..3ms,",
					   "0us..3ms,0", "0us..3ms,x", "a..b",
					   "--1us..2us", "0us...3ms",  "automatic" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct unplug_plan plan = { 0 };
		char *error = NULL;

		assert_int_equal(unplug_parse_sweep(good[i].words, &plan, &error), 0);
		assert_null(error);
		assert_int_equal(plan.sweep, good[i].sweep);
		assert_int_equal(plan.window.from_ns, good[i].from_ns);
		assert_int_equal(plan.window.to_ns, good[i].to_ns);
		assert_int_equal(plan.step_ns, good[i].step_ns);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct unplug_plan plan = { .step_ns = 77 };
		char *error = NULL;

		assert_int_equal(unplug_parse_sweep(bad[i], &plan, &error), -EINVAL);
		assert_non_null(strstr(error, "FROM..TO"));
		assert_int_equal(plan.step_ns, 77);
		free(error);
	}
}

#define RESULT                                                                                   \
	"cycle=7 phase=back want=1500 got=1523 unplug=ok unplug_ns=2000000 "                     \
	"request_ns=-1 close_ns=-1 release=EBUSY release_ns=90 blocked=1 free_ns=77 back=moved " \
	"moved=0000:00:11.0 back_ns=3000 total_ns=9000 who=\"12 qemu-system-x86\""

static void releases_suit_holders(void **state)
{
	static const struct {
		const char *holder, *by_default;
		const char *refused[4];
	} cases[] = {
		{ "group", "request", { NULL } },
		{ "group-noreq", "close", { "request", NULL } },
		{ "device", "request", { NULL } },
		{ "iommufd", "request", { NULL } },
		{ "none", "close", { "request", NULL } },
		{ "qemu", "request", { "close-unset", "unset-close", "close", NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct unplug_plan plan = { .holder = means_find(means_holders,
								 cases[i].holder) };

		plan.release = unplug_release_default(&plan);
		assert_string_equal(plan.release, cases[i].by_default);
		for (const struct unplug_release *release = unplug_releases;
		     release->name; release++) {
			bool refused = false;

			for (size_t k = 0; cases[i].refused[k]; k++)
				refused |= !strcmp(cases[i].refused[k], release->name);
			plan.release = release->name;
			assert_int_equal(unplug_release_lacks(&plan) != NULL, refused);
		}
	}
}

static void results_are_read(void **state)
{
	struct attempt a = { 0 };

	(void)state;
	assert_true(attempt_parse(TEXT(RESULT), &a));
	assert_true(a.seen);
	assert_int_equal(a.want_ns, 1500);
	assert_int_equal(a.got_ns, 1523);
	assert_string_equal(a.unplug, "ok");
	assert_int_equal(a.request_ns, -1);
	assert_string_equal(a.release, "EBUSY");
	assert_true(a.blocked);
	assert_string_equal(a.moved, "0000:00:11.0");
	assert_string_equal(a.who, "12 qemu-system-x86");
}

/* A serial line loses characters: what is not whole is no result. */
static void cut_results_are_none(void **state)
{
	const struct text whole = TEXT(RESULT);
	struct attempt a = { .want_ns = 5 };

	(void)state;
	for (size_t n = 0; n < whole.n - sizeof("9000 who=\"12 qemu-system-x86\""); n++) {
		struct text cut = { whole.s, n };

		/* A number that lost its last digits is one still; the keys behind it tell. */
		assert_false(attempt_parse(cut, &a));
		assert_int_equal(a.want_ns, 5);
	}
	assert_false(attempt_parse(TEXT("want=1 got=x"), &a));
}

static void near_is_what_differs(void **state)
{
	const struct attempt usual = {
		.seen = true, .unplug = "ok", .release = "ok", .back = "ok", .order = 9
	};
	struct attempt a = usual;

	(void)state;
	assert_false(attempt_is_near(&a, 9));
	assert_true(attempt_is_near(&a, 8));
	a.blocked = true;
	assert_true(attempt_is_near(&a, 9));
	a = usual;
	strcpy(a.release, "EBUSY");
	assert_true(attempt_is_near(&a, 9));
}

static void add_attempt(struct fold *fold, unsigned int cycle, int64_t got_ns, bool hit)
{
	struct record record = { .type = RECORD_ATTEMPT, .cycle = cycle };

	record.attempt = (struct attempt){ .seen = true,
					   .want_ns = got_ns - 700,
					   .got_ns = got_ns,
					   .total_ns = 20 * NS_PER_MSEC };
	fold_apply(fold, &record);
	record = (struct record){ .type = RECORD_VERDICT, .cycle = cycle };
	record.verdict.verdict.outcome = hit ? OUTCOME_SPLAT : OUTCOME_PASS;
	fold_apply(fold, &record);
}

static void offsets_are_folded(void **state)
{
	struct record window = { .type = RECORD_WINDOW };
	struct fold fold = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out;

	(void)state;
	add_attempt(&fold, 1, 0, false); /* before there is a window */
	window.window.window = (struct sweep_window){ 0, 32000 };
	window.window.from_request = true;
	fold_apply(&fold, &window);
	add_attempt(&fold, 2, 500, false);
	add_attempt(&fold, 3, 10500, true);
	add_attempt(&fold, 4, 10900, false);
	add_attempt(&fold, 5, 32000, true);
	add_attempt(&fold, 6, -1, true);
	add_attempt(&fold, 7, 99999, false);
	/* Batches: verdicts come after all attempts. */
	for (unsigned int i = 8; i < 12; i++) {
		struct record record = { .type = RECORD_ATTEMPT, .cycle = i };

		record.attempt = (struct attempt){ .seen = true, .got_ns = 20500 };
		record.attempt.want_ns = 20500 - 700;
		record.attempt.total_ns = 20 * NS_PER_MSEC;
		fold_apply(&fold, &record);
	}
	for (unsigned int i = 8; i < 12; i++) {
		struct record record = { .type = RECORD_VERDICT, .cycle = i };

		record.verdict.verdict.outcome = OUTCOME_SPLAT;
		fold_apply(&fold, &record);
	}
	assert_int_equal(fold.offsets.slices[20].hits, 4);
	assert_int_equal(fold.offsets.attempts, 11);
	assert_int_equal(fold.offsets.slices[FOLD_SLICES].attempts, 2);
	assert_int_equal(fold.offsets.slices[FOLD_SLICES].hits, 1);
	assert_int_equal(fold.offsets.slices[0].attempts, 1);
	assert_int_equal(fold.offsets.slices[10].attempts, 2);
	assert_int_equal(fold.offsets.slices[10].hits, 1);
	assert_int_equal(fold.offsets.slices[31].hits, 1);
	assert_int_equal(fold_hits(&fold), 7);

	out = open_memstream(&text, &size);
	report_summary(out, false, &fold, NULL, NULL);
	fclose(out);
	assert_non_null(strstr(text, "After close"));
	assert_non_null(strstr(text, "offsets kept within 0.7 us"));
	assert_non_null(strstr(text, "50.0 a second"));
	free(text);
	fold_done(&fold);
}

/* What is off by more than is counted is not kept. */
static void offsets_are_missed(void **state)
{
	struct record record = { .type = RECORD_ATTEMPT, .cycle = 1 };
	struct fold fold = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out;

	(void)state;
	record.attempt = (struct attempt){ .seen = true, .got_ns = 47 * NS_PER_MSEC };
	record.attempt.total_ns = 97 * NS_PER_MSEC;
	fold_apply(&fold, &record);
	out = open_memstream(&text, &size);
	report_summary(out, false, &fold, NULL, NULL);
	fclose(out);
	assert_non_null(strstr(text, "offsets missed by 99 us or more (median)"));
	free(text);
	fold_done(&fold);
}

/* A run that was cut short makes the attempts of its last batch again. */
static void cut_attempts_do_not_count(void **state)
{
	struct record run = { .type = RECORD_RUN };
	struct record window = { .type = RECORD_WINDOW };
	struct fold fold = { 0 };

	(void)state;
	run.run.tool = run.run.scenario = run.run.target = run.run.wall = "";
	fold_apply(&fold, &run);
	window.window.window = (struct sweep_window){ 0, 32000 };
	fold_apply(&fold, &window);
	add_attempt(&fold, 1, 500, false);
	add_attempt(&fold, 2, 10500, true);
	for (unsigned int i = 3; i < 6; i++) {
		struct record record = { .type = RECORD_ATTEMPT, .cycle = i };

		record.attempt = (struct attempt){ .seen = true, .got_ns = 20500 };
		record.attempt.got_ns += i == 5 ? 1000000 : 0;
		record.attempt.total_ns = 20 * NS_PER_MSEC;
		fold_apply(&fold, &record);
	}
	assert_int_equal(fold.offsets.attempts, 5);
	fold_apply(&fold, &run);
	assert_int_equal(fold.offsets.attempts, 2);
	assert_int_equal(fold.offsets.slices[20].attempts, 0);
	assert_int_equal(fold.offsets.slices[FOLD_SLICES].attempts, 0);
	assert_int_equal(fold.offsets.slices[10].hits, 1);
	assert_true(fold.offsets.total_ns == 2 * 20 * NS_PER_MSEC);
	add_attempt(&fold, 3, 20500, true);
	assert_int_equal(fold.offsets.attempts, 3);
	assert_int_equal(fold.offsets.slices[20].hits, 1);
	fold_apply(&fold, &run);
	assert_int_equal(fold.offsets.attempts, 3);
	fold_done(&fold);
}

/* Waiting for the user and refusing are what a kernel may do. */
static void blocked_and_busy_are_no_failures(void **state)
{
	struct record record = { .type = RECORD_VERDICT, .cycle = 1 };
	struct fold fold = { 0 };

	(void)state;
	record.verdict.verdict.outcome = OUTCOME_BLOCKED;
	fold_apply(&fold, &record);
	record.cycle = 2;
	record.verdict.verdict.outcome = OUTCOME_BUSY;
	fold_apply(&fold, &record);
	assert_int_equal(fold_status(&fold), 0);
	record.cycle = 3;
	record.verdict.verdict.outcome = OUTCOME_GONE;
	fold_apply(&fold, &record);
	assert_int_equal(fold_status(&fold), 1);
	fold_done(&fold);
}

static void plan_tells_all(void **state)
{
	static const char *const devices[] = { "0000:00:10.0" };
	_cleanup_free_ char *json = NULL;
	struct plan plan = test_plan(&scenario_unplug);

	(void)state;
	plan.devices = devices;
	plan.n_devices = 1;
	((struct unplug_plan *)plan.own)->churn = true;
	json = plan_to_json(&plan);
	assert_non_null(strstr(json, "\"devices\":[\"0000:00:10.0\"]"));
	assert_non_null(strstr(json, "\"holder\":\"group\""));
	assert_non_null(strstr(json, "\"churn\":true"));
	assert_non_null(strstr(json, "\"sweep\":\"auto\""));
}

static void command_lines_are_kept(void **state)
{
	static const char *const words[] = { "--kernel", "", "a b\"c\\d",
					     "--sweep=-1us..2us" };
	_cleanup_free_ char *json = NULL, *other = NULL, *directory = NULL,
			    *difference = NULL;
	_cleanup_free_ char **read = NULL;
	struct plan plan = test_plan(&scenario_unplug);

	(void)state;
	plan.words = words;
	plan.n_words = ARRAY_SIZE(words);
	plan.directory = "/some where";
	json = plan_to_json(&plan);
	assert_int_equal(plan_words_from_json(json, &read, &directory), 0);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_string_equal(read[i], words[i]);
	assert_null(read[ARRAY_SIZE(words)]);
	assert_string_equal(directory, "/some where");
	assert_null(plan_difference(json, json));
	((struct unplug_plan *)plan.own)->batch = 7;
	other = plan_to_json(&plan);
	difference = plan_difference(json, other);
	assert_string_equal(difference, "unplug");
}

/* What a journal cannot hold to the letter is not there, instead of being another. */
static void command_lines_of_any_bytes_are_not(void **state)
{
	static const char *const words[] = { "--kernel", "/boot/\xff" };
	_cleanup_free_ char *json = NULL;
	char **read, *directory;
	struct plan plan = test_plan(&scenario_unplug);

	(void)state;
	plan.words = words;
	plan.n_words = ARRAY_SIZE(words);
	plan.directory = "/";
	json = plan_to_json(&plan);
	assert_null(strstr(json, "words"));
	assert_int_equal(plan_words_from_json(json, &read, &directory), -ENOENT);
	assert_int_equal(plan_words_from_json("{}", &read, &directory), -ENOENT);
	assert_int_equal(plan_words_from_json("rubbish", &read, &directory), -ENOENT);
	assert_int_equal(plan_words_from_json("", &read, &directory), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sweeps_are_read),
		cmocka_unit_test(releases_suit_holders),
		cmocka_unit_test(results_are_read),
		cmocka_unit_test(cut_results_are_none),
		cmocka_unit_test(near_is_what_differs),
		cmocka_unit_test(offsets_are_folded),
		cmocka_unit_test(offsets_are_missed),
		cmocka_unit_test(blocked_and_busy_are_no_failures),
		cmocka_unit_test(plan_tells_all),
		cmocka_unit_test(cut_attempts_do_not_count),
		cmocka_unit_test(command_lines_are_kept),
		cmocka_unit_test(command_lines_of_any_bytes_are_not),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
