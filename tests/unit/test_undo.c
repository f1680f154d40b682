// SPDX-License-Identifier: GPL-2.0-or-later
/* What runs left is read from their journals, and put back with few calls of the worker. */
#include "base/log.h"
#include "run/past.h"

#include "run_dir.h"

#include <errno.h>

/* -- putting back ---------------------------------------------------------------------- */

static char commands[8][2048];
static unsigned int n_commands;
static const char *answers[8];
static int results[8];

static int worker(struct loop *loop, const char *target, const char *words,
		  char **ret_output)
{
	(void)loop;
	assert_string_equal(target, "ssh:board");
	assert_true(n_commands < 8);
	snprintf(commands[n_commands], sizeof(commands[0]), "%s", words);
	*ret_output = results[n_commands] < 0 ?
			      NULL :
			      xstrdup(answers[n_commands] ? answers[n_commands] : "");
	return results[n_commands++];
}

static struct journal *journal;
static FILE *out;

static int begin(void **state)
{
	int r = setup(state);

	memset(answers, 0, sizeof(answers));
	memset(results, 0, sizeof(results));
	n_commands = 0;
	journal = create();
	out = fopen("/dev/null", "w");
	return r;
}

static int end(void **state)
{
	journal_close(journal);
	fclose(out);
	return teardown(state);
}

static void learn(struct undo_list *list, const char *words, bool done)
{
	struct record record = { .type = RECORD_UNDO };

	record.undo.words = words;
	record.undo.done = done;
	undo_learn(list, &record);
}

static int put_back(struct undo_list *list)
{
	const struct undo_way way = {
		.target = "ssh:board", .worker = worker, .journal = journal, .out = out
	};

	return undo_all(list, &way);
}

/* Of the journal's records. */
static unsigned int recorded(void)
{
	return records(NULL);
}

#define DEVICE(n)   "device=0000:00:" n ".0 driver=e1000e override=- method=remove"
#define RESTORED(n) "restore=done device=0000:00:" n ".0 driver=e1000e override=-\n"
#define LOST(n)     "error=gone why=\"0000:00:" n ".0 does not come back: reboot\"\n"

static void all_at_once_the_last_first(void **state)
{
	struct undo_list list = { 0 };

	(void)state;
	learn(&list, DEVICE("05"), false);
	learn(&list, DEVICE("06"), false);
	learn(&list, DEVICE("07"), false);
	learn(&list, DEVICE("06"), true);
	assert_int_equal(undo_left(&list), 2);
	answers[0] = RESTORED("07") "usage of something\n" RESTORED("05");
	assert_int_equal(put_back(&list), 0);
	assert_int_equal(n_commands, 1);
	assert_string_equal(commands[0], "restore " DEVICE("07") " " DEVICE("05"));
	assert_int_equal(undo_left(&list), 0);
	assert_int_equal(recorded(), 2);
	/* Nothing is left to do. */
	assert_int_equal(put_back(&list), 0);
	assert_int_equal(n_commands, 1);
	/* A run that went on may change it again. */
	learn(&list, DEVICE("05"), false);
	assert_int_equal(undo_left(&list), 1);
	undo_list_done(&list);
}

static void one_that_is_lost_keeps_none(void **state)
{
	struct undo_list list = { 0 };

	(void)state;
	learn(&list, DEVICE("05"), false);
	learn(&list, DEVICE("06"), false);
	answers[0] = LOST("06") RESTORED("05");
	results[0] = 1;
	assert_int_equal(put_back(&list), -EIO);
	assert_int_equal(undo_left(&list), 1);
	assert_false(list.entries[1].done);
	assert_int_equal(recorded(), 1);
	undo_list_done(&list);
}

/* A worker that says nothing of a device has not restored it, whatever its status. */
static void silence_is_no_success(void **state)
{
	struct undo_list list = { 0 };

	(void)state;
	learn(&list, DEVICE("05"), false);
	answers[0] = "";
	assert_int_equal(put_back(&list), -EIO);
	assert_int_equal(undo_left(&list), 1);
	undo_list_done(&list);
}

/* The worker writes to files that the words name: a journal is no reason to write elsewhere. */
static void words_of_another_form_are_refused(void **state)
{
	static const char *const bad[] = {
		"driver=../..", "driver=.x",    "driver=a/b",
		"driver=",      "override=..",  "slot=../power",
		"slot=-r",      "module=../x",  "module=-r",
		"bridge=../..", "device=../..", "device=0000:00:05.0/..",
		"pf=x",         "numvfs=1/2",   "devkmsg=../on",
		"sysroot=/tmp", "markers=1",    "reboot",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_free_ char *words = xasprintf(DEVICE("06") " %s", bad[i]);
		struct undo_list list = { 0 };

		n_commands = 0;
		learn(&list, words, false);
		assert_int_equal(put_back(&list), -EINVAL);
		assert_int_equal(n_commands, 0);
		/* It keeps none of the others. */
		learn(&list, DEVICE("05"), false);
		answers[0] = RESTORED("05");
		assert_int_equal(put_back(&list), -EINVAL);
		assert_string_equal(commands[0], "restore " DEVICE("05"));
		assert_int_equal(undo_left(&list), 1);
		undo_list_done(&list);
	}
}

static void target_that_cannot_be_reached(void **state)
{
	struct undo_list list = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 12; i++) {
		_cleanup_free_ char *words =
			xasprintf("device=0000:00:%02x.0 method=remove", i);

		learn(&list, words, false);
	}
	results[0] = -EHOSTUNREACH;
	assert_int_equal(put_back(&list), -EHOSTUNREACH);
	assert_int_equal(n_commands, 1);
	assert_int_equal(undo_left(&list), 12);
	assert_int_equal(recorded(), 0);
	undo_list_done(&list);
}

/* As many as the worker takes words, and as fit into its time. */
static void many_take_several_calls(void **state)
{
	static const char more[] =
		" autoprobe=1 expedited=0 devkmsg=on slot=1 bridge=0000:00:01.0 "
		"pf=0000:00:02.0 numvfs=4 method=sriov driver=x override=-";
	struct undo_list list = { 0 };
	unsigned int seen = 0;

	(void)state;
	for (unsigned int i = 0; i < 12; i++) {
		_cleanup_free_ char *words =
			xasprintf("device=0000:00:%02x.0%s", i, i < 6 ? "" : more);

		learn(&list, words, false);
	}
	results[0] = results[1] = results[2] = 1;
	assert_int_equal(put_back(&list), -EIO);
	for (unsigned int i = 0; i < n_commands; i++) {
		unsigned int words = 0;

		for (const char *at = commands[i]; (at = strchr(at, ' ')); at++)
			words++;
		assert_in_range(words, 1, 48);
		for (const char *at = commands[i]; (at = strstr(at, "device=")); at++)
			seen++;
	}
	assert_int_equal(seen, 12);
	assert_int_equal(n_commands, 3);
	undo_list_done(&list);
}

/* -- reading --------------------------------------------------------------------------- */

#define RUN                                                                                \
	"{\"type\":\"run\",\"at\":1,\"tool\":\"test\",\"scenario\":\"unplug\",\"target\":" \
	"\"local\",\"wall\":\"\",\"seed\":1,\"plan\":{\"a\":1}}\n"
#define VERDICT \
	"{\"type\":\"verdict\",\"at\":2,\"cycle\":1,\"outcome\":\"pass\",\"reason\":\"\"}\n"
#define UNDO "{\"type\":\"undo\",\"at\":2,\"words\":\"" DEVICE("05") "\"}\n"
#define END  "{\"type\":\"end\",\"at\":3,\"reason\":\"interrupted\",\"status\":130}\n"

static void journals_tell(void **state)
{
	struct past past = { 0 };

	(void)state;
	put("journal.jsonl", RUN VERDICT "rubbish\n" UNDO END "{\"type\":\"ver");
	assert_int_equal(past_read(dir, &past), 0);
	assert_string_equal(past.scenario, "unplug");
	assert_string_equal(past.target, "local");
	assert_string_equal(past.plan, "{\"a\":1}");
	assert_string_equal(past.end, "interrupted");
	assert_int_equal(past.finished, 1);
	assert_int_equal(undo_left(&past.undo), 1);
	past_done(&past);
	/* It goes on. */
	put("journal.jsonl", RUN END RUN);
	assert_int_equal(past_read(dir, &past), 0);
	assert_string_equal(past.end, "");
	past_done(&past);
	assert_true(past_is_complete("done"));
	assert_false(past_is_complete(""));
	assert_false(past_is_complete("interrupted"));
}

static void what_is_no_run_is_refused(void **state)
{
	static const char *const contents[] = { "", "rubbish\n", "{\"type\":\"ru",
						VERDICT, "[1]\n" };
	struct past past = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
		put("journal.jsonl", contents[i]);
		assert_int_equal(past_read(dir, &past), -ENOENT);
		/* Nothing was done to it. */
		assert_content("journal.jsonl", contents[i]);
	}
	assert_int_equal(past_read("/nonexistent", &past), -ENOENT);
	assert_int_equal(past_read(scratch, &past), -ENOENT);
}

static void others_wait(void **state)
{
	struct journal *other = NULL;

	(void)state;
	assert_int_equal(past_open_journal(dir, &other), -EBUSY);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_at_once_the_last_first),
		TEST(one_that_is_lost_keeps_none),
		TEST(silence_is_no_success),
		TEST(target_that_cannot_be_reached),
		TEST(many_take_several_calls),
		TEST(journals_tell),
		TEST(words_of_another_form_are_refused),
		TEST(what_is_no_run_is_refused),
		TEST(others_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
