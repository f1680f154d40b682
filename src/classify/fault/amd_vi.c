// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AMD-Vi: drivers/iommu/amd/iommu.c, "Event logged [TYPE ...]". Flags: AMD 48882,
 * "IO_PAGE_FAULT".
 */
#include "classify/fault.h"

#include <stdio.h>

static const struct fault_bit page_fault_flags[] = {
	{ 0, "guest" },      { 1, "no-execute" },   { 2, "user" },
	{ 3, "interrupt" },  { 4, "page present" }, { 5, "write" },
	{ 6, "permission" }, { 7, "reserved bit" }, { 8, "translation request" },
};

static void add_device(struct finding *f, struct text words)
{
	struct text device;

	if (!text_value(words, "device", &device))
		return;
	if (device.n && device.s[device.n - 1] == ',')
		device.n--;
	text_copy(f->device, sizeof(f->device), device);
}

static void add_value(struct finding *f, struct text words, const char *key)
{
	struct text value;

	if (text_value(words, key, &value))
		fault_add(f, key, "%.*s", TEXT_ARG(value));
}

static void decode_event(struct finding *f, const struct pattern_match *m)
{
	static const char *const keys[] = { "domain", "pasid", "address", "gpa", "spa" };
	struct text words = m->captures[1], flags;
	char described[128];

	add_device(f, words);
	fault_add(f, "event", "%.*s", TEXT_ARG(m->captures[0]));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		add_value(f, words, keys[i]);
	if (text_value(words, "flags", &flags)) {
		fault_describe_bits(described, sizeof(described), pattern_hex(flags),
				    page_fault_flags,
				    text_equal(m->captures[0], TEXT("IO_PAGE_FAULT")) ?
					    ARRAY_SIZE(page_fault_flags) :
					    0);
		fault_add(f, "flags", "%s", described);
	}
	snprintf(f->title, sizeof(f->title), "%.*s%s%s", TEXT_ARG(m->captures[0]),
		 f->device[0] ? " of " : "", f->device);
}

static const struct fault_form forms[] = {
	{ "Event logged [IOTLB_INV_TIMEOUT%s]", "amdvi-iotlb-timeout", FAULT_RECORD,
	  NULL },
	{ "Event logged [UNKNOWN event[0]=%x", "amdvi-fault", FAULT_RECORD, NULL },
	{ "Event logged [Device not attached to domain properly]", "amdvi-fault",
	  FAULT_LEAD, NULL },
	{ "Event logged [%w %s]", "amdvi-fault", FAULT_RECORD, decode_event },
	{ "Completion-Wait loop timed out", "amdvi-completion-wait", FAULT_RECORD, NULL },
	{ "Command buffer timeout", "amdvi-completion-wait", FAULT_RECORD, NULL },
	{ "AMD-Vi: DTE[", NULL, FAULT_MORE, NULL },
	{ "AMD-Vi: CMD[", NULL, FAULT_MORE, NULL },
	{ "AMD-Vi: IOMMU event log overflow", NULL, FAULT_MORE, NULL },
	{ "AMD-Vi: Translation was enabled for %s but we are not in kdump mode",
	  "amdvi-translation-left-on", FAULT_SIGN, NULL },
};

const struct fault_family fault_amd_vi = {
	.driver = "amd-vi",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
