// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drivers/iommu/exynos-iommu.c, show_fault_information(): "master: [READ] PAGE FAULT
 * occurred at address", without the access up to 6.1. A BUG or panic follows.
 */
#include "classify/fault.h"

#include <stdio.h>

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "address", "%.*s", TEXT_ARG(m->captures[0]));
	snprintf(f->title, sizeof(f->title), "fault at %.*s", TEXT_ARG(m->captures[0]));
}

static const struct fault_form forms[] = {
	{ "FAULT occurred at %x", "exynos-sysmmu-fault", FAULT_RECORD, decode_fault },
};

const struct fault_family fault_exynos = {
	.driver = "exynos",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
