// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Drivers with one or two messages: drivers/iommu/omap-iommu.c, msm_iommu.c, fsl_pamu.c,
 * and what the core says (drivers/iommu/iommu.c, iommufd/main.c). The decoder sets the
 * driver where it is another.
 */
#include "family.h"

static void decode_omap(struct finding *f, const struct pattern_match *m)
{
	text_copy(f->driver, sizeof(f->driver), TEXT("omap"));
	fault_add(f, "errs", "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "da", "%.*s", TEXT_ARG(m->captures[1]));
}

static void decode_msm(struct finding *f, const struct pattern_match *m)
{
	(void)m;
	text_copy(f->driver, sizeof(f->driver), TEXT("msm-iommu"));
}

static void decode_pamu(struct finding *f, const struct pattern_match *m)
{
	(void)m;
	text_copy(f->driver, sizeof(f->driver), TEXT("fsl-pamu"));
}

static void decode_pamu_register(struct finding *f, const struct pattern_match *m)
{
	static const struct text names[] = {
		{ "POES1", 5 }, { "POES2", 5 }, { "AVS1", 4 }, { "AVS2", 4 }
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_equal(m->captures[0], names[i]))
			fault_add(f, names[i].s, "0x%.*s", TEXT_ARG(m->captures[1]));
}

static void decode_iommufd(struct finding *f, const struct pattern_match *m)
{
	(void)m;
	text_copy(f->driver, sizeof(f->driver), TEXT("iommufd"));
}

static void decode_setup(struct finding *f, const struct pattern_match *m)
{
	text_copy(f->device, sizeof(f->device), m->captures[0]);
}

static const struct fault_form forms[] = {
	{ "errs:%x da:%x pgd:", "omap-iommu-fault", FAULT_RECORD, decode_omap },
	{ "Unexpected IOMMU page fault!", "msm-iommu-fault", FAULT_RECORD, decode_msm },
	{ "access violation interrupt", "pamu-fault", FAULT_RECORD, decode_pamu },
	{ "Time out waiting for iommufd object to become free", "iommufd-stuck",
	  FAULT_RECORD, decode_iommufd },
	{ "fsl-pamu: %w %w=%x", NULL, FAULT_MORE, decode_pamu_register },
	{ "Removing from iommu group ", NULL, FAULT_GROUP, NULL },
	{ "Adding to iommu group %d", NULL, FAULT_JOIN, NULL },
	{ "callbacks suppressed", NULL, FAULT_SUPPRESSED, NULL },
	{ "IOMMU driver error, requesting conflicting def_domain_type", "iommu-setup",
	  FAULT_NOTE, NULL },
	{ "Failed to set up IOMMU for device %w; retaining platform DMA ops",
	  "iommu-setup", FAULT_NOTE, decode_setup },
};

const struct fault_family fault_others = {
	.driver = "iommu-core",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
