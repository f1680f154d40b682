// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole consoles through the classifier: phases, reports, and that no split matters. */
#include "classify/classifier.h"
#include "classify/rules.h"
#include "console.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct seen {
	struct strbuf findings, lines;
	uint64_t offset;
};

static void on_line(void *arg, const struct console_line *line)
{
	struct seen *seen = arg;

	assert_true(line->offset == seen->offset);
	seen->offset += line->size;
	strbuf_addf(&seen->lines, "%" PRIu64 " %s/%u m%d\n", line->number,
		    phase_name(line->phase), line->cycle, line->milestone);
}

static void on_finding(void *arg, const struct finding *f)
{
	struct seen *seen = arg;

	strbuf_addf(&seen->findings, "%s %s %s x%u %s/%u @%" PRIu64 "+%" PRIu64 "%s %s\n",
		    finding_type_name(f->type), f->bug, f->variant, f->count,
		    phase_name(f->phase), f->cycle, f->offset, f->size,
		    f->panic ? " panic" : "", f->known[0] ? f->known : "-");
}

/* Feeds bytes in pieces of step. */
static void classify_bytes(struct text bytes, size_t step, struct seen *seen)
{
	struct classifier_sink sink = { on_line, on_finding, seen };
	struct rules *rules = rules_new();
	struct classifier *c = classifier_new(rules, &sink);

	*seen = (struct seen){ 0 };
	strbuf_add(&seen->findings, TEXT(""));
	for (size_t i = 0; i < bytes.n; i += step)
		classifier_feed(c, bytes.s + i, bytes.n - i < step ? bytes.n - i : step);
	classifier_end(c);
	classifier_free(c);
	rules_free(rules);
	assert_true(seen->offset == bytes.n);
}

static void classify(const char *text, size_t step, struct seen *seen)
{
	classify_bytes(text_of(text), step, seen);
}

static void done(struct seen *seen)
{
	strbuf_done(&seen->findings);
	strbuf_done(&seen->lines);
}

static const char crash[] =
	"[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]\r\n"
	"[    0.000000] Linux version 6.1.99-test (me@here) (gcc) #1 SMP\r\n"
	"[    1.000000] printk: console [ttyAMA0] enabled\r\n"
	"# echo 'iommu-stress: cycle=9 phase=flood' >/dev/kmsg\r\n"
	"[    2.000000] iommu-stress: cycle=3 phase=flood\r\n"
	"[    3.000000] iommu-stress: cycle=3 phase=trigger\r\n"
	"# reboot -f\r\n"
	"[    3.100000] 8139cp 0000:01:00.0: Removing from iommu group 0\r\n"
	"[    3.110000] pcieport 0000:00:01.0: Removing from iommu group 1\r\n"
	"[    3.120000] Unable to handle kernel NULL pointer dereference at virtual "
	"address 0000000000000098\r\n"
	"[    3.130000] CPU: 0 PID: 23 Comm: kworker/0:1 Not tainted 6.1.99-test #1\r\n"
	"[    3.140000] pc : iommu_get_dma_domain+0x14/0x20\r\n"
	"[    3.150000] lr : iommu_dma_map_page+0x9c/0x254\r\n"
	"[    3.160000] Call trace:\r\n"
	"[    3.170000]  iommu_get_dma_domain+0x14/0x20\r\n"
	"[    3.170000]  ? noise+0x1/0x2\r\n"
	"[    3.180000]  dma_map_page_attrs+0x1ec/0x250\r\n"
	"[    3.190000]  cp_start_xmit.isra.0+0x14c/0x10b0 [8139cp]\r\n"
	"[    3.200000] Code: d503201f f9416800 d503233f d50323bf (f9404c00)\r\n"
	"[    3.210000] ---[ end trace 0000000000000000 ]---\r\n"
	"[    3.220000] Kernel panic - not syncing: Oops: Fatal exception in interrupt\r\n"
	"[    3.230000] ---[ end Kernel panic - not syncing: Oops ]---\r\n"
	"firmware says hello\r\n"
	"[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x411fd070]\r\n"
	"[    0.000000] Linux version 6.1.99-test (me@here) (gcc) #1 SMP\r\n"
	"[    1.500000] iommu-stress: phase=up boot_id=1234 kernel=6.1.99-test\r\n";

static void test_any_split_is_the_same(void **state)
{
	struct seen whole, part;

	(void)state;
	classify(crash, sizeof(crash), &whole);
	for (size_t step = 1; step < 200; step += step < 20 ? 1 : 13) {
		classify(crash, step, &part);
		assert_string_equal(whole.findings.s, part.findings.s);
		assert_string_equal(whole.lines.s, part.lines.s);
		done(&part);
	}
	done(&whole);
}

static void test_phases_follow_the_kernels_lines(void **state)
{
	static const char *const wanted[] = {
		"1 boot/0 m2\n",        "2 boot/0 m7\n",        "4 boot/0 m0\n",
		"5 flood/3 m1\n",       "6 trigger/3 m1\n",     "7 trigger/3 m0\n",
		"8 shutdown/3 m0\n",    "21 shutdown/3 m4\n",   "22 shutdown/3 m6\n",
		"24 early-boot/3 m2\n", "25 early-boot/3 m7\n", "26 up/3 m1\n",
	};
	struct seen seen;

	(void)state;
	classify(crash, sizeof(crash), &seen);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!strstr(seen.lines.s, wanted[i]))
			fail_msg("no '%s' in\n%s", wanted[i], seen.lines.s);
	done(&seen);
}

static void test_crash_and_precursor_are_known(void **state)
{
	struct seen seen;

	(void)state;
	classify(crash, sizeof(crash), &seen);
	assert_non_null(strstr(seen.findings.s, "precursor iommu-group-removal "));
	assert_non_null(strstr(seen.findings.s, " x2 shutdown/3 "));
	assert_non_null(strstr(seen.findings.s, "splat oops:iommu_get_dma_domain "));
	assert_non_null(strstr(seen.findings.s, " panic smmu-shutdown-unregister\n"));
	done(&seen);
}

/* Bug and variant of the only finding. */
static char *identity(const char *text)
{
	struct seen seen;
	char *space, *result;

	classify(text, 4096, &seen);
	space = strchr(seen.findings.s, 'x');
	result = xstrndup(seen.findings.s, (size_t)(space - seen.findings.s));
	done(&seen);
	return result;
}

static void test_identity_ignores_what_varies(void **state)
{
	static const char one[] =
		"[    7.1] ------------[ cut here ]------------\n"
		"[    7.1] WARNING: CPU: 0 PID: 235 at arch/s390/pci/pci_dma.c:639 "
		"zpci_dma_exit_device+0xd2/0xe0\n"
		"[    7.1] CPU: 0 PID: 235 Comm: hold Not tainted 6.1.192-lab #3\n"
		"[    7.1] Call Trace:\n"
		"[    7.1]  [<000000000011eaa6>] zpci_dma_exit_device+0xd6/0xe0\n"
		"[    7.1]  [<000000000011bf78>] power_write_file+0x48/0xd0\n"
		"[    7.1] ---[ end trace 0000000000000000 ]---\n";
	static const char two[] =
		"<4>[  907.123456][   T77] WARNING: CPU: 1 PID: 9 at arch/s390/pci/"
		"pci_dma.c:640 zpci_dma_exit_device.constprop.0+0x12/0xe4\n"
		"<4>[  907.123456][   T77] CPU: 1 PID: 9 Comm: sh Tainted: G W 6.1.193 #4\n"
		"<4>[  907.123456][   T77] Call Trace:\n"
		"<4>[  907.123456][   T77]  [<0000000000aa0000>] "
		"zpci_dma_exit_device.constprop.0+0x1/0xe4\n"
		"<4>[  907.123456][   T77]  [<0000000000aa0001>] ? other+0x1/0x2\n"
		"<4>[  907.123456][   T77]  [<0000000000bb0000>] "
		"power_write_file.isra.3+0x8/0xd0\n";
	char *a = identity(one), *b = identity(two);

	(void)state;
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void test_burst_is_one_finding(void **state)
{
	static const char text[] =
		"arm-smmu 5000000.iommu: Blocked unknown Stream ID 0x429; boot with x\n"
		"arm-smmu 5000000.iommu: GFSR 0x80000002, GFSYNR0 0x00000002, "
		"GFSYNR1 0x00000429, GFSYNR2 0x00000000\n"
		"noise\n"
		"arm-smmu 5000000.iommu: Blocked unknown Stream ID 0x429; boot with x\n"
		"arm-smmu 5000000.iommu: GFSR 0x80000002, GFSYNR0 0x00000002, "
		"GFSYNR1 0x00000429, GFSYNR2 0x00000000\n"
		"DMAR: DRHD: handling fault status reg 2\n"
		"DMAR: [INTR-REMAP] Request device [00:1f.0] fault index 0x10 "
		"[fault reason 0x22] Present field in the IRTE entry is clear\n";
	struct seen seen;

	(void)state;
	classify(text, sizeof(text), &seen);
	assert_non_null(strstr(seen.findings.s, "fault smmu-global-fault:arm-smmu "));
	assert_non_null(strstr(seen.findings.s, " x2 "));
	assert_non_null(strstr(seen.findings.s, "fault dmar-intr-fault:intel-vtd "));
	assert_null(strstr(seen.findings.s, "dmar-fault"));
	done(&seen);
}

static void test_quiet_ends_a_report(void **state)
{
	static const char text[] = "[    1.0] kernel BUG at drivers/iommu/iova.c:801!\n";
	struct seen seen = { 0 };
	struct classifier_sink sink = { on_line, on_finding, &seen };
	struct classifier *c = classifier_new(NULL, &sink);

	(void)state;
	classifier_feed(c, text, sizeof(text) - 1);
	assert_null(seen.findings.s);
	classifier_quiet(c);
	assert_non_null(strstr(seen.findings.s, "splat bug "));
	classifier_end(c);
	classifier_free(c);
	done(&seen);
}

static void feed(struct classifier *c, const char *text)
{
	classifier_feed(c, text, strlen(text));
}

static void test_precursor_waits_for_the_shutdowns_end(void **state)
{
	struct seen seen = { 0 };
	struct classifier_sink sink = { NULL, on_finding, &seen };
	struct classifier *c = classifier_new(NULL, &sink);

	(void)state;
	feed(c, "[    0.000000] Linux version 6.1.0 (me@here) #1\n");
	classifier_set_phase(c, 3, PHASE_SHUTDOWN);
	feed(c, "[    3.1] virtio-pci 0000:00:01.0: Removing from iommu group 0\n");
	classifier_quiet(c);
	assert_null(seen.findings.s);
	feed(c, "[    4.1] virtio-pci 0000:00:02.0: Removing from iommu group 1\n");
	classifier_flush(c);
	assert_non_null(strstr(seen.findings.s, "precursor iommu-group-removal "));
	assert_non_null(strstr(seen.findings.s, " x2 shutdown/3 "));
	/* Once a cycle. */
	strbuf_reset(&seen.findings);
	feed(c, "[    5.1] virtio-pci 0000:00:03.0: Removing from iommu group 2\n"
		"[    5.2] reboot: Restarting system\n");
	assert_string_equal(seen.findings.s, "");
	classifier_set_phase(c, 4, PHASE_SHUTDOWN);
	feed(c, "[    9.1] virtio-pci 0000:00:03.0: Removing from iommu group 2\n"
		"[    9.2] reboot: Restarting system\n");
	assert_non_null(strstr(seen.findings.s, " x1 shutdown/4 "));
	classifier_free(c);
	done(&seen);
}

static void test_contexts_do_not_mix(void **state)
{
	static const char text[] =
		"[    1.1][   T10] Unable to handle kernel NULL pointer dereference at 8\n"
		"[    1.1][   T20] WARNING: CPU: 1 PID: 20 at drivers/vfio/vfio_main.c:1 "
		"vfio_group_release+0x8/0x10\n"
		"[    1.2][   T10] pc : iommu_get_dma_domain+0x14/0x20\n"
		"[    1.2][   T20] pc : vfio_group_release+0x8/0x10\n"
		"[    1.3][   T10] Call trace:\n"
		"[    1.3][   T20] Call trace:\n"
		"[    1.4][   T10]  dma_map_page_attrs+0x1/0x2\n"
		"[    1.4][   T20]  vfio_other+0x1/0x2\n"
		"[    1.5][   T10] ---[ end trace 0000000000000000 ]---\n"
		"[    1.6][   T10] Kernel panic - not syncing: Oops: Fatal exception\n";
	struct seen seen;

	(void)state;
	classify(text, sizeof(text), &seen);
	assert_non_null(strstr(seen.findings.s, "splat oops:iommu_get_dma_domain "));
	assert_non_null(strstr(seen.findings.s, "splat warn:vfio_group_release "));
	assert_null(strstr(seen.findings.s, "splat panic"));
	done(&seen);
}

static void test_suppressed_faults_count(void **state)
{
	static const char text[] =
		"AMD-Vi: Event logged [IO_PAGE_FAULT device=01:00.0 domain=0x1 address=0x0 "
		"flags=0x0020]\n"
		"amd_iommu_report_page_fault: 26 callbacks suppressed\n"
		"AMD-Vi: Event logged [IO_PAGE_FAULT device=01:00.0 domain=0x1 address=0x0 "
		"flags=0x0020]\n";
	struct seen seen;

	(void)state;
	classify(text, sizeof(text), &seen);
	assert_non_null(strstr(seen.findings.s, " x28 "));
	done(&seen);
}

static void test_wrapped_header_is_mended(void **state)
{
	static const char text[] =
		"[  885.344575] WARNING: CPU: 41 PID: 4565 at block/blk-mq.c:665 "
		"blk_mq_start_req\n"
		"uest+0xc4/0xcc\n"
		"[  885.344577] Modules linked in:\n";
	struct seen seen;

	(void)state;
	classify(text, sizeof(text), &seen);
	assert_non_null(strstr(seen.findings.s, "splat warn:blk_mq_start_request "));
	done(&seen);
}

/* Overlong lines and lines over the edge of a block: cut or not, the same. */
static void test_long_lines(void **state)
{
	struct strbuf text = { 0 };
	struct seen whole, part;

	(void)state;
	for (size_t n = 100; n < 40000; n = n * 3 + 7) {
		for (size_t i = 0; i < n; i++)
			strbuf_add(&text, TEXT("x"));
		strbuf_add(&text, TEXT(" swiotlb buffer is full (sz: 1 bytes)\n"));
		strbuf_add(&text, TEXT("kernel BUG at drivers/iommu/iova.c:801!\n"));
	}
	classify(text.s, text.n, &whole);
	for (size_t step = 1; step < 20000; step = step * 5 + 2) {
		classify(text.s, step, &part);
		assert_string_equal(whole.findings.s, part.findings.s);
		assert_string_equal(whole.lines.s, part.lines.s);
		done(&part);
	}
	done(&whole);
	strbuf_done(&text);
}

#define BOOT(release)  "[    0.000000] Linux version " release " (me@here) #1 SMP\n"
#define WARN(time)     "[    " time "] WARNING: CPU: 0 PID: 1 at a.c:1 iommu_map+0x1/0x2\n"
#define TIMES_10(line) line line line line line line line line line line
#define TIMES_50(line) \
	TIMES_10(line) TIMES_10(line) TIMES_10(line) TIMES_10(line) TIMES_10(line)
#define MUCH TIMES_50("[    3.000001] usb: nothing\n")

static unsigned int count(const char *text, const char *word)
{
	unsigned int n = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		n++;
	}
	return n;
}

/* A log that somebody reads at a shell is neither a boot nor a second finding. */
/* What others put between or in front of the kernel's bytes hides no report. */
static void test_nothing_hides_a_report(void **state)
{
	static const struct {
		struct text bytes;
		const char *bug;
	} hidden[] = {
#define PANIC "[    5.000000] Kernel panic - not syncing: foo\n"
		{ TEXT("\033]0;" PANIC), "panic" },
		{ TEXT("\033]0;title\033\\" PANIC), "panic" },
		{ TEXT("\033]0;Kernel panic - not syncing: foo\n"), "panic" },
		{ TEXT("\033P1;2|" PANIC), "panic" },
		{ TEXT("\033" PANIC), "panic" },
		{ TEXT("\033[" PANIC), "panic" },
		{ TEXT("\033[1;3" PANIC), "panic" },
		{ TEXT("\033(" PANIC), "panic" },
		{ TEXT("10 %\r20 %\r" PANIC), "panic" },
		{ TEXT("10 %\rKernel panic - not syncing: foo\r\r\n"), "panic" },
		{ TEXT("\r\n\rKernel panic - not syncing: foo"), "panic" },
		{ TEXT("[    5.000000] Kernel panic - \0not syncing: foo\n"), "panic" },
		{ TEXT("[    5.000000] Kernel \033[31mpa\033[0mnic - not syncing: foo\n"),
		  "panic" },
		{ TEXT("[    5.000000] Kernel\007 panic - not\021 syncing: foo\n"),
		  "panic" },
		{ TEXT("K\0e\0r\0n\0e\0l\0 \0p\0a\0n\0i\0c\0 \0-\0 \0n\0o\0t\0 "
		       "\0s\0y\0n\0c\0i\0n\0g\0:\0 \0f\0o\0o\0\r\0\n\0"),
		  "panic" },
		{ TEXT("watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [\\n\":123]\n"),
		  "soft-lockup" },
		{ TEXT("INFO: task \\n\":12 blocked for more than 120 seconds.\n"),
		  "hung-task" },
		/* These are not the kernel's. */
		{ TEXT("pr_emerg(\"BUG: soft lockup - CPU#%d stuck for %us! [%s:%d]\\n\",\n"),
		  NULL },
		{ TEXT("\033[31mall is well\033[0m\r50 %\r100 %\n"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		for (size_t step = 1; step < 100; step += 49) {
			struct seen seen;

			classify_bytes(hidden[i].bytes, step, &seen);
			if (hidden[i].bug)
				assert_non_null(strstr(seen.findings.s, hidden[i].bug));
			else
				assert_string_equal(seen.findings.s, "");
			done(&seen);
		}
}

/* Neither does a line that is longer than what is kept of it. */
static void test_a_long_line_hides_no_report(void **state)
{
	static const size_t lengths[] = { 8000, 8192, 8200, 12000, 16000, 40000, 1000000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
		for (size_t step = 1000; step < 70000; step += 64000) {
			_cleanup_strbuf_ struct strbuf b = { 0 };
			struct seen seen;

			strbuf_addf(&b, "one\n");
			while (b.n < lengths[i])
				strbuf_add(&b, TEXT("0123456789 [ ok ] "));
			strbuf_add(&b, TEXT(PANIC "two\n"));
			classify_bytes((struct text){ b.s, b.n }, step, &seen);
			assert_non_null(strstr(seen.findings.s, "panic"));
			/* Its line is the file's second one. */
			assert_non_null(strstr(seen.lines.s, "\n3 "));
			assert_null(strstr(seen.lines.s, "\n4 "));
			done(&seen);
		}
}

static void test_the_log_at_a_shell(void **state)
{
	static const struct {
		const char *console;
		unsigned int banners, findings;
	} rows[] = {
		{ BOOT("6.1.0") WARN("2.000001") MUCH "host:~# dmesg\n" BOOT("6.1.0")
			  WARN("2.000001"),
		  1, 1 },
		/* What it did not show before is new. */
		{ BOOT("6.1.0") WARN("2.000001") MUCH "host:~# dmesg\n" BOOT("6.1.0")
			  WARN("2.000003"),
		  1, 2 },
		/* Only the end of it. */
		{ BOOT("6.1.0") WARN("2.000001") MUCH
		  "/ # dmesg | tail\n" WARN("2.000001"),
		  1, 1 },
		{ BOOT("6.1.0") WARN("2.000001") MUCH "host:~# dmesg\n" BOOT("6.1.1")
			  WARN("2.000003"),
		  2, 2 },
		/* A prompt that nobody knows: it may be a boot, but no finding. */
		{ BOOT("6.1.0") WARN("2.000001") MUCH "?? dmesg\n" BOOT("6.1.0")
			  WARN("2.000001"),
		  2, 1 },
		/* A clock of ticks is no evidence. */
		{ BOOT("6.1.0") WARN("2.010000") MUCH BOOT("6.1.0") WARN("2.010000"), 2,
		  2 },
		/* After its end, a kernel boots. */
		{ BOOT("6.1.0") WARN("2.000001") MUCH
		  "host:~# dmesg -c | reboot\n"
		  "[    9.0] reboot: Restarting system\n" BOOT("6.1.0") WARN("2.000001"),
		  2, 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seen seen;

		classify(rows[i].console, 1000, &seen);
		if (count(seen.lines.s, " m2\n") != rows[i].banners ||
		    count(seen.findings.s, "\n") != rows[i].findings)
			fail_msg("row %zu: %s%s", i, seen.findings.s, seen.lines.s);
		done(&seen);
	}
}

/* Lines that are passed by count with all their bytes, also those that were not kept. */
static void test_offset_counts_lines_that_are_cut(void **state)
{
	static const size_t steps[] = { 1 << 20, 4096 };
	static const char fault[] =
		"[    9.000000] arm-smmu 5000000.iommu: TLB sync timed "
		"out -- SMMU may be deadlocked\n";
	_cleanup_strbuf_ struct strbuf text = { 0 };
	size_t at;

	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		strbuf_addf(&text, "[%5u.000000] nothing to see\n", i);
		if (i == 100)
			strbuf_addf(&text, "%060000u\n", 0);
	}
	at = text.n;
	strbuf_add(&text, text_of(fault));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct console *console = console_classify(text.s, text.n, steps[i]);

		assert_int_equal(console->n, 1);
		assert_int_equal(console->findings[0].line, 202);
		assert_int_equal(console->findings[0].offset, at);
		assert_int_equal(console->findings[0].size, strlen(fault));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_split_is_the_same),
		cmocka_unit_test(test_phases_follow_the_kernels_lines),
		cmocka_unit_test(test_crash_and_precursor_are_known),
		cmocka_unit_test(test_identity_ignores_what_varies),
		cmocka_unit_test(test_burst_is_one_finding),
		cmocka_unit_test(test_quiet_ends_a_report),
		cmocka_unit_test(test_precursor_waits_for_the_shutdowns_end),
		cmocka_unit_test(test_contexts_do_not_mix),
		cmocka_unit_test(test_suppressed_faults_count),
		cmocka_unit_test(test_wrapped_header_is_mended),
		cmocka_unit_test(test_offset_counts_lines_that_are_cut),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_nothing_hides_a_report),
		cmocka_unit_test(test_a_long_line_hides_no_report),
		cmocka_unit_test(test_the_log_at_a_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
