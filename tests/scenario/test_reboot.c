// SPDX-License-Identifier: GPL-2.0-or-later
/* The reboot scenario against a scripted board, in virtual time. */
#include "base/log.h"
#include "base/num.h"
#include "cmd.h"
#include "journal/journal.h"
#include "scenario/script.h"
#include "scenario/sim.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* What a run left behind. */
struct result {
	int status;
	unsigned int verdicts, findings;
	struct verdict verdict[16];
	struct finding finding[16];
	char end[32];
	uint64_t took_ns;
};

static int remove_entry(const char *path, const struct stat *st, int flag,
			struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void read_back(const char *dir, struct result *result)
{
	struct journal_reader *reader;
	const struct record *record;
	const char *error;

	assert_int_equal(journal_reader_open(dir, &reader), 0);
	while (journal_reader_next(reader, &record, &error) == 1) {
		if (record->type == RECORD_VERDICT && result->verdicts < 16)
			result->verdict[result->verdicts++] = record->verdict.verdict;
		if (record->type == RECORD_FINDING && result->findings < 16)
			result->finding[result->findings++] = record->finding.finding;
		if (record->type == RECORD_END)
			snprintf(result->end, sizeof(result->end), "%s",
				 record->end.reason);
	}
	assert_false(journal_reader_torn(reader));
	journal_reader_close(reader);
}

static struct result play(struct plan *plan)
{
	char dir[] = "/tmp/iommu-stress-test-XXXXXX";
	struct result result = { 0 };
	struct rules *rules = rules_new();
	FILE *out = fopen("/dev/null", "w");
	struct loop *loop;
	char *run_dir;

	assert_non_null(mkdtemp(dir));
	run_dir = xasprintf("%s/run", dir);
	plan->run_dir = run_dir;
	sim_start();
	assert_int_equal(loop_new(&loop), 0);
	result.status = run_reboot(loop, plan, &rig_script, rules, out);
	result.took_ns = sim_now_ns();
	loop_free(loop);
	read_back(run_dir, &result);
	rules_free(rules);
	fclose(out);
	free(run_dir);
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	return result;
}

static struct plan plan_of(unsigned int cycles)
{
	struct plan plan;

	plan_init_reboot(&plan);
	plan.flood = true;
	plan.cycles = cycles;
	return plan;
}

static struct result play_one(enum behaviour behaviour, unsigned int cycles)
{
	const enum behaviour script[] = { behaviour, GOOD };
	struct plan plan = plan_of(cycles);

	script_play(script, 2);
	return play(&plan);
}

/* One row a way in which a cycle can go; the cycle after it must be good again. */
static const struct expectation {
	enum behaviour behaviour;
	enum outcome outcome;
	enum phase phase;   /* PHASE_NONE: not asserted */
	const char *reason; /* must be part of it */
	int status;
} expectations[] = {
	{ GOOD, OUTCOME_PASS, PHASE_NONE, "", EXIT_PASS },
	{ GARBAGE, OUTCOME_PASS, PHASE_NONE, "", EXIT_PASS },
	{ PRECURSOR, OUTCOME_SPLAT, PHASE_NONE, "precursor", EXIT_FINDING },
	{ WARNING, OUTCOME_SPLAT, PHASE_NONE, "iommu_dma_unmap_page", EXIT_FINDING },
	{ FAULTS, OUTCOME_SPLAT, PHASE_NONE, "", EXIT_FINDING },
	{ NEXT_BOOT_SPLAT, OUTCOME_SPLAT, PHASE_NONE, "", EXIT_FINDING },
	{ CRASH_REBOOTS, OUTCOME_CRASH, PHASE_NONE, "iommu_get_dma_domain",
	  EXIT_FINDING },
	{ CRASH_STAYS, OUTCOME_CRASH, PHASE_NONE, "iommu_get_dma_domain", EXIT_FINDING },
	{ CRASH_WAITS, OUTCOME_CRASH, PHASE_NONE, "iommu_get_dma_domain", EXIT_FINDING },
	{ RESETS_ITSELF, OUTCOME_CRASH, PHASE_NONE, "by itself", EXIT_FINDING },
	{ HANG_SETTLE, OUTCOME_HANG, PHASE_FLOOD, "flood", EXIT_FINDING },
	{ HANG_TRIGGER, OUTCOME_HANG, PHASE_TRIGGER, "trigger", EXIT_FINDING },
	{ HANG_SHUTDOWN, OUTCOME_HANG, PHASE_SHUTDOWN, "shutdown", EXIT_FINDING },
	{ HANG_FIRMWARE, OUTCOME_HANG, PHASE_FIRMWARE, "firmware", EXIT_FINDING },
	{ HANG_EARLY_BOOT, OUTCOME_HANG, PHASE_EARLY_BOOT, "early-boot", EXIT_FINDING },
	{ SAME_BOOT_ID, OUTCOME_INVALID, PHASE_NONE, "boot id", EXIT_INVALID },
	{ NO_REPLIES, OUTCOME_INVALID, PHASE_NONE, "never steady", EXIT_INVALID },
	{ NO_REPLIES_AFTER, OUTCOME_INVALID, PHASE_NONE, "no reply to the load after",
	  EXIT_INVALID },
	{ CLOSES, OUTCOME_INVALID, PHASE_NONE, "signal 9", EXIT_INVALID },
	{ LOAD_DIES_DOWN, OUTCOME_INVALID, PHASE_SHUTDOWN, "signal 9", EXIT_INVALID },
	{ BOOT_LOOPS, OUTCOME_CRASH, PHASE_NONE, "by itself", EXIT_FINDING },
	{ QUIET, OUTCOME_PASS, PHASE_NONE, "", EXIT_PASS },
	{ OOPS_IN_FLOOD, OUTCOME_CRASH, PHASE_NONE, "iommu_get_dma_domain",
	  EXIT_FINDING },
	{ HANG_UP, OUTCOME_HANG, PHASE_UP, "phase up", EXIT_FINDING },
	{ STANDS_STILL, OUTCOME_INVALID, PHASE_NONE, "stood still", EXIT_INVALID },
	{ LOAD_DIES, OUTCOME_INVALID, PHASE_NONE, "flood process ended", EXIT_INVALID },
};

static void outcome_is_named(void **state)
{
	const struct expectation *e = *state;
	struct result r = play_one(e->behaviour, 2);

	assert_int_equal(r.verdicts, 2);
	if (r.verdict[0].outcome != e->outcome || !strstr(r.verdict[0].reason, e->reason))
		fail_msg("got %s: %s", outcome_name(r.verdict[0].outcome),
			 r.verdict[0].reason);
	if (e->phase != PHASE_NONE)
		assert_string_equal(phase_name(r.verdict[0].phase), phase_name(e->phase));
	if (r.verdict[1].outcome != OUTCOME_PASS)
		fail_msg("the cycle after it: %s: %s", outcome_name(r.verdict[1].outcome),
			 r.verdict[1].reason);
	assert_int_equal(r.status, e->status);
	assert_string_equal(r.end, "done");
}

static void known_issue_is_named(void **state)
{
	struct result r = play_one(CRASH_REBOOTS, 1);
	unsigned int named = 0;

	(void)state;
	for (unsigned int i = 0; i < r.findings; i++)
		named += !strcmp(r.finding[i].known, "smmu-shutdown-unregister");
	assert_true(named >= 1);
	assert_int_equal(r.finding[0].cycle, 1);
	assert_string_equal(phase_name(r.finding[0].phase), "shutdown");
}

static void hang_is_a_finding(void **state)
{
	struct result r = play_one(HANG_SHUTDOWN, 1);

	(void)state;
	assert_int_equal(r.findings, 1);
	assert_int_equal(r.finding[0].type, FINDING_HANG);
	assert_string_equal(r.finding[0].bug, "hang:shutdown");
}

static void stopped_while_recovering_keeps_what_was_seen(void **state)
{
	struct result r = play_one(STOPPED_IN_RESET, 3);

	(void)state;
	assert_int_equal(r.verdicts, 1);
	assert_int_equal(r.verdict[0].outcome, OUTCOME_HANG);
	assert_int_equal(r.findings, 1);
	assert_string_equal(r.end, "interrupted");
	assert_int_equal(r.status, EXIT_INTERRUPTED);
}

static void early_lines_of_next_boot_count_for_the_cycle_before(void **state)
{
	struct result r = play_one(NEXT_BOOT_SPLAT, 2);

	(void)state;
	assert_int_equal(r.findings, 1);
	assert_int_equal(r.finding[0].cycle, 1);
	assert_string_equal(phase_name(r.finding[0].phase), "early-boot");
}

static void target_that_never_comes_back_is_lost(void **state)
{
	struct result r = play_one(NEVER_BACK, 5);

	(void)state;
	assert_int_equal(r.verdicts, 1);
	assert_int_equal(r.verdict[0].outcome, OUTCOME_LOST);
	assert_string_equal(r.end, "lost");
	assert_int_equal(r.status, EXIT_FINDING);
}

static void play_boot(enum boot_behaviour boot, enum outcome outcome, const char *reason)
{
	const enum behaviour script[] = { GOOD };
	struct plan plan = plan_of(3);
	struct result r;

	script_play(script, 1);
	script_boot(boot);
	r = play(&plan);
	assert_int_equal(r.verdicts, 1);
	if (r.verdict[0].outcome != outcome || !strstr(r.verdict[0].reason, reason))
		fail_msg("got %s: %s", outcome_name(r.verdict[0].outcome),
			 r.verdict[0].reason);
	assert_int_equal(r.status,
			 outcome == OUTCOME_CRASH ? EXIT_FINDING : EXIT_INVALID);
}

static void silent_console_is_invalid(void **state)
{
	(void)state;
	play_boot(BOOT_SILENT, OUTCOME_INVALID, "silent");
}

static void board_without_shell_is_invalid(void **state)
{
	(void)state;
	play_boot(BOOT_NO_SHELL, OUTCOME_INVALID, "no shell");
}

static void kernel_that_panics_at_once_is_a_crash(void **state)
{
	(void)state;
	play_boot(BOOT_PANICS, OUTCOME_CRASH, "panic");
}

static void three_invalid_cycles_end_the_run(void **state)
{
	const enum behaviour script[] = { NO_REPLIES };
	struct plan plan = plan_of(10);
	struct result r;

	(void)state;
	script_play(script, 1);
	r = play(&plan);
	assert_int_equal(r.verdicts, 3);
	assert_string_equal(r.end, "invalid");
	assert_int_equal(r.status, EXIT_INVALID);
}

static void until_hit_ends_with_the_hit(void **state)
{
	const enum behaviour script[] = { GOOD, GOOD, CRASH_REBOOTS, GOOD };
	struct plan plan = plan_of(0);
	struct result r;

	(void)state;
	plan.until_hits = 1;
	script_play(script, 4);
	r = play(&plan);
	assert_int_equal(r.verdicts, 3);
	assert_string_equal(r.end, "hit");
}

static void duration_ends_the_run(void **state)
{
	const enum behaviour script[] = { GOOD };
	struct plan plan = plan_of(0);
	struct result r;

	(void)state;
	plan.for_ns = 20 * NS_PER_SEC;
	script_play(script, 1);
	r = play(&plan);
	assert_true(r.verdicts >= 3);
	assert_string_equal(r.end, "time");
	assert_int_equal(r.status, EXIT_PASS);
}

static void run_without_load_needs_no_replies(void **state)
{
	const enum behaviour script[] = { NO_REPLIES };
	struct plan plan = plan_of(2);
	struct result r;

	(void)state;
	plan.flood = false;
	script_play(script, 1);
	r = play(&plan);
	assert_int_equal(r.verdicts, 2);
	assert_int_equal(r.status, EXIT_PASS);
}

static void existing_run_directory_is_refused(void **state)
{
	char dir[] = "/tmp/iommu-stress-test-XXXXXX";
	_cleanup_free_ char *file = NULL;
	const enum behaviour script[] = { GOOD };
	struct plan plan = plan_of(1);
	struct loop *loop;
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(dir));
	file = xasprintf("%s/journal.jsonl", dir);
	out = fopen(file, "w");
	assert_non_null(out);
	plan.run_dir = dir;
	script_play(script, 1);
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(run_reboot(loop, &plan, &rig_script, NULL, out), EXIT_USAGE);
	loop_free(loop);
	fclose(out);
	nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

#define N_EXPECTATIONS ARRAY_SIZE(expectations)

int main(void)
{
	static const char *const names[BEHAVIOURS] = {
		[GOOD] = "good",
		[PRECURSOR] = "precursor",
		[WARNING] = "warning",
		[FAULTS] = "faults",
		[CRASH_REBOOTS] = "crash, reboots",
		[CRASH_STAYS] = "crash, stays",
		[CRASH_WAITS] = "crash, waits",
		[HANG_SETTLE] = "hang before the flood",
		[HANG_TRIGGER] = "hang in trigger",
		[HANG_SHUTDOWN] = "hang in shutdown",
		[HANG_FIRMWARE] = "hang in firmware",
		[HANG_EARLY_BOOT] = "hang in early boot",
		[HANG_UP] = "hang in up",
		[RESETS_ITSELF] = "resets itself",
		[BOOT_LOOPS] = "boot loop",
		[SAME_BOOT_ID] = "same boot id",
		[NO_REPLIES_AFTER] = "no replies after boot",
		[NO_REPLIES] = "no replies",
		[CLOSES] = "console closes",
		[GARBAGE] = "garbage",
		[NEXT_BOOT_SPLAT] = "splat of the next boot",
		[OOPS_IN_FLOOD] = "oops in flood",
		[QUIET] = "quiet kernel",
		[LOAD_DIES] = "load dies in flood",
		[LOAD_DIES_DOWN] = "load dies in shutdown",
		[STANDS_STILL] = "controller stands still",
	};
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(known_issue_is_named),
		cmocka_unit_test(hang_is_a_finding),
		cmocka_unit_test(stopped_while_recovering_keeps_what_was_seen),
		cmocka_unit_test(early_lines_of_next_boot_count_for_the_cycle_before),
		cmocka_unit_test(target_that_never_comes_back_is_lost),
		cmocka_unit_test(silent_console_is_invalid),
		cmocka_unit_test(board_without_shell_is_invalid),
		cmocka_unit_test(kernel_that_panics_at_once_is_a_crash),
		cmocka_unit_test(three_invalid_cycles_end_the_run),
		cmocka_unit_test(until_hit_ends_with_the_hit),
		cmocka_unit_test(duration_ends_the_run),
		cmocka_unit_test(run_without_load_needs_no_replies),
		cmocka_unit_test(existing_run_directory_is_refused),
	};
	struct CMUnitTest tests[N_EXPECTATIONS + ARRAY_SIZE(single)];

	log_set_level(LOG_LEVEL_ERROR);
	for (size_t i = 0; i < N_EXPECTATIONS; i++)
		tests[i] = (struct CMUnitTest){ names[expectations[i].behaviour],
						outcome_is_named, NULL, NULL,
						(void *)&expectations[i] };
	memcpy(tests + N_EXPECTATIONS, single, sizeof(single));
	return cmocka_run_group_tests_name("reboot scenario", tests, NULL, NULL);
}
