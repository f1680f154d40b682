// SPDX-License-Identifier: GPL-2.0-or-later
/* drivers/iommu/mtk_iommu.c and mtk_iommu_v1.c: mtk_iommu_isr() of three generations. */
#include "family.h"

#include <stdio.h>

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	struct text rest;
	bool read;

	fault_add(f, "type", "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "pa", "%.*s", TEXT_ARG(m->captures[2]));
	rest = text_trim(m->captures[3]);
	read = text_ends(rest, TEXT(" read"));
	if (read || text_ends(rest, TEXT(" write"))) {
		fault_add(f, "access", "%s", read ? "read" : "write");
		rest.n -= strlen(read ? " read" : " write");
	}
	fault_add(f, "master", "%.*s", TEXT_ARG(rest));
	snprintf(f->title, sizeof(f->title), "fault of %.*s%s%s", TEXT_ARG(rest),
		 fault_field(f, "access") ? ", " : "",
		 fault_field(f, "access") ? fault_field(f, "access") : "");
}

static const struct fault_form forms[] = {
	{ "fault type=%x iova=%x pa=%x master=%s", "mtk-iommu-fault", FAULT_RECORD,
	  decode_fault },
	{ "fault type=%x iova=%x pa=%x %s", "mtk-iommu-fault", FAULT_RECORD,
	  decode_fault },
	{ "fault type=%x iova=%x", "mtk-iommu-fault", FAULT_RECORD, NULL },
	{ "Partial TLB flush timed out", "mtk-iommu-timeout", FAULT_RECORD, NULL },
};

const struct fault_family fault_mediatek = {
	.driver = "mediatek",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
