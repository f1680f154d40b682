// SPDX-License-Identifier: GPL-2.0-or-later
/* What people and programs read. Linked with --wrap=rules_find_known. */
#include "report/summary.h"

#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

/* -- known issues of this test ------------------------------------------------------- */

const struct known_issue *__wrap_rules_find_known(const struct rules *rules,
						  const char *id);

const struct known_issue *__wrap_rules_find_known(const struct rules *rules,
						  const char *id)
{
	static const struct known_issue issue = {
		"smmu-shutdown", "SMMU unregisters at shutdown", "b06c076ea962",
		"ce31e6ca68bd7639bd3e5ef97be215031842bbab \"iommu: A subject\" (6.2), "
		"32ea2c57dc216b6a",
		"Update the kernel."
	};

	(void)rules;
	return strcmp(id, issue.id) ? NULL : &issue;
}

static const struct rules *const some_rules = (const struct rules *)"";

/* -- runs ---------------------------------------------------------------------------- */

static struct fold fold;

static int setup(void **state)
{
	const struct record run = {
		.type = RECORD_RUN,
		.at_ns = 1,
		.run = { .tool = "0.1",
			 .scenario = "reboot",
			 .target = "virt:arm64",
			 .wall = "",
			 .cycles = 10 },
	};

	(void)state;
	fold = (struct fold){ 0 };
	fold_apply(&fold, &run);
	fold_apply(&fold, &(struct record){ .type = RECORD_TARGET,
					    .at_ns = 1,
					    .target = { "6.1.0", "" } });
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fold_done(&fold);
	return 0;
}

static void end(const char *reason)
{
	fold_apply(&fold, &(struct record){ .type = RECORD_END,
					    .at_ns = fold.at_ns,
					    .end = { reason, 0 } });
}

static void finding(unsigned int cycle, enum finding_type type, const char *title,
		    const char *known)
{
	static struct record record;
	struct finding *f = &record.finding.finding;

	memset(&record, 0, sizeof(record));
	record.type = RECORD_FINDING;
	record.cycle = f->cycle = cycle;
	record.at_ns = fold.at_ns;
	record.finding.report = "splats/0001-x.txt";
	f->type = type;
	f->phase = PHASE_SHUTDOWN;
	snprintf(f->title, sizeof(f->title), "%s", title);
	snprintf(f->bug, sizeof(f->bug), "bug:%s", title);
	snprintf(f->known, sizeof(f->known), "%s", known);
	fold_apply(&fold, &record);
}

static struct record verdict_of(unsigned int cycle, enum outcome outcome,
				const char *reason)
{
	struct record record = { .type = RECORD_VERDICT, .cycle = cycle };

	record.at_ns = fold.at_ns + 4 * NS_PER_SEC;
	record.verdict.verdict.outcome = outcome;
	record.verdict.verdict.phase = PHASE_SHUTDOWN;
	snprintf(record.verdict.verdict.reason, VERDICT_REASON_MAX, "%s", reason);
	record.verdict.times = (struct cycle_times){
		.settle = 200 * NS_PER_MSEC,
		.confirm = 1100 * NS_PER_MSEC,
		.down = 900 * NS_PER_MSEC,
		.boot = 2300 * NS_PER_MSEC,
		.total = 4520 * NS_PER_MSEC,
		.last_reply_after = 120 * NS_PER_MSEC,
	};
	return record;
}

static void verdict(unsigned int cycle, enum outcome outcome, const char *reason)
{
	const struct record record = verdict_of(cycle, outcome, reason);

	fold_apply(&fold, &record);
}

static char *summary(const struct rules *rules, const char *dir)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report_summary(out, false, &fold, rules, dir);
	fclose(out);
	return text;
}

/* The last line of the summary. */
static void assert_conclusion(const char *expected)
{
	_cleanup_free_ char *text = summary(NULL, NULL);
	char *last;

	text[strlen(text) - 1] = '\0';
	last = strrchr(text, '\n');
	assert_non_null(last);
	assert_string_equal(last + 1, expected);
}

/* -- text ---------------------------------------------------------------------------- */

static void whole_summary(void **state)
{
	const struct record load = { .type = RECORD_LOAD,
				     .at_ns = 1,
				     .load = { .sent = 900, .replies = 800 } };
	_cleanup_free_ char *text = NULL;

	(void)state;
	fold_apply(&fold, &load);
	for (unsigned int i = 1; i <= 10; i++) {
		finding(i, FINDING_PRECURSOR, "Removing from iommu group",
			"smmu-shutdown");
		if (i % 3 == 0)
			finding(i, FINDING_SPLAT, "oops in free_iova_fast",
				"smmu-shutdown");
		verdict(i, i % 3 ? OUTCOME_SPLAT : OUTCOME_CRASH,
			i % 3 ? "precursor" : "oops in free_iova_fast");
	}
	end("done");
	text = summary(some_rules, "runs/1");
	assert_string_equal(
		text,
		"reboot of virt:arm64, kernel 6.1.0: 10 of 10 cycles in 40.00 s\n"
		"\n"
		"Outcome  Cycles  First  Why\n"
		"splat         7      1  precursor\n"
		"crash         3      3  oops in free_iova_fast\n"
		"\n"
		"Count  Cycles  First  Phase       Finding\n"
		"    3       3      3  shutdown    oops in free_iova_fast\n"
		"                                  bug: bug:oops in free_iova_fast\n"
		"                                  known issue: smmu-shutdown, fixed by "
		"ce31e6ca68bd, 32ea2c57dc21\n"
		"                                  first report: splats/0001-x.txt\n"
		"   10      10      1  shutdown    precursor: Removing from iommu group\n"
		"                                  bug: bug:Removing from iommu group\n"
		"                                  known issue: smmu-shutdown, fixed by "
		"ce31e6ca68bd, 32ea2c57dc21\n"
		"                                  first report: splats/0001-x.txt\n"
		"\n"
		"Known issue  smmu-shutdown: SMMU unregisters at shutdown\n"
		"             introduced: b06c076ea962\n"
		"             fixed by ce31e6ca68bd \"iommu: A subject\" (6.2), "
		"32ea2c57dc21\n"
		"             Update the kernel.\n"
		"Hit rate     10 of 10 cycles, 100 % (95 % interval: 72.2 to 100 %); 3 cycles "
		"in a row without one would show a fix\n"
		"Crash rate   3 of 10 cycles, 30 % (95 % interval: 10.8 to 60.3 %); 27 cycles "
		"in a row without one would show a fix\n"
		"Cycle time   4.52 s = settle 200 ms, confirm 1.10 s, down 900 ms, boot 2.30 "
		"s, overhead 20 ms (mean of 10)\n"
		"Load         900 requests, 800 replies; last reply 120 ms after the request "
		"to go down\n"
		"Files        runs/1: journal.jsonl, console.raw, splats/\n"
		"\n"
		"This kernel has the bug smmu-shutdown: seen in 10 of 10 cycles, 3 crashes.\n");
}

static void cycle_lines(void **state)
{
	struct record record = verdict_of(3, OUTCOME_CRASH, "oops in \033[31mfoo\n");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	report_cycle_line(out, false, &record, 10);
	report_cycle_line(out, true, &record, 10);
	record.verdict.times.total = 0;
	report_cycle_line(out, false, &record, 0);
	fclose(out);
	assert_string_equal(
		text,
		"cycle  3/10  crash    shutdown       4.52 s  oops in foo\n"
		"cycle  3/10  \033[31mcrash  \033[0m  shutdown       4.52 s  oops in foo\n"
		"cycle   3  crash    shutdown            -  oops in foo\n");
	free(text);
}

/* A terminal of 80 columns that never gets more than it can show. */
static void terminals(void **state)
{
	int controller = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	const struct winsize size = { .ws_row = 25, .ws_col = 80 };
	char shown[8192];
	size_t n = 0;
	ssize_t r;
	FILE *out;

	(void)state;
	if (controller < 0 || grantpt(controller) < 0 || unlockpt(controller) < 0)
		skip();
	unsetenv("COLUMNS");
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	out = fopen(ptsname(controller), "we");
	assert_non_null(out);
	assert_int_equal(ioctl(fileno(out), TIOCSWINSZ, &size), 0);
	assert_true(report_wants_color(out));
	setenv("NO_COLOR", "", 1);
	assert_true(report_wants_color(out));
	setenv("NO_COLOR", "1", 1);
	assert_false(report_wants_color(out));
	unsetenv("NO_COLOR");
	finding(1, FINDING_SPLAT,
		"Unable to handle kernel NULL pointer dereference in a_function_that_has_"
		"a_name",
		"smmu-shutdown");
	verdict(1, OUTCOME_CRASH,
		"many words that go on and on and on and on and on and on");
	report_summary(out, false, &fold, some_rules, "runs/1");
	fclose(out);
	/* The kernel hands it over piece by piece, and then says EIO. */
	while ((r = read(controller, shown + n, sizeof(shown) - 1 - n)) > 0)
		n += (size_t)r;
	close(controller);
	assert_true(n > 500);
	shown[n] = '\0';
	for (char *line = strtok(shown, "\r\n"); line; line = strtok(NULL, "\r\n"))
		assert_in_range(strlen(line), 1, 80);
}

static void no_color_in_pipes(void **state)
{
	FILE *out = fopen("/dev/null", "we");

	(void)state;
	unsetenv("NO_COLOR");
	assert_false(report_wants_color(out));
	fclose(out);
}

/* Bytes of a target reach no terminal, by whatever way they came into a record. */
static void hostile_texts(void **state)
{
	_cleanup_free_ char *text = NULL, *json = NULL;
	json_t *object;
	size_t size;
	FILE *out;

	(void)state;
	finding(1, FINDING_SPLAT, "\033]0;title\a\xff\x01 x", "\033[2Jknown\xfe");
	verdict(1, OUTCOME_SPLAT, "\033[31m\xc3");
	text = summary(some_rules, "\033[7m");
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
	out = open_memstream(&json, &size);
	report_json(out, &fold, some_rules, "\xff");
	fclose(out);
	object = json_loads(json, 0, NULL);
	assert_non_null(object);
	json_decref(object);
}

/* Two cycles: surge before the trigger, silent 35 and 45 ms after it. */
static void timeline_of_a_run(void **state)
{
	struct record record = { .type = RECORD_TIMELINE, .cycle = 1 };
	_cleanup_free_ char *text = NULL, *json = NULL;
	json_t *object, *timeline;
	size_t size;
	FILE *out;

	(void)state;
	record.timeline.from_ns = -500 * (int64_t)NS_PER_MSEC;
	record.timeline.step_ns = NS_PER_MSEC;
	record.timeline.sent = "2x400,20x150,2x50";
	record.timeline.replies = "2x400,4x135,0x65";
	record.timeline.marks = (struct timeline_marks){ .marker = 8 * NS_PER_MSEC,
							 .last_reply = 34 * NS_PER_MSEC,
							 .restart = 40 * NS_PER_MSEC,
							 .banner = 900 * NS_PER_MSEC,
							 .first_reply = 4 * NS_PER_SEC };
	fold_apply(&fold, &record);
	record.timeline.replies = "2x400,4x145,0x55";
	record.timeline.marks.last_reply = 44 * NS_PER_MSEC;
	record.timeline.marks.banner = 0;
	fold_apply(&fold, &record);
	text = summary(some_rules, NULL);
	assert_non_null(strstr(text, "After request  Requests/ms  Replies/ms  (mean)\n"
				     "     -100 ms         20.0         4.0  "
				     "########################################\n"));
	assert_non_null(strstr(
		text,
		"        0 ms         20.0         4.0  "
		"######################################## <- the request stands in the "
		"kernel log\n"
		"       10 ms         20.0         4.0  "
		"########################################\n"
		"       20 ms         20.0         4.0  "
		"########################################\n"
		"       30 ms         20.0         3.0  ############################## <- "
		"last reply\n"
		"       40 ms         20.0         1.0  ########## <- the kernel's last "
		"word\n"
		"       50 ms          2.0         0.0  \n"
		"      900 ms  next kernel banner\n"
		"     4000 ms  first reply of the next boot\n"));
	out = open_memstream(&json, &size);
	report_json(out, &fold, some_rules, NULL);
	fclose(out);
	object = json_loads(json, 0, NULL);
	timeline = json_object_get(object, "timeline");
	assert_int_equal(json_integer_value(json_object_get(timeline, "cycles")), 2);
	assert_int_equal(json_integer_value(json_object_get(timeline, "last_reply_ns")),
			 39 * NS_PER_MSEC);
	assert_null(json_object_get(timeline, "shell_ns"));
	assert_int_equal(json_array_size(json_object_get(timeline, "requests")), 60);
	assert_int_equal(json_integer_value(json_array_get(
				 json_object_get(timeline, "replies"), 53)),
			 60);
	json_decref(object);
}

static void load_is_told(void **state)
{
	struct record load = { .type = RECORD_LOAD,
			       .load = { .sent = 900,
					 .replies = 800,
					 .lost = 90,
					 .duplicates = 3,
					 .rtt_p50_us = 400,
					 .rtt_p90_us = 900,
					 .rtt_p99_us = 20000,
					 .rtt_max_us = 1500000 } };
	_cleanup_free_ char *text = NULL;

	(void)state;
	for (unsigned int i = 0; i < 12; i++)
		flood_errors_count(&load.load.errors, ENETDOWN);
	for (unsigned int i = 0; i < 3; i++)
		flood_errors_count(&load.load.errors, ENOBUFS);
	fold_apply(&fold, &load);
	text = summary(some_rules, NULL);
	assert_non_null(strstr(
		text,
		"Load         900 requests, 800 replies, 90 lost, 3 answered "
		"twice; errors: ENOBUFS 3, ENETDOWN 12; round trip 400 us (half of them), 900 us (90 %), 20 "
		"ms (99 %), at most 1.50 s\n"));
}

static void target_counters_are_told(void **state)
{
	const struct record counters = { .type = RECORD_COUNTERS,
					 .counters = { .rx_packets = 700,
						       .rx_dropped = 100,
						       .rx_missed_errors = 300,
						       .in_echos = 600,
						       .out_echo_replies = 450 } };
	_cleanup_free_ char *text = NULL, *none = summary(some_rules, NULL);

	(void)state;
	assert_null(strstr(none, "Counters"));
	fold_apply(&fold, &counters);
	text = summary(some_rules, NULL);
	assert_non_null(strstr(
		text, "Counters     the target counted 1000 packets and dropped 400 of "
		      "them (40 %); it answered 450 of 600 echo requests (75 %) (in 1 "
		      "boot, each until the load was confirmed)\n"));
}

/* -- the last sentence --------------------------------------------------------------- */

static void nothing_found(void **state)
{
	(void)state;
	end("done");
	assert_conclusion("No cycle was finished.");
	for (unsigned int i = 1; i <= 10; i++)
		verdict(i, OUTCOME_PASS, "fine");
	assert_conclusion(
		"No finding in 10 cycles: a bug that strikes in more than 26 % of "
		"them is ruled out (95 % confidence).");
	verdict(11, OUTCOME_INVALID, "the console was closed");
	assert_conclusion(
		"No finding in 10 cycles: a bug that strikes in more than 26 % of "
		"them is ruled out (95 % confidence). 1 cycle could not be "
		"measured, first cycle 11: the console was closed.");
}

static void nothing_measured(void **state)
{
	(void)state;
	verdict(1, OUTCOME_INVALID, "the console was closed");
	verdict(2, OUTCOME_INVALID, "another");
	end("done");
	assert_conclusion("Nothing could be measured, first cycle 1: the console was "
			  "closed.");
}

static void precursor_only(void **state)
{
	(void)state;
	finding(1, FINDING_PRECURSOR, "Removing", "smmu-shutdown");
	verdict(1, OUTCOME_SPLAT, "precursor");
	verdict(2, OUTCOME_PASS, "fine");
	end("interrupted");
	assert_conclusion("This kernel has the bug smmu-shutdown: seen in 1 of 2 cycles, "
			  "without a crash. The run was interrupted.");
}

static void unknown_bugs(void **state)
{
	(void)state;
	finding(0, FINDING_SPLAT, "WARNING in bar", "");
	finding(0, FINDING_NOTE, "a note", "");
	end("done");
	assert_conclusion(
		"One finding, which is no known issue: WARNING in bar, seen before "
		"the first cycle. No cycle was finished.");
	finding(1, FINDING_SPLAT, "oops in foo", "");
	verdict(1, OUTCOME_CRASH, "oops in foo");
	verdict(2, OUTCOME_HANG, "silence");
	assert_conclusion(
		"2 findings, which are no known issues; the worst: oops in foo, 1 "
		"crash in 2 cycles.");
	finding(3, FINDING_SPLAT, "oops in baz", "smmu-shutdown");
	verdict(3, OUTCOME_LOST, "gone");
	assert_conclusion(
		"This kernel has the bug smmu-shutdown: 1 lost target in 3 cycles. "
		"2 more findings are no known issues.");
}

static void silent_hang(void **state)
{
	(void)state;
	verdict(1, OUTCOME_PASS, "fine");
	verdict(2, OUTCOME_HANG, "phase shutdown did not end within 2 min");
	verdict(3, OUTCOME_HANG, "another");
	assert_conclusion(
		"The kernel reported nothing, but: 2 hangs in 3 cycles, first in "
		"cycle 2: phase shutdown did not end within 2 min. The run has not ended: "
		"it goes on, or it was killed.");
}

/* -- JSON ---------------------------------------------------------------------------- */

static void json_of_a_run(void **state)
{
	_cleanup_free_ char *text = NULL;
	const char *fixed_by, *class, *dir;
	int status, crashes, hits, boot_ns;
	json_t *json;
	size_t size;
	FILE *out;

	(void)state;
	finding(1, FINDING_SPLAT, "oops in foo", "smmu-shutdown");
	verdict(1, OUTCOME_CRASH, "oops in foo");
	end("done");
	out = open_memstream(&text, &size);
	report_json(out, &fold, some_rules, "runs/1");
	fclose(out);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_int_equal(json_unpack(json,
				     "{s:i, s:s, s:{s:i}, s:{s:i}, s:{s:i}, s:[{s:s}], "
				     "s:[{s:s}]}",
				     "status", &status, "dir", &dir, "outcomes", "crash",
				     &crashes, "rate", "hits", &hits, "mean", "down_ns",
				     &boot_ns, "bugs", "class", &class, "known",
				     "fixed_by", &fixed_by),
			 0);
	assert_int_equal(status, 1);
	assert_int_equal(crashes, 1);
	assert_int_equal(hits, 1);
	assert_int_equal(boot_ns, 900 * NS_PER_MSEC);
	assert_string_equal(dir, "runs/1");
	assert_string_equal(class, "splat");
	assert_non_null(strstr(fixed_by, "ce31e6ca68bd7639bd3e5ef97be215031842bbab"));
	json_decref(json);
}

static void what_the_console_and_rules_said(void **state)
{
	struct record record = { .type = RECORD_FINDING, .cycle = 1 };
	struct finding *f = &record.finding.finding;
	_cleanup_free_ char *text = NULL, *line = NULL;
	size_t size;
	FILE *out;

	(void)state;
	record.finding.report = "";
	snprintf(f->title, sizeof(f->title), "WARNING in foo");
	snprintf(f->text, sizeof(f->text), "WARNING: CPU: 0 at foo+0x1/0x2");
	snprintf(f->file, sizeof(f->file), "drivers/iommu/iommu.c:12");
	snprintf(f->advice, sizeof(f->advice), "Ask me.");
	fold_apply(&fold, &record);
	end("done");
	text = summary(some_rules, NULL);
	assert_non_null(strstr(text, " advice: Ask me.\n"));
	out = open_memstream(&line, &size);
	report_json(out, &fold, some_rules, NULL);
	fclose(out);
	assert_non_null(strstr(line, "\"advice\":\"Ask me.\","
				     "\"file\":\"drivers/iommu/iommu.c:12\","
				     "\"text\":\"WARNING: CPU: 0 at foo+0x1/0x2\""));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_summary),
		TEST(cycle_lines),
		TEST(terminals),
		TEST(no_color_in_pipes),
		TEST(hostile_texts),
		TEST(nothing_found),
		TEST(nothing_measured),
		TEST(precursor_only),
		TEST(unknown_bugs),
		TEST(silent_hang),
		TEST(timeline_of_a_run),
		TEST(load_is_told),
		TEST(target_counters_are_told),
		TEST(json_of_a_run),
		TEST(what_the_console_and_rules_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
