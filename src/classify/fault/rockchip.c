// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drivers/iommu/rockchip-iommu.c: rk_iommu_irq() prints the fault, log_iova() two lines
 * about the tables behind it.
 */
#include "family.h"

#include <stdio.h>

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "access", "%.*s", TEXT_ARG(text_trim(m->captures[1])));
	snprintf(f->title, sizeof(f->title), "page fault, %.*s",
		 TEXT_ARG(text_trim(m->captures[1])));
}

static void decode_indexes(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "dte-index", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "pte-index", "%.*s", TEXT_ARG(m->captures[2]));
}

static void decode_tables(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "dte", "%.*s, valid %.*s", TEXT_ARG(m->captures[2]),
		  TEXT_ARG(m->captures[3]));
	fault_add(f, "pte", "%.*s, valid %.*s", TEXT_ARG(m->captures[5]),
		  TEXT_ARG(m->captures[6]));
	fault_add(f, "page-flags", "%.*s", TEXT_ARG(m->captures[8]));
}

static void decode_bus(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[0]));
	snprintf(f->title, sizeof(f->title), "bus error");
}

static void decode_detached(struct finding *f, const struct pattern_match *m)
{
	(void)m;
	snprintf(f->title, sizeof(f->title), "page fault without a domain");
}

static const struct fault_form forms[] = {
	{ "Page fault at %x of type %s", "rockchip-iommu-fault", FAULT_RECORD,
	  decode_fault },
	{ "Page fault while iommu not attached to domain", "rockchip-iommu-fault",
	  FAULT_RECORD, decode_detached },
	{ "BUS_ERROR occurred at %x", "rockchip-iommu-fault", FAULT_RECORD, decode_bus },
	{ "iova = %x: dte_index: %x pte_index: %x page_offset: %x", NULL, FAULT_MORE,
	  decode_indexes },
	{ "mmu_dte_addr: %x dte@%x: %x valid: %d pte@%x: %x valid: %d page@%x flags: %x",
	  NULL, FAULT_MORE, decode_tables },
	{ "Enable stall request timed out, status: %x", "rockchip-iommu-timeout",
	  FAULT_RECORD, NULL },
	{ "Disable stall request timed out, status: %x", "rockchip-iommu-timeout",
	  FAULT_RECORD, NULL },
	{ "Enable paging request timed out, status: %x", "rockchip-iommu-timeout",
	  FAULT_RECORD, NULL },
	{ "Disable paging request timed out, status: %x", "rockchip-iommu-timeout",
	  FAULT_RECORD, NULL },
	{ "FORCE_RESET command timed out", "rockchip-iommu-timeout", FAULT_RECORD, NULL },
};

const struct fault_family fault_rockchip = {
	.driver = "rockchip",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
