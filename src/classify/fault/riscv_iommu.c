// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drivers/iommu/riscv/iommu.c. Causes: RISC-V IOMMU Architecture Specification,
 * "Fault/Event-Queue", table of CAUSE encodings.
 */
#include "family.h"

#include <stdio.h>

static const struct fault_code causes[] = {
	{ 1, "instruction access fault" },
	{ 4, "read address misaligned" },
	{ 5, "read access fault" },
	{ 6, "write address misaligned" },
	{ 7, "write access fault" },
	{ 12, "instruction page fault" },
	{ 13, "read page fault" },
	{ 15, "write page fault" },
	{ 20, "instruction guest page fault" },
	{ 21, "read guest page fault" },
	{ 23, "write guest page fault" },
	{ 256, "all inbound transactions disallowed" },
	{ 257, "DDT entry load access fault" },
	{ 258, "DDT entry not valid" },
	{ 259, "DDT entry misconfigured" },
	{ 260, "transaction type disallowed" },
	{ 261, "MSI PTE load access fault" },
	{ 262, "MSI PTE not valid" },
	{ 263, "MSI PTE misconfigured" },
	{ 264, "MRIF access fault" },
	{ 265, "PDT entry load access fault" },
	{ 266, "PDT entry not valid" },
	{ 267, "PDT entry misconfigured" },
	{ 268, "DDT data corruption" },
	{ 269, "PDT data corruption" },
	{ 270, "MSI page table data corruption" },
	{ 271, "MRIF data corruption" },
	{ 272, "internal data path error" },
	{ 273, "MSI write access fault" },
	{ 274, "page table data corruption" },
};

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	unsigned int cause = (unsigned int)pattern_number(m->captures[0], 10);
	const char *word = fault_code_word(cause, causes, ARRAY_SIZE(causes));

	fault_add(f, "cause", "%u%s%s", cause, word ? ": " : "", word ? word : "");
	fault_add(f, "device-id", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "iotval", "%.*s", TEXT_ARG(m->captures[2]));
	fault_add(f, "iotval2", "%.*s", TEXT_ARG(m->captures[3]));
	snprintf(f->title, sizeof(f->title), "%s of device id %.*s",
		 word ? word : "fault", TEXT_ARG(m->captures[1]));
}

static const struct fault_form forms[] = {
	{ "Fault %d devid: %x iotval: %x iotval2: %x", "riscv-iommu-fault", FAULT_RECORD,
	  decode_fault },
	{ "Fault %d devid: %x iotval", "riscv-iommu-fault", FAULT_RECORD, NULL },
	{ "Queue #%d error; fault:%d timeout:%d illegal:%d", "riscv-iommu-queue",
	  FAULT_RECORD, NULL },
	{ "Queue #%d error; memory fault:%d overflow:%d", "riscv-iommu-queue",
	  FAULT_RECORD, NULL },
	{ "Hardware error: queue access timeout", "riscv-iommu-queue", FAULT_RECORD,
	  NULL },
	{ "Hardware error: command enqueue failed", "riscv-iommu-queue", FAULT_RECORD,
	  NULL },
	{ "Hardware error: command execution timeout", "riscv-iommu-queue", FAULT_RECORD,
	  NULL },
};

const struct fault_family fault_riscv_iommu = {
	.driver = "riscv-iommu",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
