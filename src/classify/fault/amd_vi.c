// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AMD-Vi: drivers/iommu/amd/iommu.c, "Event logged [TYPE ...]". Flags: AMD 48882,
 * "IO_PAGE_FAULT".
 */
#include "family.h"

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

/* Other events use the flags otherwise, or not at all. */
static void decode_flags(struct finding *f, uint64_t flags)
{
	char words[128];

	fault_add(f, "flags", "%s",
		  fault_describe_bits(words, sizeof(words), flags, page_fault_flags,
				      ARRAY_SIZE(page_fault_flags)));
	fault_add(f, "access", "%s, %s",
		  flags & 0x8  ? "interrupt" :
		  flags & 0x20 ? "write" :
				 "read",
		  flags & 0x10 ? "not permitted" : "not mapped");
}

static void decode_event(struct finding *f, const struct pattern_match *m)
{
	static const char *const keys[] = { "domain", "pasid",     "address", "gpa",
					    "spa",    "flags_rmp", "vmg_tag", "tag" };
	struct text words = m->captures[1], flags;

	add_device(f, words);
	fault_add(f, "event", "%.*s", TEXT_ARG(m->captures[0]));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		add_value(f, words, keys[i]);
	snprintf(f->title, sizeof(f->title), "%.*s", TEXT_ARG(m->captures[0]));
	if (!text_value(words, "flags", &flags))
		return;
	if (text_equal(m->captures[0], TEXT("IO_PAGE_FAULT"))) {
		decode_flags(f, pattern_hex(flags));
		snprintf(f->title, sizeof(f->title), "IO_PAGE_FAULT, %s",
			 fault_field(f, "access"));
	} else {
		fault_add(f, "flags", "%.*s", TEXT_ARG(flags));
	}
}

static void decode_timeout(struct finding *f, const struct pattern_match *m)
{
	add_device(f, m->captures[0]);
	add_value(f, m->captures[0], "address");
}

static const struct fault_form forms[] = {
	{ "Event logged [IOTLB_INV_TIMEOUT %s]", .kind = "amdvi-iotlb-timeout",
	  .decode = decode_timeout },
	{ "Event logged [IOTLB_INV_TIMEOUT", .kind = "amdvi-iotlb-timeout" },
	{ "Event logged [UNKNOWN event[0]=%x", .kind = "amdvi-fault",
	  .fields = "event=$0", .title = "event of unknown type" },
	{ "Event logged [Device not attached to domain properly]", .kind = "amdvi-fault",
	  .role = FAULT_LEAD, .title = "IO_PAGE_FAULT of a device without domain" },
	{ "Event logged [%w %s]", .kind = "amdvi-fault", .decode = decode_event },
	/* A mail may have broken the line anywhere. */
	{ "Event logged [%w %s", .kind = "amdvi-fault", .decode = decode_event },
	{ "Event logged [%w", .kind = "amdvi-fault" },
	{ "AMD-Vi: Event logged", .kind = "amdvi-fault" },
	{ "AMD-Vi: IOMMU %w Completion-Wait loop timed out",
	  .kind = "amdvi-completion-wait", .fields = "device=$0" },
	{ "Completion-Wait loop timed out", .kind = "amdvi-completion-wait" },
	{ "Command buffer timeout", .kind = "amdvi-completion-wait",
	  .title = "command buffer is not consumed" },
	{ "device=%w domain=%x", .role = FAULT_MORE, .fields = "device=$0; domain=$1" },
	{ "AMD-Vi: DTE[", .role = FAULT_MORE },
	{ "AMD-Vi: CMD[", .role = FAULT_MORE },
	{ "AMD-Vi: IOMMU event log overflow", .role = FAULT_MORE },
	{ "AMD-Vi: Translation was enabled for %s but we are not in kdump mode",
	  .kind = "amdvi-translation-left-on", .role = FAULT_SIGN },
};

const struct fault_family fault_amd_vi = { "amd-vi", forms, ARRAY_SIZE(forms), false };
