// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Speed of the classifier (bytes for each second of its CPU), next to finding line ends alone (memchr), which is
 * what `wc -l` does. Texts are made here; files may be named in addition.
 */
#include "classify/classifier.h"
#include "classify/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BYTES (64u << 20)
#define PIECE (64u << 10)
#define RUNS  5

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Repeats lines until BYTES are full; %06u counts. */
static struct strbuf make_text(const char *const *lines, size_t n_lines)
{
	struct strbuf b = { 0 };

	for (unsigned int i = 0; b.n < BYTES; i++) {
		strbuf_addf(&b, "[%5u.%06u] ", i / 977, i * 1021 % 1000000);
		strbuf_add(&b, text_of(lines[i % n_lines]));
		strbuf_add(&b, TEXT("\n"));
	}
	return b;
}

static uint64_t found;

static void on_finding(void *arg, const struct finding *f)
{
	(void)arg;
	(void)f;
	found++;
}

static void on_line(void *arg, const struct console_line *line)
{
	(void)arg;
	found += line->size == 0;
}

static double classify(const struct rules *rules, struct text text, bool lines)
{
	struct classifier_sink sink = { lines ? on_line : NULL, on_finding, NULL };
	struct classifier *c = classifier_new(rules, &sink);
	double start = now_s();

	found = 0;
	for (size_t i = 0; i < text.n; i += PIECE)
		classifier_feed(c, text.s + i, text.n - i < PIECE ? text.n - i : PIECE);
	classifier_end(c);
	start = now_s() - start;
	classifier_free(c);
	return start;
}

static double count_lines(struct text text)
{
	double start = now_s();
	volatile size_t lines = 0;

	for (const char *s = text.s, *end = text.s + text.n; s < end; s++) {
		s = memchr(s, '\n', (size_t)(end - s));
		if (!s)
			break;
		lines++;
	}
	return now_s() - start;
}

static void measure(const struct rules *rules, const char *name, struct text text)
{
	double best = 1e9, best_lines = 1e9, base = 1e9, s;

	for (int i = 0; i < RUNS; i++) {
		s = count_lines(text);
		base = s < base ? s : base;
		s = classify(rules, text, true);
		best_lines = s < best_lines ? s : best_lines;
		s = classify(rules, text, false);
		best = s < best ? s : best;
	}
	printf("%-28s %6.0f MB/s  %6.0f MB/s each line shown  %6.0f MB/s memchr  "
	       "%" PRIu64 " findings\n",
	       name, (double)text.n / best / 1e6, (double)text.n / best_lines / 1e6,
	       (double)text.n / base / 1e6, found);
}

static void measure_rules(struct text text)
{
	static const unsigned int numbers[] = { 10, 100, 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct rules *rules = rules_new();
		struct strbuf yaml = { 0 };
		char *error, name[64];

		strbuf_add(&yaml, TEXT("rules:\n"));
		for (unsigned int k = 0; k < numbers[i]; k++)
			strbuf_addf(&yaml, "  - { function: [f%u_*], severity: info }\n",
				    k);
		if (rules_add(rules, "bench", (struct text){ yaml.s, yaml.n }, &error) <
		    0)
			abort();
		snprintf(name, sizeof(name), "boot log, %u rules", numbers[i]);
		measure(rules, name, text);
		rules_free(rules);
		strbuf_done(&yaml);
	}
}

static const char *const boot[] = {
	"pci 0000:00:1f.3: [8086:a348] type 00 class 0x040300 conventional PCI endpoint",
	"usb 1-8: New USB device found, idVendor=8087, idProduct=0a2b, bcdDevice= 0.10",
	"clk: Disabling unused clocks",
	"e1000e 0000:00:1f.6 eth0: (PCI Express:2.5GT/s:Width x1) 54:e1:ad:5b:04:21",
	"systemd[1]: Listening on systemd-udevd-control.socket - udev Control Socket.",
	"pci 0000:01:00.0: Adding to iommu group 14",
	"ACPI: PM: Power Resource [PC01]",
	"EXT4-fs (nvme0n1p2): mounted filesystem with ordered data mode. Quota mode: none.",
	"arm-smmu-v3 9050000.smmuv3: allocated 262144 entries for cmdq",
	"input: AT Translated Set 2 keyboard as /devices/platform/i8042/serio0/input/input3",
};

static const char *const oops[] = {
	"Unable to handle kernel NULL pointer dereference at virtual address 0000000000000098",
	"Mem abort info:",
	"  ESR = 0x0000000096000004",
	"Internal error: Oops: 0000000096000004 [#1] SMP",
	"Modules linked in: virtio_net net_failover failover",
	"CPU: 0 PID: 23 Comm: kworker/0:1 Not tainted 6.1.0-test #1",
	"pc : iommu_get_dma_domain+0x14/0x20",
	"lr : iommu_dma_map_page+0x9c/0x254",
	"x29: ffff80000b3b3a90 x28: ffff0000c0a48000 x27: ffff0000c1d4c000",
	"Call trace:",
	" iommu_get_dma_domain+0x14/0x20",
	" dma_map_page_attrs+0x1ec/0x250",
	" cp_start_xmit+0x14c/0x10b0 [8139cp]",
	"Code: d503201f f9416800 d503233f d50323bf (f9404c00)",
	"---[ end trace 0000000000000000 ]---",
};

static const char *const headers[] = {
	"BUG: unable to handle page fault for address: ffffffffffffffd8",
	"WARNING: CPU: 1 PID: 2 at drivers/iommu/iommu.c:3049 iommu_detach_group+0x8/0x10",
	"general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP",
};

int main(int argc, char **argv)
{
	struct rules *rules = rules_new();
	struct strbuf text = make_text(boot, ARRAY_SIZE(boot));

	measure(rules, "boot log", (struct text){ text.s, text.n });
	measure_rules((struct text){ text.s, text.n });
	strbuf_done(&text);
	text = make_text(oops, ARRAY_SIZE(oops));
	measure(rules, "oopses and nothing else", (struct text){ text.s, text.n });
	strbuf_done(&text);
	text = make_text(headers, ARRAY_SIZE(headers));
	measure(rules, "headers and nothing else", (struct text){ text.s, text.n });
	strbuf_done(&text);
	while (text.n < BYTES)
		strbuf_add(&text, TEXT("one line without an end "));
	measure(rules, "one endless line", (struct text){ text.s, text.n });
	strbuf_done(&text);
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "re");
		static char piece[PIECE];
		size_t n;

		if (!file) {
			perror(argv[i]);
			return 1;
		}
		while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
			strbuf_add(&text, (struct text){ piece, n });
		fclose(file);
		measure(rules, argv[i], (struct text){ text.s, text.n });
		strbuf_done(&text);
	}
	rules_free(rules);
	return 0;
}
