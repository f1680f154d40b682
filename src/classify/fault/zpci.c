// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * s390 PCI: arch/s390/pci/pci_event.c, __zpci_event_error() and the recovery that it
 * starts. The code is the PEC of a CCDF error event.
 */
#include "family.h"

#include <stdio.h>

static const struct fault_code codes[] = {
	{ 0x002a, "function measurement block" },
	{ 0x002b, "function measurement block" },
	{ 0x002c, "function measurement block" },
	{ 0x003a, "error recovered" },
	{ 0x003b, "service action or recovery failed" },
	{ 0x0040, "service action or recovery failed" },
};

static void decode_event(struct finding *f, const struct pattern_match *m)
{
	unsigned int code = (unsigned int)pattern_hex(m->captures[0]);
	const char *word = fault_code_word(code, codes, ARRAY_SIZE(codes));

	fault_add(f, "event", "0x%x%s%s", code, word ? ": " : "", word ? word : "");
	fault_add(f, "function-id", "%.*s", TEXT_ARG(m->captures[1]));
	snprintf(f->title, sizeof(f->title), "error event 0x%x%s%s", code,
		 word ? ": " : "", word ? word : "");
}

static const struct fault_form forms[] = {
	{ "Event %x reports an error for PCI function %x", "zpci-error", FAULT_RECORD,
	  decode_event },
	{ "reports an error for PCI function", "zpci-error", FAULT_RECORD, NULL },
	{ "Automatic recovery failed", NULL, FAULT_MORE, NULL },
	{ "Unblocking device access failed", NULL, FAULT_MORE, NULL },
	{ "Unblocking DMA failed", NULL, FAULT_MORE, NULL },
	{ "The reset request failed", NULL, FAULT_MORE, NULL },
	{ "Cannot be recovered in the host because it is a pass-through", NULL,
	  FAULT_MORE, NULL },
};

const struct fault_family fault_zpci = {
	.driver = "s390-iommu",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
