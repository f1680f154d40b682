// SPDX-License-Identifier: GPL-2.0-or-later
#include "fold/fold.h"

#include "base/num.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct fold fold;

static int setup(void **state)
{
	(void)state;
	fold = (struct fold){ 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fold_done(&fold);
	return 0;
}

static void run(uint64_t at_s)
{
	const struct record record = {
		.type = RECORD_RUN,
		.at_ns = at_s * NS_PER_SEC,
		.run = { .tool = "0.1",
			 .scenario = "reboot",
			 .target = "virt:arm64",
			 .wall = "2026-01-01T00:00:00Z",
			 .cycles = 10 },
	};

	fold_apply(&fold, &record);
}

static void cycle(unsigned int n, uint64_t at_s)
{
	fold_apply(&fold, &(struct record){ .type = RECORD_CYCLE,
					    .at_ns = at_s * NS_PER_SEC,
					    .cycle = n });
}

static void finding(unsigned int n, enum finding_type type, const char *bug,
		    const char *known)
{
	static struct record record;

	memset(&record, 0, sizeof(record));
	record.type = RECORD_FINDING;
	record.at_ns = fold.at_ns;
	record.cycle = record.finding.finding.cycle = n;
	record.finding.finding.type = type;
	snprintf(record.finding.finding.bug, sizeof(record.finding.finding.bug), "%s",
		 bug);
	snprintf(record.finding.finding.known, sizeof(record.finding.finding.known), "%s",
		 known);
	record.finding.report = "splats/0001-x.txt";
	fold_apply(&fold, &record);
}

static void verdict_with(unsigned int n, enum outcome outcome, struct cycle_times times)
{
	struct record record = { .type = RECORD_VERDICT, .cycle = n };

	record.at_ns = fold.at_ns + NS_PER_SEC;
	record.verdict.verdict.outcome = outcome;
	snprintf(record.verdict.verdict.reason, VERDICT_REASON_MAX, "why %u", n);
	record.verdict.times = times;
	fold_apply(&fold, &record);
}

static void verdict(unsigned int n, enum outcome outcome)
{
	verdict_with(n, outcome, (struct cycle_times){ 0 });
}

static void end(const char *reason, int status)
{
	fold_apply(&fold, &(struct record){ .type = RECORD_END,
					    .at_ns = fold.at_ns,
					    .end = { reason, status } });
}

static void counts(void **state)
{
	(void)state;
	run(100);
	for (unsigned int i = 1; i <= OUTCOME_COUNT; i++) {
		cycle(i, 100 + i);
		verdict(i, (enum outcome)(i - 1));
	}
	verdict(OUTCOME_COUNT + 1, OUTCOME_HANG);
	for (unsigned int i = 0; i < OUTCOME_COUNT; i++) {
		assert_int_equal(fold.outcomes[i], i == OUTCOME_HANG ? 2 : 1);
		assert_int_equal(fold.first[i].cycle, i + 1);
	}
	assert_string_equal(fold.first[OUTCOME_HANG].verdict.reason, "why 4");
	assert_string_equal(fold.last.reason, "why 10");
	assert_int_equal(fold.begun, 9);
	assert_int_equal(fold.finished, 10);
	assert_int_equal(fold_hits(&fold), 6);
	assert_int_equal(fold_measured(&fold), 9);
	assert_false(fold.ended);
	end("done", 1);
	assert_true(fold.ended);
	assert_int_equal(fold.status, 1);
	assert_true(fold.elapsed_ns == 11 * NS_PER_SEC);
	assert_string_equal(fold.target, "virt:arm64");
}

static void groups(void **state)
{
	(void)state;
	finding(0, FINDING_NOTE, "note", "");
	finding(1, FINDING_SPLAT, "a", "issue");
	finding(1, FINDING_SPLAT, "a", "issue");
	finding(1, FINDING_SPLAT, "b", "issue");
	verdict(1, OUTCOME_CRASH);
	finding(2, FINDING_SPLAT, "c", "");
	verdict(2, OUTCOME_SPLAT);
	finding(3, FINDING_SPLAT, "a", "issue");
	verdict(3, OUTCOME_HANG);
	assert_int_equal(fold.n_bugs, 4);
	assert_int_equal(fold.bugs[0].seen.cycles, 0);
	assert_int_equal(fold.bugs[1].seen.findings, 3);
	assert_int_equal(fold.bugs[1].seen.cycles, 2);
	assert_int_equal(fold.bugs[1].seen.first_cycle, 1);
	assert_int_equal(fold.bugs[1].seen.last_cycle, 3);
	assert_int_equal(fold.bugs[1].seen.outcomes[OUTCOME_CRASH], 1);
	assert_int_equal(fold.bugs[1].seen.outcomes[OUTCOME_HANG], 1);
	assert_int_equal(fold.bugs[3].seen.outcomes[OUTCOME_SPLAT], 1);
	assert_string_equal(fold.bugs[1].report, "splats/0001-x.txt");
	assert_int_equal(fold.n_known, 1);
	assert_int_equal(fold.known[0].seen.findings, 4);
	assert_int_equal(fold.known[0].seen.cycles, 2);
	assert_int_equal(fold.known[0].seen.outcomes[OUTCOME_CRASH], 1);
}

static void size_is_bounded(void **state)
{
	char bug[32];

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(bug, sizeof(bug), "bug-%u", i);
		finding(i + 1, FINDING_SPLAT, bug, bug);
	}
	assert_int_equal(fold.n_bugs, FOLD_BUGS_MAX);
	assert_int_equal(fold.n_known, FOLD_BUGS_MAX);
	assert_int_equal(fold.more_bugs, 1000 - FOLD_BUGS_MAX);
	assert_int_equal(fold_status(&fold), 1);
}

static void times_of_cycles_that_came_back(void **state)
{
	const struct cycle_times times = { 1, 2, 3, 4, 11, 5, 0 };
	const struct cycle_times no_boot = { .down = 3, .total = 9 };

	(void)state;
	verdict_with(1, OUTCOME_PASS, times);
	verdict_with(2, OUTCOME_CRASH, times);
	verdict_with(3, OUTCOME_HANG, times);
	verdict_with(4, OUTCOME_INVALID, times);
	verdict_with(5, OUTCOME_PASS, no_boot);
	assert_int_equal(fold.timed, 2);
	assert_int_equal(fold.sum.total, 22);
	assert_int_equal(fold.sum.boot, 8);
	assert_int_equal(fold.last_replies, 2);
	assert_int_equal(fold.first_replies, 0);
}

static void load(uint64_t sent, uint64_t replies)
{
	struct record record = { .type = RECORD_LOAD };

	record.load.sent = sent;
	record.load.replies = replies;
	fold_apply(&fold, &record);
}

static void floods_add_up(void **state)
{
	(void)state;
	load(100, 90);
	load(200, 180);
	load(50, 10); /* another process */
	load(60, 20);
	run(1);
	load(70, 30);
	assert_int_equal(fold.sent, 200 + 60 + 70);
	assert_int_equal(fold.replies, 180 + 20 + 30);
}

static void lost(uint64_t sent, uint64_t n_lost, uint64_t duplicates)
{
	struct record record = { .type = RECORD_LOAD };

	record.load.sent = sent;
	record.load.lost = n_lost;
	record.load.duplicates = duplicates;
	record.load.bad = duplicates;
	record.load.reports = 2 * duplicates;
	record.load.errors.n[1] = 3 * duplicates;
	fold_apply(&fold, &record);
}

/* A late reply takes a loss back, so it is a flood's last count that counts. */
static void losses_add_up(void **state)
{
	(void)state;
	lost(100, 10, 1);
	lost(200, 7, 1);
	assert_int_equal(fold_losses(&fold).lost, 7);
	lost(50, 3, 0); /* another process */
	assert_int_equal(fold_losses(&fold).lost, 10);
	run(1);
	lost(70, 4, 2);
	assert_int_equal(fold_losses(&fold).lost, 14);
	assert_int_equal(fold_losses(&fold).duplicates, 3);
	assert_int_equal(fold_losses(&fold).bad, 3);
	assert_int_equal(fold_losses(&fold).reports, 6);
	assert_int_equal(fold_losses(&fold).errors.n[1], 9);
}

static void counted(uint64_t packets, uint64_t dropped, uint64_t missed)
{
	struct record record = { .type = RECORD_COUNTERS };

	record.counters = (struct target_counters){ .rx_packets = packets,
						    .rx_dropped = dropped,
						    .rx_missed_errors = missed };
	fold_apply(&fold, &record);
}

static void boots(void)
{
	struct record record = { .type = RECORD_TARGET };

	record.target.kernel = "6.1.0";
	record.target.boot_id = "1";
	fold_apply(&fold, &record);
}

/* They count from each boot on, so of one that is asked twice the last answer counts. */
static void counters_add_up(void **state)
{
	struct target_counters c;

	(void)state;
	boots();
	assert_int_equal(fold_counters(&fold, &c), 0);
	counted(100, 1, 2);
	counted(300, 2, 100);
	boots();
	boots(); /* one that does not tell */
	counted(70, 0, 30);
	assert_int_equal(fold_counters(&fold, &c), 2);
	assert_int_equal(c.rx_packets, 370);
	assert_int_equal(c.rx_dropped + c.rx_missed_errors, 132);
	assert_int_equal(c.rx_packets + c.rx_missed_errors, 500);
}

static void timeline(int64_t from_ns, uint64_t step_ns, const char *sent,
		     const char *replies)
{
	struct record record = { .type = RECORD_TIMELINE };

	record.timeline.from_ns = from_ns;
	record.timeline.step_ns = step_ns;
	record.timeline.sent = sent;
	record.timeline.replies = replies;
	record.timeline.marks.marker = 4000000;
	fold_apply(&fold, &record);
}

static void timelines_add_up(void **state)
{
	const struct fold_timeline *t = &fold.timeline;

	(void)state;
	timeline(-25000000, 1000000, "3x100,0x900", "1x50,0x950");
	timeline(0, 10000000, "7", "0");
	assert_int_equal(t->cycles, 2);
	assert_int_equal(t->steps, 58);
	assert_int_equal(t->sent[47], 15);
	assert_int_equal(t->sent[48], 30);
	assert_int_equal(t->sent[50], 37);
	assert_int_equal(t->sent[57], 15);
	assert_int_equal(t->replies[52], 5);
	assert_int_equal(t->counts.marker, 2);
	assert_int_equal(t->counts.banner, 0);
	assert_int_equal(t->sums.marker, 8000000);
	/* What does not fit is left out, what is broken ends there. */
	timeline(-2000000000, 1000000, "9x8192,1x8192,1x8192", "");
	assert_int_equal(t->sent[0], 90);
	assert_int_equal(t->steps, FOLD_TIMELINE_STEPS);
	timeline(INT64_MAX, 1000000, "9", "9");
	timeline(0, 0, "9", "9");
	timeline(0, UINT64_MAX, "9", "9");
	assert_int_equal(t->cycles, 3);
}

/* Resumed, after the controller was rebooted: its clock began again. */
static void resumed(void **state)
{
	(void)state;
	run(5000);
	cycle(1, 5010);
	end("interrupted", 130);
	run(20);
	assert_false(fold.ended);
	cycle(2, 25);
	assert_true(fold.elapsed_ns == 15 * NS_PER_SEC);
}

static void statuses(void **state)
{
	(void)state;
	assert_int_equal(fold_status(&fold), 3);
	verdict(1, OUTCOME_PASS);
	assert_int_equal(fold_status(&fold), 0);
	finding(0, FINDING_NOTE, "note", "");
	assert_int_equal(fold_status(&fold), 0);
	verdict(2, OUTCOME_INVALID);
	assert_int_equal(fold_status(&fold), 3);
	verdict(3, OUTCOME_LOST);
	assert_int_equal(fold_status(&fold), 1);
}

/* A cycle that could not be measured to its end does not undo what it showed. */
static void finding_in_an_invalid_cycle(void **state)
{
	(void)state;
	finding(1, FINDING_FAULT, "fault", "");
	verdict(1, OUTCOME_INVALID);
	assert_int_equal(fold_status(&fold), 1);
}

/* A live run's fold and that of its journal are the same. */
static void cycle_of_the_record(void **state)
{
	static struct record record = { .type = RECORD_FINDING, .cycle = 4 };

	(void)state;
	record.finding.finding.cycle = 0;
	fold_apply(&fold, &record);
	record.finding.finding.cycle = 4;
	fold_apply(&fold, &record);
	assert_int_equal(fold.bugs[0].seen.cycles, 1);
	assert_int_equal(fold.bugs[0].seen.first_cycle, 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts),
		TEST(groups),
		TEST(size_is_bounded),
		TEST(times_of_cycles_that_came_back),
		TEST(floods_add_up),
		TEST(losses_add_up),
		TEST(counters_add_up),
		TEST(timelines_add_up),
		TEST(resumed),
		TEST(statuses),
		TEST(finding_in_an_invalid_cycle),
		TEST(cycle_of_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
