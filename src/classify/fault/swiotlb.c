// SPDX-License-Identifier: GPL-2.0-or-later
/* kernel/dma/swiotlb.c: bounce buffers are used up (lib/swiotlb.c before 4.19). */
#include "family.h"

static void decode_full(struct finding *f, const struct pattern_match *m)
{
	static const char *const names[] = { "size", "slots", "used" };

	for (size_t i = 0; i < m->n && i < ARRAY_SIZE(names); i++)
		fault_add(f, names[i], "%.*s", TEXT_ARG(m->captures[i]));
}

static const struct fault_form forms[] = {
	{ "swiotlb buffer is full (sz: %d bytes), total %d (slots), used %d",
	  "swiotlb-full", FAULT_RECORD, decode_full },
	{ "swiotlb buffer is full (sz: %d bytes)", "swiotlb-full", FAULT_RECORD,
	  decode_full },
	{ "swiotlb buffer is full", "swiotlb-full", FAULT_RECORD, NULL },
	{ "Out of SW-IOMMU space for %d bytes", "swiotlb-full", FAULT_RECORD,
	  decode_full },
	{ "swiotlb: coherent allocation failed", "swiotlb-full", FAULT_RECORD, NULL },
	{ "Can not allocate SWIOTLB buffer earlier", "swiotlb-full", FAULT_RECORD, NULL },
	{ "software IO TLB: Failed to allocate new pool", "swiotlb-full", FAULT_RECORD,
	  NULL },
	{ "DMA-API: cacheline tracking ENOMEM", "dma-debug-off", FAULT_NOTE, NULL },
	{ "DMA-API: debugging out of memory - disabling", "dma-debug-off", FAULT_NOTE,
	  NULL },
};

const struct fault_family fault_swiotlb = {
	.driver = "swiotlb",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
