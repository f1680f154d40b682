// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drivers/iommu/ipmmu-vmsa.c, ipmmu_domain_irq(). IMSTR: R-Car series hardware manual,
 * "IPMMU", and the driver's IMSTR_* names.
 */
#include "family.h"

#include <stdio.h>

static const struct fault_bit status_bits[] = {
	{ 0, "translation" },
	{ 1, "permission" },
	{ 2, "abort" },
	{ 4, "multiple hits" },
};

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	uint64_t status = pattern_hex(m->captures[0]);
	const char *word;
	char words[104];

	fault_add(f, "IMSTR", "%s",
		  fault_describe_bits(words, sizeof(words), status, status_bits,
				      ARRAY_SIZE(status_bits)));
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[1]));
	word = fault_first_bit(status, status_bits, ARRAY_SIZE(status_bits));
	snprintf(f->title, sizeof(f->title), "%s fault", word ? word : "unknown");
}

static void decode_walk(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[0]));
	snprintf(f->title, sizeof(f->title), "page table walk abort");
}

static void decode_hits(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[0]));
	snprintf(f->title, sizeof(f->title), "multiple TLB hits");
}

static const struct fault_form forms[] = {
	{ "Unhandled fault: status %x iova %x", "ipmmu-fault", FAULT_RECORD,
	  decode_fault },
	{ "ipmmu-vmsa %w Unhandled fault: status %x", "ipmmu-fault", FAULT_RECORD, NULL },
	{ "Page Table Walk Abort @%x", "ipmmu-fault", FAULT_RECORD, decode_walk },
	{ "Multiple TLB hits @%x", "ipmmu-fault", FAULT_RECORD, decode_hits },
	{ "TLB sync timed out -- MMU may be deadlocked", "ipmmu-tlb-sync-timeout",
	  FAULT_RECORD, NULL },
};

const struct fault_family fault_ipmmu = {
	.driver = "ipmmu-vmsa",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
