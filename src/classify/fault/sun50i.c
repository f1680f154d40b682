// SPDX-License-Identifier: GPL-2.0-or-later
/* drivers/iommu/sun50i-iommu.c, sun50i_iommu_report_fault() and the TLB's flushes. */
#include "family.h"

#include <stdio.h>

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "master", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "access", "%s",
		  text_starts(m->captures[2], TEXT("wr")) ? "write" : "read");
	snprintf(f->title, sizeof(f->title), "page fault of master %.*s, %s",
		 TEXT_ARG(m->captures[1]), fault_field(f, "access"));
}

static const struct fault_form forms[] = {
	{ "Page fault for %x (master %d, dir %s)", "sun50i-iommu-fault", FAULT_RECORD,
	  decode_fault },
	{ "sun50i-iommu %w Page fault for %x", "sun50i-iommu-fault", FAULT_RECORD, NULL },
	{ "Page fault while iommu not attached to any domain", "sun50i-iommu-fault",
	  FAULT_RECORD, NULL },
	{ "TLB Flush timed out!", "sun50i-iommu-timeout", FAULT_RECORD, NULL },
	{ "TLB invalidation timed out!", "sun50i-iommu-timeout", FAULT_RECORD, NULL },
	{ "PTW cache invalidation timed out!", "sun50i-iommu-timeout", FAULT_RECORD,
	  NULL },
};

const struct fault_family fault_sun50i = {
	.driver = "sun50i",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
