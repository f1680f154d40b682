// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drivers/iommu/virtio-iommu.c, viommu_fault_handler(). Reasons and flags: virtio 1.2,
 * "Fault reporting".
 */
#include "classify/fault.h"

#include <stdio.h>

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "endpoint", "%.*s", TEXT_ARG(m->captures[0]));
	if (m->n > 1)
		fault_add(f, "address", "%.*s", TEXT_ARG(m->captures[1]));
	if (m->n > 2)
		fault_add(f, "access", "%.*s", TEXT_ARG(m->captures[2]));
	snprintf(f->title, sizeof(f->title), "fault of endpoint %.*s",
		 TEXT_ARG(m->captures[0]));
}

static const struct fault_form forms[] = {
	{ "fault from EP %d at %x [%s]", "virtio-iommu-fault", FAULT_RECORD,
	  decode_fault },
	{ "fault from EP %d", "virtio-iommu-fault", FAULT_RECORD, decode_fault },
};

const struct fault_family fault_virtio_iommu = {
	.driver = "virtio-iommu",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
