// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/signature.h"

#include "blame.h"
#include "scan.h"

#include <inttypes.h>
#include <stdio.h>

/* The same bad pointer faults in different ways, by its value and the architecture. */
static const char *const oopses[] = {
	"null-deref", "page-fault",     "general-protection",
	"oops",       "external-abort", "stack-segment",
};

struct wording {
	const char *kind, *words;
};

/* As subjects of the kernel's mailing lists have it. */
static const struct wording wordings[] = {
	{ "null-deref", "NULL pointer dereference" },
	{ "page-fault", "bad page fault" },
	{ "general-protection", "general protection fault" },
	{ "warn", "WARNING" },
	{ "bug", "kernel BUG" },
	{ "kasan", "KASAN report" },
	{ "kfence", "KFENCE report" },
	{ "kmsan", "KMSAN report" },
	{ "kcsan", "KCSAN report" },
	{ "ubsan", "UBSAN report" },
	{ "rcu-stall", "RCU stall" },
	{ "soft-lockup", "soft lockup" },
	{ "hard-lockup", "hard lockup" },
	{ "hung-task", "hung task" },
	{ "refcount", "refcount error" },
	{ "list-corruption", "list corruption" },
	{ "external-abort", "external abort" },
	{ "undef-instr", "undefined instruction" },
	{ "lockdep", "lockdep report" },
	{ "atomic-sleep", "sleeping while atomic" },
	{ "preempt-bug", "smp_processor_id() in preemptible code" },
	{ "spinlock-bug", "spinlock bug" },
	{ "double-fault", "double fault" },
	{ "stack-overflow", "kernel stack overflow" },
	{ "stack-segment", "stack segment fault" },
	{ "divide-error", "divide error" },
	{ "cfi-failure", "CFI failure" },
	{ "serror", "SError" },
	{ "workqueue-lockup", "workqueue lockup" },
	{ "slab-corruption", "slab corruption" },
	{ "bad-page", "bad page" },
	{ "memleak", "memory leak" },
	{ "oom", "out of memory" },
	{ "page-alloc-failure", "page allocation failure" },
	{ "irq-nobody-cared", "interrupt that nobody cared about" },
	{ "msr-access", "unchecked MSR access" },
	{ "dma-api-debug", "DMA API misuse" },
	/* hardware faults whose decoder says no more */
	{ "smmu-global-fault", "global fault" },
	{ "smmu-context-fault", "context fault" },
	{ "smmu-tlb-sync-timeout", "TLB sync timeout" },
	{ "smmuv3-cmdq", "command queue timeout" },
	{ "smmuv3-event", "event" },
	{ "smmuv3-gerror", "global error" },
	{ "smmuv3-overflow", "queue overflow" },
	{ "smmuv3-page-request", "unexpected page request" },
	{ "dmar-fault", "DMA fault" },
	{ "dmar-intr-fault", "interrupt fault" },
	{ "dmar-qi", "invalidation queue error" },
	{ "dmar-pte-set", "IOVA mapped twice" },
	{ "amdvi-fault", "event" },
	{ "amdvi-iotlb-timeout", "IOTLB_INV_TIMEOUT" },
	{ "amdvi-completion-wait", "Completion-Wait timeout" },
	{ "amdvi-translation-left-on", "the kernel before left translation on" },
	{ "zpci-error", "error event" },
	{ "virtio-iommu-fault", "fault" },
	{ "rockchip-iommu-fault", "page fault" },
	{ "rockchip-iommu-timeout", "request timeout" },
	{ "mtk-iommu-fault", "fault" },
	{ "mtk-iommu-timeout", "TLB flush timeout" },
	{ "exynos-sysmmu-fault", "fault" },
	{ "ipmmu-fault", "fault" },
	{ "ipmmu-tlb-sync-timeout", "TLB sync timeout" },
	{ "tegra-mc-fault", "fault" },
	{ "dart-fault", "translation fault" },
	{ "dart-timeout", "command timeout" },
	{ "sun50i-iommu-fault", "page fault" },
	{ "sun50i-iommu-timeout", "invalidation timeout" },
	{ "riscv-iommu-fault", "fault" },
	{ "riscv-iommu-queue", "queue error" },
	{ "omap-iommu-fault", "fault" },
	{ "msm-iommu-fault", "page fault" },
	{ "pamu-fault", "access violation" },
	{ "iommufd-stuck", "an object does not become free" },
	{ "iommu-setup", "a device goes without its IOMMU" },
	{ "vfio-stuck", "the device is held by its user" },
	{ "vfio-error", "reset failed" },
	{ "swiotlb-full", "bounce buffers are used up" },
	{ "dma-debug-off", "dma-debug ran out of memory" },
	{ "pcie-aer", "PCIe bus error" },
	{ "pcie-dpc", "downstream port containment" },
	{ "mce", "machine check" },
	{ "apei-ghes", "hardware error from firmware" },
};

const char *signature_class(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(oopses); i++)
		if (!strcmp(kind, oopses[i]))
			return "oops";
	return kind;
}

/* FNV-1a, 64 bits, with a separator behind each word. */
static uint64_t hash_word(uint64_t hash, const char *word)
{
	for (const char *c = word;; c++) {
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
		if (!*c)
			return hash;
	}
}

/* How many frames from the top say where the bug is; the rest says how it was reached. */
#define VARIANT_FRAMES 12

static void make_variant(struct finding *f)
{
	uint64_t hash = hash_word(UINT64_C(0xcbf29ce484222325), signature_class(f->kind));
	size_t used = 0;

	if (f->type == FINDING_FAULT || !f->n_frames)
		hash = hash_word(hash, f->bug);
	for (size_t i = 0; i < f->n_frames && used < VARIANT_FRAMES; i++) {
		if (!f->frames[i].reliable ||
		    blame_is_generic(text_of(f->frames[i].function)))
			continue;
		hash = hash_word(hash, f->frames[i].function);
		used++;
	}
	snprintf(f->variant, sizeof(f->variant), "%016" PRIx64, hash);
}

static void make_title(struct finding *f, struct text blame)
{
	const char *words = f->kind;
	char detail[sizeof(f->title)];

	for (size_t i = 0; i < ARRAY_SIZE(wordings) && words == f->kind; i++)
		if (wordings[i].kind[0] == f->kind[0] &&
		    !strcmp(wordings[i].kind, f->kind))
			words = wordings[i].words;
	if (f->type == FINDING_SPLAT && blame.n) {
		snprintf(f->title, sizeof(f->title), "%s in %.*s", words,
			 TEXT_ARG(blame));
	} else if (f->type == FINDING_FAULT || f->type == FINDING_NOTE) {
		snprintf(detail, sizeof(detail), "%s", f->title[0] ? f->title : words);
		snprintf(f->title, sizeof(f->title), "%s%s%s%s%.99s", f->driver,
			 f->driver[0] && f->device[0] ? " " : "", f->device,
			 f->driver[0] || f->device[0] ? ": " : "", detail);
	} else if (!f->title[0]) {
		snprintf(f->title, sizeof(f->title), "%s", words);
	}
}

/* The IOMMU is to blame when one of the first frames that mean something is its own. */
#define IOMMU_FRAMES 2

static void find_iommu(struct finding *f)
{
	const char *driver = NULL;
	size_t looked = 0;

	if (f->iommu || f->type != FINDING_SPLAT)
		return;
	f->iommu = f->function[0] && blame_is_iommu(text_of(f->function), &driver);
	for (size_t i = 0; i < f->n_frames && !f->iommu && looked < IOMMU_FRAMES; i++) {
		struct text name = text_of(f->frames[i].function);

		if (!f->frames[i].reliable || blame_is_generic(name))
			continue;
		looked++;
		f->iommu = blame_is_iommu(name, &driver);
	}
	if (f->iommu && driver && !f->driver[0])
		text_copy(f->driver, sizeof(f->driver), text_of(driver));
}

/* Decoders cut where their room ends, be it within a character. */
static void mend_text(char *s, size_t size)
{
	char clean[sizeof(((struct finding *)NULL)->text)];

	if (scan_is_plain(text_of(s)))
		return;
	(void)text_clean(clean, size, text_of(s));
	text_copy(s, size, text_of(clean));
}

static void mend_texts(struct finding *f)
{
	mend_text(f->text, sizeof(f->text));
	mend_text(f->function, sizeof(f->function));
	mend_text(f->file, sizeof(f->file));
	mend_text(f->device, sizeof(f->device));
	for (size_t i = 0; i < f->n_decoded; i++)
		mend_text(f->decoded[i].value, sizeof(f->decoded[i].value));
}

void signature_make(struct finding *f)
{
	struct text blame;

	mend_texts(f);
	blame = blame_function(f);
	find_iommu(f);
	if (f->type == FINDING_FAULT)
		snprintf(f->bug, sizeof(f->bug), "%s:%s", f->kind, f->driver);
	else if (blame.n)
		snprintf(f->bug, sizeof(f->bug), "%s:%.*s", signature_class(f->kind),
			 TEXT_ARG(blame));
	else
		snprintf(f->bug, sizeof(f->bug), "%s", signature_class(f->kind));
	make_variant(f);
	make_title(f, blame);
	mend_text(f->title, sizeof(f->title));
}
