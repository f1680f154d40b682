// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the platform's own error reporting says: it is no IOMMU's fault, but comes with
 * them. drivers/pci/pcie/aer.c and dpc.c, arch/x86/kernel/cpu/mce, drivers/acpi/apei.
 */
#include "family.h"

#include <stdio.h>

static void decode_aer(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "severity", "%.*s", TEXT_ARG(m->captures[0]));
	snprintf(f->title, sizeof(f->title), "PCIe bus error, %.*s",
		 TEXT_ARG(m->captures[0]));
}

static void decode_dpc(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "status", "%.*s", TEXT_ARG(m->captures[0]));
}

static const struct fault_form forms[] = {
	{ "AER: %s error received:", "pcie-aer", FAULT_LEAD, NULL },
	{ "AER: %s error message received from ", "pcie-aer", FAULT_LEAD, NULL },
	{ "PCIe Bus Error: severity=%s, type=", "pcie-aer", FAULT_RECORD, decode_aer },
	{ "DPC: containment event, status:%x", "pcie-dpc", FAULT_RECORD, decode_dpc },
	{ "DPC: containment event", "pcie-dpc", FAULT_RECORD, NULL },
	{ "DPC containment event, status:%x", "pcie-dpc", FAULT_RECORD, decode_dpc },
	{ "DPC containment event", "pcie-dpc", FAULT_RECORD, NULL },
	{ "[Hardware Error]: Machine check events logged", "mce", FAULT_RECORD, NULL },
	{ "[Hardware Error]: CPU %d: Machine Check: %d Bank ", "mce", FAULT_RECORD,
	  NULL },
	{ "Machine Check Exception: ", "mce", FAULT_RECORD, NULL },
	{ "Hardware error from APEI Generic Hardware Error Source", "apei-ghes",
	  FAULT_RECORD, NULL },
};

const struct fault_family fault_hardware = { "", forms, ARRAY_SIZE(forms),
					     .foreign = true };
