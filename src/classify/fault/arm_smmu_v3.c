// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SMMUv3: drivers/iommu/arm/arm-smmu-v3. Event records and GERROR: Arm IHI 0070, "Event
 * records" and "SMMU_GERROR".
 */
#include "family.h"

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
	if (word)
		snprintf(f->title, sizeof(f->title), "event %s", word);
	else
		snprintf(f->title, sizeof(f->title), "event 0x%02x", id);
}

static void add_to_title(struct finding *f, const char *words)
{
	size_t n = strlen(f->title);

	snprintf(f->title + n, sizeof(f->title) - n, ", %s", words);
}

/* The record's four words, one a line. */
static void decode_word(struct finding *f, const struct pattern_match *m)
{
	static const char *const classes[] = { "CD fetch", "stage 1 table",
					       "input address", "reserved" };
	unsigned long long word = pattern_hex(m->captures[1]);
	const char *access = word >> 35 & 1 ? "read" : "write";
	char stream[32];

	if (!fault_field(f, "event"))
		return;
	if (!fault_field(f, "stream-id")) {
		snprintf(stream, sizeof(stream), "stream 0x%llx", word >> 32);
		add_to_title(f, stream);
		fault_add(f, "stream-id", "%s", stream + strlen("stream "));
		if (word >> 11 & 1)
			fault_add(f, "substream-id", "0x%llx", word >> 12 & 0xfffff);
	} else if (!fault_field(f, "access")) {
		add_to_title(f, access);
		fault_add(f, "access", "%s, %s, %s, stage %d, %s%s", access,
			  word >> 33 & 1 ? "privileged" : "unprivileged",
			  word >> 34 & 1 ? "instruction" : "data", word >> 39 & 1 ? 2 : 1,
			  classes[word >> 40 & 3], word >> 31 & 1 ? ", stalled" : "");
	} else if (!fault_field(f, "iova")) {
		fault_add(f, "iova", "0x%llx", word);
	} else if (!fault_field(f, "ipa")) {
		fault_add(f, "ipa", "0x%llx", word & 0xffffffffff000);
		fault_add(f, "summary", "%.100s", f->title);
	}
}

/* unpriv data write s1 "Input address space" stag: 0x0 */
static void decode_access(struct finding *f, const struct pattern_match *m)
{
	const struct text *c = m->captures;

	if (fault_field(f, "access"))
		return;
	fault_add(f, "access", "%.*s, %.*s, %.*s, %.*s, %.*s", TEXT_ARG(c[3]),
		  TEXT_ARG(c[1]), TEXT_ARG(c[2]), TEXT_ARG(c[4]), TEXT_ARG(c[5]));
	if (text_equal(c[3], TEXT("read")) || text_equal(c[3], TEXT("write")))
		add_to_title(f, c[3].s[0] == 'r' ? "read" : "write");
	fault_add(f, "summary", "%.100s", f->title);
}

static void decode_gerror(struct finding *f, const struct pattern_match *m)
{
	uint64_t gerror = pattern_hex(m->captures[0]);
	const char *word = fault_first_bit(gerror, gerror_bits, ARRAY_SIZE(gerror_bits));
	char words[128];

	fault_add(f, "GERROR", "%s",
		  fault_describe_bits(words, sizeof(words), gerror, gerror_bits,
				      ARRAY_SIZE(gerror_bits)));
	snprintf(f->title, sizeof(f->title), "global error: %s",
		 word ? word : "of unknown type");
}

/* CMDQ_CONS.ERR */
static void decode_cmdq(struct finding *f, const struct pattern_match *m)
{
	unsigned long long cons = pattern_hex(m->captures[0]);

	fault_add(f, "cons", "0x%llx: error %llu", cons, cons >> 24 & 0x7f);
	fault_add(f, "error", "%.*s", TEXT_ARG(m->captures[1]));
	snprintf(f->title, sizeof(f->title), "command queue error: %.*s",
		 TEXT_ARG(m->captures[1]));
}

static const struct fault_form forms[] = {
	{ "event 0x%x received:", .kind = "smmuv3-event", .decode = decode_event },
	{ "arm-smmu-v3 %w 0x%x", .role = FAULT_MORE, .decode = decode_word },
	/* since 6.15 */
	{ "event: %w client: %s sid: %w ssid: %w iova: %w ipa: %w",
	  .kind = "smmuv3-event",
	  .fields = "event=$0; client=$1; stream-id=$2; substream-id=$3; iova=$4; ipa=$5",
	  .title = "event $0, stream $2" },
	{ "event: %w client: %s sid: %w ssid: %w iova: %w ", .kind = "smmuv3-event",
	  .fields = "event=$0; client=$1; stream-id=$2; substream-id=$3; iova=$4",
	  .title = "event $0, stream $2" },
	{ "event: %w client: %s sid: %w ssid: %w", .kind = "smmuv3-event",
	  .fields = "event=$0; client=$1; stream-id=$2; substream-id=$3",
	  .title = "event $0, stream $2" },
	{ "event: %w client: %w", .kind = "smmuv3-event" },
	{ "arm-smmu-v3 %w %w %w %w %w \"%s\"", .role = FAULT_MORE,
	  .decode = decode_access },
	{ "sid %x.%x: [%d%s] %s access at iova %x", .role = FAULT_MORE,
	  .fields = "stream-id=#0; substream-id=#1; access=$4; iova=$5",
	  .title = "page request of stream #0" },
	{ "EVTQ overflow detected -- %w lost", .kind = "smmuv3-overflow",
	  .title = "event queue overflow" },
	{ "PRIQ overflow detected -- %w lost", .kind = "smmuv3-overflow",
	  .title = "PRI queue overflow" },
	{ "EVTQ overflow detected", .kind = "smmuv3-overflow" },
	{ "PRIQ overflow detected", .kind = "smmuv3-overflow" },
	{ "unexpected global error reported (%x)", .kind = "smmuv3-gerror",
	  .decode = decode_gerror },
	{ "unexpected global error reported", .kind = "smmuv3-gerror" },
	{ "device has entered Service Failure Mode", .kind = "smmuv3-gerror",
	  .title = "service failure mode" },
	{ "CMDQ error (cons %x): %s", .kind = "smmuv3-cmdq", .decode = decode_cmdq },
	{ "CMD_SYNC timeout at %x [hwprod %x, hwcons %x]", .kind = "smmuv3-cmdq",
	  .fields = "prod=$0; hw-prod=#1; hw-cons=#2", .title = "CMD_SYNC timeout" },
	{ "CMD_SYNC timeout at %x", .kind = "smmuv3-cmdq" },
	{ "CMDQ timeout", .kind = "smmuv3-cmdq" },
	{ "skipping command in error state", .role = FAULT_MORE },
	{ "retrying command fetch", .role = FAULT_MORE },
	{ "failed to convert to CMD_SYNC", .role = FAULT_MORE },
	{ "GERROR MSI write aborted", .role = FAULT_MORE },
	{ "PRIQ MSI write aborted", .role = FAULT_MORE },
	{ "EVTQ MSI write aborted", .role = FAULT_MORE },
	{ "CMDQ MSI write aborted", .role = FAULT_MORE },
	{ "PRIQ write aborted -- events may", .role = FAULT_MORE },
	{ "EVTQ write aborted -- events may", .role = FAULT_MORE },
	{ "unexpected PRI request received:", .kind = "smmuv3-page-request" },
	{ "unexpected error reported. vintf_map: %x", .kind = "smmuv3-cmdq",
	  .title = "virtual command queue error" },
	{ "tegra241_cmdqv %w unexpected error reported", .kind = "smmuv3-cmdq",
	  .title = "virtual command queue error" },
	{ "uncleared error detected, resetting", .kind = "smmuv3-cmdq" },
};

const struct fault_family fault_arm_smmu_v3 = { "arm-smmu-v3", forms, ARRAY_SIZE(forms),
						false };
