// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Intel VT-d: drivers/iommu/intel/dmar.c. "DRHD" announces the fault interrupt, one line
 * for each fault record follows. FSTS: VT-d specification, "Fault Status Register".
 */
#include "classify/fault.h"

#include <stdio.h>

static const struct fault_bit fsts_bits[] = {
	{ 0, "overflow" },
	{ 1, "pending fault" },
	{ 4, "invalidation queue error" },
	{ 5, "invalidation completion error" },
	{ 6, "invalidation time-out" },
	{ 7, "page request overflow" },
};

static void decode_status(struct finding *f, const struct pattern_match *m)
{
	char words[128];

	fault_add(f, "FSTS", "%s",
		  fault_describe_bits(words, sizeof(words), pattern_hex(m->captures[0]),
				      fsts_bits, ARRAY_SIZE(fsts_bits)));
}

/* [DMA Read NO_PASID] Request device [bb:dd.f] fault addr A [fault reason R] text */
static void decode_dma(struct finding *f, const struct pattern_match *m)
{
	const struct text *c = m->captures;

	text_copy(f->device, sizeof(f->device), c[1]);
	fault_add(f, "type", "%.*s", TEXT_ARG(c[0]));
	fault_add(f, "requester", "%.*s", TEXT_ARG(c[1]));
	fault_add(f, "address", "%.*s", TEXT_ARG(c[2]));
	fault_add(f, "reason", "%.*s: %.*s", TEXT_ARG(c[3]), TEXT_ARG(text_trim(c[4])));
	snprintf(f->title, sizeof(f->title), "%.*s fault of %.*s: %.*s", TEXT_ARG(c[0]),
		 TEXT_ARG(c[1]), TEXT_ARG(text_trim(c[4])));
}

/* Kernels up to 5.12 write the PASID behind the device: ffffffff is none. */
static void decode_pasid(struct finding *f, const struct pattern_match *m)
{
	struct pattern_match without = *m;

	for (size_t i = 2; i + 1 < m->n; i++)
		without.captures[i] = m->captures[i + 1];
	without.n--;
	decode_dma(f, &without);
	fault_add(f, "PASID", "%.*s", TEXT_ARG(m->captures[2]));
}

static void decode_interrupt(struct finding *f, const struct pattern_match *m)
{
	const struct text *c = m->captures;

	text_copy(f->device, sizeof(f->device), c[0]);
	fault_add(f, "requester", "%.*s", TEXT_ARG(c[0]));
	fault_add(f, "index", "%.*s", TEXT_ARG(c[1]));
	fault_add(f, "reason", "%.*s: %.*s", TEXT_ARG(c[2]), TEXT_ARG(text_trim(c[3])));
	snprintf(f->title, sizeof(f->title), "interrupt fault of %.*s: %.*s",
		 TEXT_ARG(c[0]), TEXT_ARG(text_trim(c[3])));
}

static void decode_queue(struct finding *f, const struct pattern_match *m)
{
	snprintf(f->title, sizeof(f->title), "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "error", "%.*s", TEXT_ARG(m->captures[0]));
}

static void decode_left_on(struct finding *f, const struct pattern_match *m)
{
	text_copy(f->device, sizeof(f->device), m->captures[0]);
	snprintf(f->title, sizeof(f->title),
		 "the kernel before left translation of %.*s on",
		 TEXT_ARG(m->captures[0]));
}

static const struct fault_form forms[] = {
	{ "DRHD: handling fault status reg %x", "dmar-fault", FAULT_LEAD, decode_status },
	{ "[INTR-REMAP] Request device [%w] fault index %x [fault reason %w] %s",
	  "dmar-intr-fault", FAULT_RECORD, decode_interrupt },
	{ "INTR-REMAP: Request device [[%w] fault index %x", "dmar-intr-fault",
	  FAULT_RECORD, NULL },
	{ "[DMA %s] Request device [%w] fault addr %x [fault reason %w] %s", "dmar-fault",
	  FAULT_RECORD, decode_dma },
	{ "[DMA %s] Request device [%w] PASID %x fault addr %x [fault reason %w] %s",
	  "dmar-fault", FAULT_RECORD, decode_pasid },
	{ "[DMA %s] Request device ", "dmar-fault", FAULT_RECORD, NULL },
	{ "VT-d detected %s", "dmar-qi", FAULT_RECORD, decode_queue },
	{ "DMAR: Translation was enabled for %w but we are not in kdump mode",
	  "dmar-translation-left-on", FAULT_SIGN, decode_left_on },
	{ "ERROR: DMA PTE for vPFN %x already set (to %x not %x)", "dmar-pte-set",
	  FAULT_NOTE, NULL },
	{ "QI HEAD: ", NULL, FAULT_MORE, NULL },
	{ "QI PRIOR: ", NULL, FAULT_MORE, NULL },
	{ "Invalidation Queue Error (IQE) cleared", NULL, FAULT_MORE, NULL },
	{ "Invalidation Time-out Error (ITE) cleared", NULL, FAULT_MORE, NULL },
	{ "Invalidation Completion Error (ICE) cleared", NULL, FAULT_MORE, NULL },
};

const struct fault_family fault_intel_vtd = {
	.driver = "intel-vtd",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
