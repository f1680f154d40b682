// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports of two CPUs on one console, and reports that are printed twice. */
#include "console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct finding *only_of_kind(const struct console *console, const char *kind)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < console->n; i++)
		if (!strcmp(console->findings[i].kind, kind)) {
			if (found)
				fail_msg("two findings of kind %s", kind);
			found = &console->findings[i];
		}
	if (!found)
		fail_msg("no finding of kind %s", kind);
	return found;
}

static const struct console *classify(const char *text)
{
	return console_classify(text, strlen(text), 4096);
}

#define LOCKUP \
	"[   84.0] watchdog: BUG: soft lockup - CPU#1 stuck for 67s! [swapper/1:0]\n"
#define STALL "[   84.1] rcu: INFO: rcu_sched self-detected stall on CPU\n"
#define TRACE(cpu, pc, caller)                                                         \
	"[   84.2] CPU: " cpu " UID: 0 PID: 0 Comm: swapper/1 Not tainted 7.2.13 #1\n" \
	"[   84.3] pc : " pc "+0x10/0x60\n"                                            \
	"[   84.4] Call trace:\n"                                                      \
	"[   84.5]  " pc "+0x10/0x60 (P)\n"                                            \
	"[   84.6]  " caller "+0x288/0x3a8\n"
#define ECHO "[   84.7] rcu: \t(t=19369 jiffies g=-527 q=51 ncpus=2)\n"

static void test_first_trace_is_of_the_first_header(void **state)
{
	const struct console *console =
		classify(LOCKUP STALL TRACE("1", "spin_one", "dev_watchdog")
				 ECHO TRACE("0", "spin_two", "napi_poll"));

	(void)state;
	assert_string_equal(only_of_kind(console, "soft-lockup")->function, "spin_one");
	assert_string_equal(only_of_kind(console, "rcu-stall")->function, "spin_two");
}

static void test_the_cpu_says_whose_trace_it_is(void **state)
{
	const struct console *console =
		classify(STALL LOCKUP TRACE("1", "spin_one", "dev_watchdog")
				 ECHO TRACE("0", "spin_two", "napi_poll"));

	(void)state;
	assert_string_equal(only_of_kind(console, "soft-lockup")->function, "spin_one");
	assert_string_equal(only_of_kind(console, "rcu-stall")->function, "spin_two");
}

#define LOCKUP_OF(cpu, seconds)                                                 \
	"[   84.0] watchdog: BUG: soft lockup - CPU#" cpu " stuck for " seconds \
	"s! [swapper/" cpu ":0]\n"

static void test_lockups_of_two_cpus(void **state)
{
	const struct console *console;

	(void)state;
	console = classify(LOCKUP_OF("0", "22") LOCKUP_OF("1", "22")
				   TRACE("1", "spin_one", "dev_watchdog")
					   TRACE("0", "spin_two", "napi_poll"));
	assert_int_equal(console->n, 2);
	assert_string_equal(console->findings[0].function, "spin_two");
	assert_string_equal(console->findings[1].function, "spin_one");
	/* The same one, told twice: by the log and by a message to all users. */
	console = classify(LOCKUP_OF("1", "22") LOCKUP_OF("1", "22")
				   TRACE("1", "spin_one", "dev_watchdog"));
	assert_int_equal(console->n, 1);
	assert_string_equal(console->findings[0].function, "spin_one");
}

static void test_lines_that_alternate(void **state)
{
	const struct console *console = classify(
		LOCKUP STALL "[ 84.2] CPU: 1 PID: 1 Comm: a Not tainted 6.1.0 #1\n"
			     "[ 84.2] CPU: 0 PID: 2 Comm: b Not tainted 6.1.0 #1\n"
			     "[ 84.3] pc : spin_one+0x10/0x60\n"
			     "[ 84.3] pc : spin_two+0x10/0x60\n"
			     "[ 84.4] Call trace:\n"
			     "[ 84.4] Call trace:\n"
			     "[ 84.5]  one_a+0x10/0x60\n"
			     "[ 84.5]  two_a+0x10/0x60\n"
			     "[ 84.6]  one_b+0x10/0x60\n"
			     "[ 84.6]  two_b+0x10/0x60\n");
	const struct finding *one = only_of_kind(console, "soft-lockup");
	const struct finding *two = only_of_kind(console, "rcu-stall");

	(void)state;
	assert_string_equal(one->function, "spin_one");
	assert_string_equal(two->function, "spin_two");
	assert_int_equal(one->n_frames, 2);
	assert_string_equal(one->frames[1].function, "one_b");
	assert_int_equal(two->n_frames, 2);
	assert_string_equal(two->frames[0].function, "two_a");
}

#define REGISTERS(n, caller) \
	"[   22." n "] [" caller "] x17: ffff8000109f6a90 x16: ffff8000109e1b4c\n"
#define FRAMES(n, caller)                                                 \
	"[   22." n "] [" caller "] Call trace:\n"                        \
	"[   22." n "] [" caller "]  dma_direct_map_sg+0x304/0x8f0\n"     \
	"[   22." n "] [" caller "]  nvme_map_data+0x2ec/0x21d8 [nvme]\n" \
	"[   22." n "] [" caller "] Code: f941ef81 9101c420 (38f768c6)\n"
#define END(n, caller) "[   22." n "] [" caller "] ---[ end trace 1f3c ]---\n"
#define FAULT(n, caller)                                                     \
	"[   22." n "] [" caller "] Unable to handle kernel paging request " \
	"at virtual address dfff80000000000e\n"

static void test_a_report_without_header_is_its_own_callers(void **state)
{
	const struct console *console = classify(
		REGISTERS("1", "    T7") FAULT("2", "  T253") REGISTERS("3", "    T7")
			FRAMES("4", "    T7") END("5", "    T7"));

	(void)state;
	assert_int_equal(console->n, 2);
	assert_string_equal(console->findings[0].kind, "oops");
	assert_string_equal(console->findings[0].function, "dma_direct_map_sg");
	assert_true(console->findings[0].iommu);
	assert_true(console->findings[0].truncated);
	assert_int_equal(console->findings[0].line, 1);
	assert_string_equal(console->findings[1].kind, "page-fault");
	assert_int_equal(console->findings[1].n_frames, 0);
}

static void test_a_trace_alone_is_no_report(void **state)
{
	const struct console *console;

	(void)state;
	/* Backtraces of other CPUs have no end marker. */
	console = classify(REGISTERS("1", "    C3") FAULT("2", "  T253")
				   FRAMES("3", "    C3") END("5", "  T253"));
	assert_int_equal(console->n, 1);
	assert_string_equal(console->findings[0].kind, "page-fault");
	/* The rest of a report, and nobody else's header that could claim it. */
	console = classify(REGISTERS("1", "    T7") FRAMES("2", "    T7")
				   END("3", "    T7"));
	assert_int_equal(console->n, 0);
	console = classify(FAULT("0", "  T253") REGISTERS("1", "    T7")
				   FRAMES("2", "    T7") END("3", "    T7"));
	assert_int_equal(console->n, 1);
}

#define BOOTED "[    0.0] Linux version 7.2.13 (me@here) (gcc) #1 SMP\n"
#define TIMEOUT                                                                 \
	"[    8.2] arm-smmu-v3 9050000.smmuv3: CMD_SYNC timeout at 0x00003489 " \
	"[hwprod 0x00003489, hwcons 0x00003487]\n"

static void test_lockups_behind_a_dead_command_queue_are_known(void **state)
{
	static const char known[] = "smmuv3-cmdq-after-shutdown";
	const struct console *console;

	(void)state;
	console = classify(
		BOOTED
		"[    7.0] iommu-stress: cycle=4 phase=trigger\n" TIMEOUT LOCKUP TRACE(
			"1", "spin_one", "dev_watchdog"));
	assert_string_equal(only_of_kind(console, "smmuv3-cmdq")->known, known);
	assert_string_equal(only_of_kind(console, "soft-lockup")->known, known);
	/* While it runs this is something else, and without the fault, too. */
	console = classify(BOOTED
			   "[    7.0] iommu-stress: cycle=4 phase=flood\n" TIMEOUT LOCKUP
				   TRACE("1", "spin_one", "dev_watchdog"));
	assert_string_equal(only_of_kind(console, "smmuv3-cmdq")->known, "");
	assert_string_equal(only_of_kind(console, "soft-lockup")->known, "");
	console = classify(BOOTED
			   "[    7.0] iommu-stress: cycle=4 phase=trigger\n" LOCKUP TRACE(
				   "1", "spin_one", "dev_watchdog"));
	assert_string_equal(only_of_kind(console, "soft-lockup")->known, "");
}

static const char *field(const struct finding *f, const char *name)
{
	for (size_t i = 0; i < f->n_decoded; i++)
		if (!strcmp(f->decoded[i].name, name))
			return f->decoded[i].value;
	return "";
}

#define GLOBAL_FAULT                                                              \
	"[    9.0] arm-smmu 5000000.iommu: GFSR 0x80000002, GFSYNR0 0x00000002, " \
	"GFSYNR1 0x00000429, GFSYNR2 0x00000000\n"

static void test_streams_are_devices_where_the_console_says_so(void **state)
{
	const struct console *console;

	(void)state;
	console = classify(
		BOOTED
		"[    1.0] igb 0000:04:05.1: Adding to iommu group 5\n" GLOBAL_FAULT);
	assert_string_equal(
		field(&console->findings[0], "requester"),
		"0000:04:05.1 of group 5, if ids of streams are requester IDs");
	assert_string_equal(console->findings[0].title,
			    "arm-smmu 5000000.iommu: unidentified stream 0x429, write");
	console = classify(BOOTED
			   "[    1.0] igb 0000:04:05.1: Adding to iommu group 5\n" BOOTED
				   GLOBAL_FAULT);
	assert_string_equal(field(&console->findings[0], "requester"), "");
	console = classify(
		BOOTED
		"[    1.0] a 0000:04:05.1: Adding to iommu group 5\n"
		"[    1.0] b 0001:04:05.1: Adding to iommu group 6\n" GLOBAL_FAULT);
	assert_string_equal(field(&console->findings[0], "requester"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_trace_is_of_the_first_header),
		cmocka_unit_test(test_the_cpu_says_whose_trace_it_is),
		cmocka_unit_test(test_lockups_of_two_cpus),
		cmocka_unit_test(test_lines_that_alternate),
		cmocka_unit_test(test_a_report_without_header_is_its_own_callers),
		cmocka_unit_test(test_a_trace_alone_is_no_report),
		cmocka_unit_test(test_streams_are_devices_where_the_console_says_so),
		cmocka_unit_test(test_lockups_behind_a_dead_command_queue_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
