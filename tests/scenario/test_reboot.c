// SPDX-License-Identifier: GPL-2.0-or-later
/* The reboot scenario against a scripted board, in virtual time. */
#include "base/exit_status.h"
#include "base/log.h"
#include "base/num.h"
#include "plan.h"
#include "scenario/cut.h"
#include "scenario/play.h"
#include "scenario/script.h"

static struct plan plan_of(unsigned int cycles)
{
	struct plan plan = test_plan(&scenario_reboot);

	plan.flood = true;
	plan.cycles = cycles;
	return plan;
}

static struct result play_one(enum behaviour behaviour, unsigned int cycles)
{
	const enum behaviour script[] = { behaviour, GOOD };
	struct plan plan = plan_of(cycles);

	script_play(script, 2);
	return play(&plan, &rig_script);
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
	{ DEAF, OUTCOME_INVALID, PHASE_TRIGGER, "did not execute the request",
	  EXIT_INVALID },
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
	{ FORGED, OUTCOME_HANG, PHASE_FIRMWARE, "firmware", EXIT_FINDING },
	{ FORGED_UP, OUTCOME_PASS, PHASE_NONE, "", EXIT_PASS },
	{ REPLAYED, OUTCOME_PASS, PHASE_NONE, "", EXIT_PASS },
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

/* What was around the trigger is recorded whether the target comes back or not. */
static void timeline_is_recorded(void **state)
{
	static const enum behaviour behaviours[] = { GOOD, CRASH_STAYS, HANG_SHUTDOWN,
						     QUIET };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(behaviours); i++) {
		struct result r = play_one(behaviours[i], 2);
		const struct timeline_marks *m = &r.marks[0];

		assert_int_equal(r.timelines, 2);
		assert_int_equal(r.timeline_cycle[0], 1);
		assert_int_equal(r.timeline_cycle[1], 2);
		assert_int_equal(r.timeline_from_ns, -100 * (int64_t)NS_PER_MSEC);
		assert_string_equal(r.sent, "1x100,4x120");
		assert_string_equal(r.replies, "1x99,2,1x20,0x100");
		assert_int_equal(m->first_reply != 0,
				 behaviours[i] == GOOD || behaviours[i] == QUIET);
		assert_int_equal(m->restart != 0, behaviours[i] == GOOD);
		if (behaviours[i] != GOOD)
			continue;
		assert_in_range(m->restart, 1, m->banner - 1);
		assert_in_range(m->banner, 300 * NS_PER_MSEC, m->shell - 1);
	}
}

/* Once a cycle and before the request, while the load runs; or not at all. */
static void counters_are_recorded(void **state)
{
	static const enum behaviour good[] = { GOOD };
	struct plan idle = plan_of(2), patient = plan_of(2);
	struct result r = play_one(GOOD, 3);

	(void)state;
	assert_int_equal(r.counters, 3);
	assert_int_equal(r.told.rx_packets, 1000);
	assert_int_equal(r.told.rx_missed_errors, 7);
	assert_int_equal(r.told.rx_dropped, 3);
	assert_int_equal(r.told.in_echos, 990);
	assert_int_equal(r.told.out_echo_replies, 980);
	r = play_one(NO_COUNTERS, 3);
	assert_int_equal(r.status, EXIT_PASS);
	assert_int_equal(r.counters, 2);
	idle.flood = false;
	script_play(good, 1);
	assert_int_equal(play(&idle, &rig_script).counters, 0);
	/* Steady already when it has settled. */
	patient.settle_ns = 5 * NS_PER_SEC;
	script_play(good, 1);
	r = play(&patient, &rig_script);
	assert_int_equal(r.counters, 2);
	assert_int_equal(r.status, EXIT_PASS);
	patient.settle_ns = 0;
	script_play(good, 1);
	assert_int_equal(play(&patient, &rig_script).counters, 2);
}

static void no_timeline_without_a_trigger(void **state)
{
	static const enum behaviour good[] = { GOOD };
	struct plan idle = plan_of(1);
	struct result r;

	(void)state;
	assert_int_equal(play_one(HANG_SETTLE, 1).timelines, 0);
	assert_int_equal(play_one(LOAD_DIES_DOWN, 1).timelines, 0);
	idle.flood = false;
	script_play(good, 1);
	script_n_words = 0;
	r = play(&idle, &rig_script);
	assert_int_equal(r.timelines, 0);
	assert_int_equal(script_n_words, 0);
}

/* The load hears of the trigger in this order, and the surge is as long before it. */
static void surge_comes_before_the_trigger(void **state)
{
	static const enum load_word plain[] = { LOAD_UP,      LOAD_MARK, LOAD_PRESS,
						LOAD_RELEASE, LOAD_UP,   LOAD_TIMELINE };
	static const enum load_word words[] = { LOAD_UP,      LOAD_SURGE,   LOAD_MARK,
						LOAD_PRESS,   LOAD_RELEASE, LOAD_UP,
						LOAD_TIMELINE };
	const enum behaviour script[] = { GOOD };
	struct plan plan = plan_of(1);
	uint64_t without;

	(void)state;
	script_n_words = 0;
	script_play(script, 1);
	without = play(&plan, &rig_script).took_ns;
	assert_int_equal(script_n_words, ARRAY_SIZE(plain));
	assert_memory_equal(script_words, plain, sizeof(plain));
	plan.load.surge_ns = 3 * NS_PER_SEC;
	script_n_words = 0;
	script_play(script, 1);
	assert_in_range(play(&plan, &rig_script).took_ns - without, 2900 * NS_PER_MSEC,
			3100 * NS_PER_MSEC);
	assert_int_equal(script_n_words, ARRAY_SIZE(words));
	assert_memory_equal(script_words, words, sizeof(words));
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
	r = play(&plan, &rig_script);
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
	r = play(&plan, &rig_script);
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
	r = play(&plan, &rig_script);
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
	r = play(&plan, &rig_script);
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
	r = play(&plan, &rig_script);
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
	assert_int_equal(run_execute(loop, &plan, &rig_script, NULL, out), EXIT_USAGE);
	loop_free(loop);
	fclose(out);
	nftw(dir, play_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Wherever it was cut, each cycle goes as it would have gone. */
static void resumed_run_goes_on(void **state)
{
	const enum behaviour script[] = { GOOD,          WARNING, CRASH_STAYS,
					  HANG_SHUTDOWN, GOOD,    PRECURSOR };
	struct cut_cycle whole[CUT_CYCLES], resumed[CUT_CYCLES];
	_cleanup_free_ size_t *lines = NULL;
	struct plan plan = plan_of(ARRAY_SIZE(script));
	struct cut cut;
	size_t n;

	(void)state;
	plan.jitter_ns = 5 * NS_PER_SEC;
	script_play(script, ARRAY_SIZE(script));
	cut_begin(&cut, &plan, &rig_script);
	cut_cycles(&cut, whole);
	assert_int_equal(whole[3].outcome, OUTCOME_CRASH);
	assert_int_equal(whole[4].outcome, OUTCOME_HANG);
	lines = cut_lines(&cut, &n);
	for (size_t i = 0; i < n - 1; i += 1 + i % 5) {
		struct result r;

		cut_at(&cut, lines[i] + (i % 2 ? 9 : 0));
		script_play(script, ARRAY_SIZE(script));
		r = cut_resume(&cut, &plan, &rig_script, NULL);
		cut_cycles(&cut, resumed);
		assert_int_equal(r.status, EXIT_FINDING);
		assert_string_equal(r.end, "done");
		for (unsigned int k = 1; k <= ARRAY_SIZE(script); k++) {
			assert_int_equal(resumed[k].verdicts, 1);
			assert_int_equal(resumed[k].outcome, whole[k].outcome);
			assert_int_equal(resumed[k].settle_ns, whole[k].settle_ns);
		}
		assert_int_equal(resumed[ARRAY_SIZE(script) + 1].verdicts, 0);
	}
	cut_end(&cut);
}

/* What a report says of its place is true of the whole console, and its file is its own. */
static void resumed_findings_have_their_place(void **state)
{
	const enum behaviour script[] = { WARNING };
	static const char cut_here[] = "------------[ cut here ]------------";
	struct plan plan = plan_of(4);
	_cleanup_free_ size_t *lines = NULL;
	_cleanup_free_ char *console = NULL;
	struct cut cut;
	struct result r;
	size_t n, half;

	(void)state;
	script_play(script, 1);
	cut_begin(&cut, &plan, &rig_script);
	lines = cut_lines(&cut, &n);
	for (half = n / 2; !cut_line_is(&cut, lines[half], "cycle");)
		half++;
	cut_at(&cut, lines[half]);
	script_play(script, 1);
	r = cut_resume(&cut, &plan, &rig_script, NULL);
	assert_int_equal(r.findings, 4);
	cut_read(cut.run_dir, "console.raw", &console, &n);
	for (unsigned int i = 0; i < r.findings; i++) {
		const struct finding *f = &r.finding[i];
		const char *at = console + f->offset;
		uint64_t line = 1;

		assert_true(f->offset + f->size <= n);
		assert_true(!i || f->offset > r.finding[i - 1].offset);
		assert_non_null(memmem(at, 64, cut_here, strlen(cut_here)));
		for (const char *p = console; p < at; p++)
			line += *p == '\n';
		assert_int_equal(f->line, line);
	}
	cut_end(&cut);
}

/* The time before counts, that between does not. */
static void resumed_duration(void **state)
{
	const enum behaviour script[] = { GOOD };
	struct plan plan = plan_of(0);
	_cleanup_free_ size_t *lines = NULL;
	struct result whole, r;
	struct cut cut;
	size_t n;

	(void)state;
	plan.for_ns = 40 * NS_PER_SEC;
	script_play(script, 1);
	whole = cut_begin(&cut, &plan, &rig_script);
	lines = cut_lines(&cut, &n);
	cut_at(&cut, lines[n / 2]);
	script_play(script, 1);
	r = cut_resume(&cut, &plan, &rig_script, NULL);
	assert_string_equal(r.end, "time");
	assert_in_range(r.verdicts, whole.verdicts - 1, whole.verdicts);
	cut_end(&cut);
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
		[DEAF] = "request is not executed",
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
		[FORGED] = "forged reboot",
		[FORGED_UP] = "forged boot before the request",
		[REPLAYED] = "old log on the way down",
		[LOAD_DIES] = "load dies in flood",
		[LOAD_DIES_DOWN] = "load dies in shutdown",
		[STANDS_STILL] = "controller stands still",
	};
	static const struct CMUnitTest single[] = {
		cmocka_unit_test(known_issue_is_named),
		cmocka_unit_test(timeline_is_recorded),
		cmocka_unit_test(counters_are_recorded),
		cmocka_unit_test(no_timeline_without_a_trigger),
		cmocka_unit_test(surge_comes_before_the_trigger),
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
		cmocka_unit_test(resumed_run_goes_on),
		cmocka_unit_test(resumed_findings_have_their_place),
		cmocka_unit_test(resumed_duration),
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
