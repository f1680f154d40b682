// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drivers/iommu/virtio-iommu.c, viommu_fault_handler(). Reasons and flags: virtio 1.2,
 * "Fault reporting".
 */
#include "family.h"

#include <stdio.h>

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	const struct text *c = m->captures;

	fault_add(f, "reason", "%.*s", TEXT_ARG(c[1]));
	fault_add(f, "endpoint", "%.*s", TEXT_ARG(c[2]));
	if (m->n > 3)
		fault_add(f, "address", "%.*s", TEXT_ARG(c[3]));
	if (m->n > 4)
		fault_add(f, "access", "%.*s", TEXT_ARG(c[4]));
	text_copy(f->device, sizeof(f->device), c[0]);
	snprintf(f->title, sizeof(f->title), "%.*s fault of endpoint %.*s",
		 TEXT_ARG(c[1]), TEXT_ARG(c[2]));
}

/* A line that lost its beginning. */
static void decode_endpoint(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "endpoint", "%.*s", TEXT_ARG(m->captures[0]));
	snprintf(f->title, sizeof(f->title), "fault of endpoint %.*s",
		 TEXT_ARG(m->captures[0]));
}

static const struct fault_form forms[] = {
	{ "virtio_iommu %w: %w fault from EP %d at %x [%s]", "virtio-iommu-fault",
	  FAULT_RECORD, decode_fault },
	{ "virtio_iommu %w: %w fault from EP %d", "virtio-iommu-fault", FAULT_RECORD,
	  decode_fault },
	{ "fault from EP %d", "virtio-iommu-fault", FAULT_RECORD, decode_endpoint },
};

const struct fault_family fault_virtio_iommu = {
	.driver = "virtio-iommu",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
