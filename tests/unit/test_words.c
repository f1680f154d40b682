// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What only sounds like a report is none: words of other programs, commands, sources and
 * mails about reports. And reports that a mail broke into pieces keep their names.
 */
#include "console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_words_are_no_reports(void **state)
{
	static const char *const lines[] = {
		"WARNING: at least one of the disks failed",
		"WARNING: at startup: 12 units failed",
		"WARNING: setup.sh:12 at the moment is deprecated",
		"WARNING: host 192.0.2.1:22 at 2 hops",
		"WARNING: lock held by another process",
		"BUG 4711 (fixed): it crashed",
		"~# dmesg | grep -i 'BUG: unable to handle'",
		"~# echo \"BUG: soft lockup - CPU#0\" >/dev/kmsg",
		"+\tpr_alert(\"Unable to handle kernel paging request at %lx\\n\", addr);",
		"+\t\tpr_emerg(\"watchdog: BUG: soft lockup - CPU#%d stuck for %us!\\n\",",
		"This is about the \"BUG: sleeping function called from invalid context\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		static const char *const before[] = { "", "[    1.000001] " };

		for (size_t k = 0; k < ARRAY_SIZE(before); k++) {
			char *line = xasprintf("%s%s\n", before[k], lines[i]);
			const struct console *found =
				console_classify(line, strlen(line), 1000);

			if (found->n)
				fail_msg("%s in %s", found->findings[0].kind, line);
			free(line);
		}
	}
}

static void test_broken_lines_keep_names(void **state)
{
	static const struct {
		const char *console, *kind, *function;
	} cases[] = {
		{ "[    1.1] WARNING: CPU: 2 PID: 473 at drivers/iommu/io-pgtable-arm.c:655 "
		  "ar m_lpae_unmap+0x78/0x88\n"
		  "[    1.2] CPU: 2 PID: 473 Comm: a Not tainted 5.6.0 #26\n"
		  "[    1.3] pc : arm_lpae_unmap+0x78/0x88\n",
		  "warn", "arm_lpae_unmap" },
		{ "[    1.1] WARNING: drivers/iommu/iova.c:20 at\n"
		  "free_iova_fast+0x6c/0xa0, CPU#6: a/65\n"
		  "[    1.2] CPU: 6 UID: 0 PID: 65 Comm: a Not tainted 6.18.0 #1\n",
		  "warn", "free_iova_fast" },
		{ "[    1.1] BUG: KASAN: slab-use-after-free in\n"
		  "iommu_unmap+0x6c/0xa0\n"
		  "[    1.2] CPU: 6 UID: 0 PID: 65 Comm: a Not tainted 6.18.0 #1\n",
		  "kasan", "iommu_unmap" },
		{ "[    1.1] NMI watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [a:1]\n"
		  "[    1.2] RIP: 0010:[<ffffffff81234567>]\n"
		  "[<ffffffff81234567>] iommu_unmap+0x6c/0xa0\n",
		  "soft-lockup", "iommu_unmap" },
		/* The same once more in words, above the log itself. */
		{ "WARNING: drivers/iommu/iova.c:20 at free_iova_fast+0x6c/0xa0 \"x\"\n"
		  "\n"
		  "Call Trace:\n"
		  "[    1.0] x\n"
		  "[    1.1] WARNING: drivers/iommu/iova.c:20 at \n"
		  "free_iova_fast+0x6c/0xa0, CPU#6: a/65\n"
		  "[    1.2] CPU: 6 UID: 0 PID: 65 Comm: a Not tainted 6.18.0 #1\n",
		  "warn", "free_iova_fast" },
		{ "[    1.1] nvme 0000:02:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT "
		  "domain=0x0014\n"
		  "address=0x0 flags=0x0070]\n",
		  "amdvi-fault", "" },
		{ "[    1.1] nvme 0000:02:00.0: AMD-Vi: Event logged\n"
		  "[IO_PAGE_FAULT domain=0x0014 address=0x0 flags=0x0070]\n",
		  "amdvi-fault", "" },
		{ "[    1.1] DMAR: [DMA Write NO_PASID] Request device\n"
		  "[01:00.0] fault addr 0x0 [fault reason 0x05] PTE Write access is\n",
		  "dmar-fault", "" },
		{ "[    1.1] arm-smmu-v3 9050000.smmuv3: unexpected global error reported\n"
		  "(0x00000001), this could be serious\n",
		  "smmuv3-gerror", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct console *found = console_classify(
			cases[i].console, strlen(cases[i].console), 1000);

		if (found->n != 1)
			fail_msg("%zu findings in %s", found->n, cases[i].console);
		assert_string_equal(found->findings[0].kind, cases[i].kind);
		assert_string_equal(found->findings[0].function, cases[i].function);
		assert_true(found->findings[0].iommu);
	}
}

/* No line stands above them; what was saved of each frame may stand between them. */
static void test_traces_of_arm(void **state)
{
	static const char log[] =
		"WARNING: CPU: 0 PID: 1 at net/core/dev.c:12 dev_foo+0x1/0x2\n"
		"CPU: 0 PID: 1 Comm: a Not tainted 4.17.0 #1\n"
		"[<(ptrval)>] (dump_stack) from [<(ptrval)>] (__warn+0xec/0x104)\n"
		" r7:60000013 r6:c1234567 r5:00000000 r4:c0e05148\n"
		"[<c0010a2c>] (__warn) from [<c000e5d4>] (dev_foo+0x1/0x2)\n"
		" iommu_map from dev_bar+0x1/0x2\n";
	const struct console *found = console_classify(log, sizeof(log) - 1, 1000);

	(void)state;
	assert_int_equal(found->n, 1);
	assert_int_equal(found->findings[0].n_frames, 3);
	assert_string_equal(found->findings[0].frames[2].function, "iommu_map");
	assert_true(found->findings[0].iommu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_are_no_reports),
		cmocka_unit_test(test_broken_lines_keep_names),
		cmocka_unit_test(test_traces_of_arm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
