// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Intel VT-d: drivers/iommu/intel/dmar.c. "DRHD" announces the fault interrupt, one line
 * for each fault record follows. FSTS: VT-d specification, "Fault Status Register".
 */
#include "family.h"

#include <stdio.h>

static const struct fault_bit fsts_bits[] = {
	{ 0, "overflow" },
	{ 1, "pending fault" },
	{ 4, "invalidation queue error" },
	{ 5, "invalidation completion error" },
	{ 6, "invalidation time-out" },
	{ 7, "page request overflow" },
};

static void decode_status(struct finding *f, const struct pattern_match *m)
{
	char words[128];

	fault_add(f, "FSTS", "%s",
		  fault_describe_bits(words, sizeof(words), pattern_hex(m->captures[0]),
				      fsts_bits, ARRAY_SIZE(fsts_bits)));
}

/* Up to 5.12 the code is decimal, "06"; then "0x06". The words behind it may be lost. */
static void decode_reason(struct finding *f, struct text code, struct text words,
			  char title[80])
{
	bool hex = code.n > 2 && (code.s[1] == 'x');
	unsigned int number = (unsigned int)pattern_number(code, hex ? 16 : 10);
	const char *known = fault_vtd_reason(number);

	/* Two records in one line: a line feed was lost. */
	if (text_find(words, TEXT(" ["), 0) > 0)
		words.n = (size_t)text_find(words, TEXT(" ["), 0);
	words = text_trim(words);
	if (!words.n || text_equal(words, TEXT("Unknown")))
		words = text_of(known ? known : "unknown reason");
	fault_add(f, "reason", "0x%02x: %.*s", number, TEXT_ARG(words));
	if (words.n > 79)
		words.n = 79;
	text_copy(title, 80, words);
}

static void set_requester(struct finding *f, struct text device)
{
	text_copy(f->device, sizeof(f->device), device);
	fault_add(f, "requester", "%.*s", TEXT_ARG(device));
}

/* [DMA Read NO_PASID] Request device [bb:dd.f] fault addr A [fault reason R] text */
static void decode_dma(struct finding *f, const struct pattern_match *m)
{
	const struct text *c = m->captures;
	struct text type = c[0], pasid;
	const char *access = text_starts(type, TEXT("Write")) ? "write" : "read";
	char reason[80];

	set_requester(f, c[1]);
	if (!text_starts(type, TEXT("Write")) && !text_starts(type, TEXT("Read")))
		access = "page request";
	fault_add(f, "type", "%.*s", TEXT_ARG(type));
	fault_add(f, "access", "%s", access);
	if (text_value(type, "PASID", &pasid))
		fault_add(f, "PASID", "%.*s", TEXT_ARG(pasid));
	else if (text_find(type, TEXT(" PASID "), 0) > 0)
		fault_add(f, "PASID", "%.*s",
			  TEXT_ARG(text_from(type,
					     (size_t)text_find(type, TEXT(" PASID "), 0) +
						     7)));
	fault_add(f, "address", "%.*s", TEXT_ARG(c[2]));
	decode_reason(f, c[3], c[4], reason);
	snprintf(f->title, sizeof(f->title), "DMA %s fault: %s", access, reason);
}

/* Kernels up to 5.12 write the PASID behind the device: ffffffff is none. */
static void decode_pasid(struct finding *f, const struct pattern_match *m)
{
	struct pattern_match without = *m;

	for (size_t i = 2; i + 1 < m->n; i++)
		without.captures[i] = m->captures[i + 1];
	without.n--;
	decode_dma(f, &without);
	if (pattern_hex(m->captures[2]) != 0xffffffff)
		fault_add(f, "PASID", "%.*s", TEXT_ARG(m->captures[2]));
}

static void decode_interrupt(struct finding *f, const struct pattern_match *m)
{
	const struct text *c = m->captures;
	char reason[80];

	set_requester(f, c[0]);
	fault_add(f, "index", "%.*s", TEXT_ARG(c[1]));
	decode_reason(f, c[2], c[3], reason);
	snprintf(f->title, sizeof(f->title), "interrupt fault: %s", reason);
}

/* "Invalidation Time-out Error: SID 2f8": the device did not answer. */
static void decode_queue(struct finding *f, const struct pattern_match *m)
{
	struct text words = m->captures[0], rest = TEXT_NONE;
	ptrdiff_t colon = text_find(words, TEXT(": "), 0);
	unsigned int sid;

	if (colon > 0) {
		rest = text_from(words, (size_t)colon + 2);
		words.n = (size_t)colon;
	}
	fault_add(f, "error", "%.*s", TEXT_ARG(words));
	if (rest.n)
		fault_add(f, "detail", "%.*s", TEXT_ARG(rest));
	if (text_starts(rest, TEXT("SID "))) {
		sid = (unsigned int)pattern_hex(text_from(rest, 4)) & 0xffff;
		snprintf(f->device, sizeof(f->device), "%02x:%02x.%x", sid >> 8,
			 sid >> 3 & 31, sid & 7);
		fault_add(f, "requester", "%s", f->device);
	}
	snprintf(f->title, sizeof(f->title), "%.*s", TEXT_ARG(words));
}

static const struct fault_form forms[] = {
	{ "DRHD: handling fault status reg %x", .kind = "dmar-fault", .role = FAULT_LEAD,
	  .decode = decode_status },
	{ "[INTR-REMAP] Request device [%w] fault index %x [fault reason %w] %s",
	  .kind = "dmar-intr-fault", .decode = decode_interrupt },
	/* of kernels that say less */
	{ "[INTR-REMAP] Request device", .kind = "dmar-intr-fault" },
	{ "INTR-REMAP: Request device [[%w] fault index %x", .kind = "dmar-intr-fault",
	  .fields = "device=$0; requester=$0; index=$1" },
	{ "[DMA %s] Request device [%w] fault addr %x [fault reason %w] %s",
	  .kind = "dmar-fault", .decode = decode_dma },
	{ "[DMA %s] Request device [%w] PASID %x fault addr %x [fault reason %w] %s",
	  .kind = "dmar-fault", .decode = decode_pasid },
	{ "[DMA %s] Request device", .kind = "dmar-fault" },
	{ "VT-d detected %s", .kind = "dmar-qi", .decode = decode_queue },
	{ "DMAR: Translation was enabled for %w but we are not in kdump mode",
	  .kind = "dmar-translation-left-on", .role = FAULT_SIGN, .fields = "device=$0",
	  .title = "the kernel before left translation of $0 on" },
	{ "ERROR: DMA PTE for vPFN %x already set (to %x not %x)", .kind = "dmar-pte-set",
	  .role = FAULT_NOTE, .fields = "vPFN=$0; pte=$1, not $2" },
	{ "QI HEAD: ", .role = FAULT_MORE },
	{ "QI PRIOR: ", .role = FAULT_MORE },
	{ "Invalidation Queue Error (IQE) cleared", .role = FAULT_MORE },
	{ "Invalidation Time-out Error (ITE) cleared", .role = FAULT_MORE },
	{ "Invalidation Completion Error (ICE) cleared", .role = FAULT_MORE },
};

const struct fault_family fault_intel_vtd = { "intel-vtd", forms, ARRAY_SIZE(forms),
					      false };
