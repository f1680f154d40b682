// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SMMUv3: drivers/iommu/arm/arm-smmu-v3. Event records and GERROR: Arm IHI 0070, "Event
 * records" and "SMMU_GERROR".
 */
#include "classify/fault.h"

#include <stdio.h>

static const struct fault_code events[] = {
	{ 0x01, "F_UUT" },
	{ 0x02, "C_BAD_STREAMID" },
	{ 0x03, "F_STE_FETCH" },
	{ 0x04, "C_BAD_STE" },
	{ 0x05, "F_BAD_ATS_TREQ" },
	{ 0x06, "F_STREAM_DISABLED" },
	{ 0x07, "F_TRANSL_FORBIDDEN" },
	{ 0x08, "C_BAD_SUBSTREAMID" },
	{ 0x09, "F_CD_FETCH" },
	{ 0x0a, "C_BAD_CD" },
	{ 0x0b, "F_WALK_EABT" },
	{ 0x10, "F_TRANSLATION" },
	{ 0x11, "F_ADDR_SIZE" },
	{ 0x12, "F_ACCESS" },
	{ 0x13, "F_PERMISSION" },
	{ 0x20, "F_TLB_CONFLICT" },
	{ 0x21, "F_CFG_CONFLICT" },
	{ 0x24, "E_PAGE_REQUEST" },
	{ 0x25, "F_VMS_FETCH" },
};

static const struct fault_bit gerror_bits[] = {
	{ 0, "command queue error" },     { 2, "event queue write aborted" },
	{ 3, "PRI queue write aborted" }, { 4, "command queue MSI aborted" },
	{ 5, "event queue MSI aborted" }, { 6, "PRI queue MSI aborted" },
	{ 7, "GERROR MSI aborted" },      { 8, "service failure mode" },
};

static void decode_event(struct finding *f, const struct pattern_match *m)
{
	unsigned int id = (unsigned int)pattern_hex(m->captures[0]);
	const char *word = fault_code_word(id, events, ARRAY_SIZE(events));

	fault_add(f, "event", "0x%02x%s%s", id, word ? ": " : "", word ? word : "");
	snprintf(f->title, sizeof(f->title), "event %s", word ? word : "of unknown type");
}

/* The record's four words, one a line; the fourth completes it. */
static void decode_word(struct finding *f, const struct pattern_match *m)
{
	static const char *const classes[] = { "CD fetch", "stage 1 walk",
					       "input address", "reserved" };
	unsigned long long word = pattern_hex(m->captures[1]);
	size_t n = f->n_decoded;

	/* event, then one field a word */
	switch (n) {
	case 1:
		fault_add(f, "stream-id", "0x%llx", word >> 32);
		break;
	case 2:
		fault_add(f, "access", "%s, %s, %s, stage %d, %s",
			  word >> 35 & 1 ? "read" : "write",
			  word >> 33 & 1 ? "privileged" : "unprivileged",
			  word >> 34 & 1 ? "instruction" : "data", word >> 39 & 1 ? 2 : 1,
			  classes[word >> 40 & 3]);
		break;
	case 3:
		fault_add(f, "iova", "0x%llx", word);
		break;
	case 4:
		fault_add(f, "ipa", "0x%llx", word & 0xffffffffff000);
		break;
	}
}

static void decode_words(struct finding *f, const struct pattern_match *m)
{
	static const char *const names[] = { "event", "client", "stream-id",
					     "substream-id", "iova" };

	for (size_t i = 0; i < m->n && i < ARRAY_SIZE(names); i++)
		fault_add(f, names[i], "%.*s", TEXT_ARG(m->captures[i]));
	snprintf(f->title, sizeof(f->title), "event %.*s", TEXT_ARG(m->captures[0]));
}

static void decode_gerror(struct finding *f, const struct pattern_match *m)
{
	char words[128];

	fault_add(f, "GERROR", "%s",
		  fault_describe_bits(words, sizeof(words), pattern_hex(m->captures[0]),
				      gerror_bits, ARRAY_SIZE(gerror_bits)));
}

static void decode_cmdq(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "cons", "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "error", "%.*s", TEXT_ARG(m->captures[1]));
	snprintf(f->title, sizeof(f->title), "command queue error: %.*s",
		 TEXT_ARG(m->captures[1]));
}

static void decode_sync(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "prod", "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "hw-prod", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "hw-cons", "%.*s", TEXT_ARG(m->captures[2]));
}

static const struct fault_form forms[] = {
	{ "event 0x%x received:", "smmuv3-event", FAULT_RECORD, decode_event },
	{ "arm-smmu-v3 %w 0x%x", NULL, FAULT_MORE, decode_word },
	{ "event: %w client: %s sid: %w ssid: %w iova: %w ", "smmuv3-event", FAULT_RECORD,
	  decode_words },
	{ "event: %w client: %s sid: %w ssid: %w", "smmuv3-event", FAULT_RECORD,
	  decode_words },
	{ "EVTQ overflow detected", "smmuv3-overflow", FAULT_RECORD, NULL },
	{ "PRIQ overflow detected", "smmuv3-overflow", FAULT_RECORD, NULL },
	{ "unexpected global error reported (%x)", "smmuv3-gerror", FAULT_RECORD,
	  decode_gerror },
	{ "device has entered Service Failure Mode", "smmuv3-gerror", FAULT_RECORD,
	  NULL },
	{ "CMDQ error (cons %x): %s", "smmuv3-cmdq", FAULT_RECORD, decode_cmdq },
	{ "CMD_SYNC timeout at %x [hwprod %x, hwcons %x]", "smmuv3-cmdq", FAULT_RECORD,
	  decode_sync },
	{ "CMDQ timeout", "smmuv3-cmdq", FAULT_RECORD, NULL },
	{ "skipping command in error state", NULL, FAULT_MORE, NULL },
	{ "retrying command fetch", NULL, FAULT_MORE, NULL },
	{ "failed to convert to CMD_SYNC", NULL, FAULT_MORE, NULL },
	{ "GERROR MSI write aborted", NULL, FAULT_MORE, NULL },
	{ "PRIQ MSI write aborted", NULL, FAULT_MORE, NULL },
	{ "EVTQ MSI write aborted", NULL, FAULT_MORE, NULL },
	{ "CMDQ MSI write aborted", NULL, FAULT_MORE, NULL },
	{ "PRIQ write aborted -- events may", NULL, FAULT_MORE, NULL },
	{ "EVTQ write aborted -- events may", NULL, FAULT_MORE, NULL },
	{ "unexpected PRI request received:", "smmuv3-page-request", FAULT_RECORD, NULL },
	{ "unexpected error reported. vintf_map: %x", "smmuv3-cmdq", FAULT_RECORD, NULL },
	{ "uncleared error detected, resetting", "smmuv3-cmdq", FAULT_RECORD, NULL },
};

const struct fault_family fault_arm_smmu_v3 = {
	.driver = "arm-smmu-v3",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
