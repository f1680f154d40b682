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

/* event: NAME client: DEVICE sid: S ssid: P iova: A ipa: B, since 6.15 */
static void decode_words(struct finding *f, const struct pattern_match *m)
{
	static const char *const names[] = { "event",        "client", "stream-id",
					     "substream-id", "iova",   "ipa" };

	for (size_t i = 0; i < m->n && i < ARRAY_SIZE(names); i++)
		fault_add(f, names[i], "%.*s", TEXT_ARG(m->captures[i]));
	snprintf(f->title, sizeof(f->title), "event %.*s, stream %.*s",
		 TEXT_ARG(m->captures[0]), TEXT_ARG(m->captures[2]));
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

static void decode_page_request(struct finding *f, const struct pattern_match *m)
{
	const struct text *c = m->captures;

	fault_add(f, "stream-id", "0x%llx", (unsigned long long)pattern_hex(c[0]));
	fault_add(f, "substream-id", "0x%llx", (unsigned long long)pattern_hex(c[1]));
	fault_add(f, "access", "%.*s", TEXT_ARG(text_trim(c[4])));
	fault_add(f, "iova", "%.*s", TEXT_ARG(c[5]));
	snprintf(f->title, sizeof(f->title), "page request of stream 0x%llx",
		 (unsigned long long)pattern_hex(c[0]));
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

static void decode_failure(struct finding *f, const struct pattern_match *m)
{
	(void)m;
	snprintf(f->title, sizeof(f->title), "service failure mode");
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

static void decode_sync(struct finding *f, const struct pattern_match *m)
{
	unsigned long long prod = pattern_hex(m->captures[1]);
	unsigned long long cons = pattern_hex(m->captures[2]);

	fault_add(f, "prod", "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "hw-prod", "0x%llx", prod);
	fault_add(f, "hw-cons", "0x%llx", cons);
	snprintf(f->title, sizeof(f->title), "CMD_SYNC timeout");
}

static void decode_vcmdq(struct finding *f, const struct pattern_match *m)
{
	(void)m;
	snprintf(f->title, sizeof(f->title), "virtual command queue error");
}

static void decode_overflow(struct finding *f, const struct pattern_match *m)
{
	snprintf(f->title, sizeof(f->title), "%s queue overflow",
		 text_equal(m->captures[0], TEXT("events")) ? "event" : "PRI");
}

static const struct fault_form forms[] = {
	{ "event 0x%x received:", "smmuv3-event", FAULT_RECORD, decode_event },
	{ "arm-smmu-v3 %w 0x%x", NULL, FAULT_MORE, decode_word },
	{ "event: %w client: %s sid: %w ssid: %w iova: %w ipa: %w", "smmuv3-event",
	  FAULT_RECORD, decode_words },
	{ "event: %w client: %s sid: %w ssid: %w iova: %w ", "smmuv3-event", FAULT_RECORD,
	  decode_words },
	{ "event: %w client: %s sid: %w ssid: %w", "smmuv3-event", FAULT_RECORD,
	  decode_words },
	{ "event: %w client: %w", "smmuv3-event", FAULT_RECORD, NULL },
	{ "arm-smmu-v3 %w %w %w %w %w \"%s\"", NULL, FAULT_MORE, decode_access },
	{ "sid %x.%x: [%d%s] %s access at iova %x", NULL, FAULT_MORE,
	  decode_page_request },
	{ "EVTQ overflow detected -- %w lost", "smmuv3-overflow", FAULT_RECORD,
	  decode_overflow },
	{ "PRIQ overflow detected -- %w lost", "smmuv3-overflow", FAULT_RECORD,
	  decode_overflow },
	{ "EVTQ overflow detected", "smmuv3-overflow", FAULT_RECORD, NULL },
	{ "PRIQ overflow detected", "smmuv3-overflow", FAULT_RECORD, NULL },
	{ "unexpected global error reported (%x)", "smmuv3-gerror", FAULT_RECORD,
	  decode_gerror },
	{ "unexpected global error reported", "smmuv3-gerror", FAULT_RECORD, NULL },
	{ "device has entered Service Failure Mode", "smmuv3-gerror", FAULT_RECORD,
	  decode_failure },
	{ "CMDQ error (cons %x): %s", "smmuv3-cmdq", FAULT_RECORD, decode_cmdq },
	{ "CMD_SYNC timeout at %x [hwprod %x, hwcons %x]", "smmuv3-cmdq", FAULT_RECORD,
	  decode_sync },
	{ "CMD_SYNC timeout at %x", "smmuv3-cmdq", FAULT_RECORD, NULL },
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
	{ "unexpected error reported. vintf_map: %x", "smmuv3-cmdq", FAULT_RECORD,
	  decode_vcmdq },
	{ "tegra241_cmdqv %w unexpected error reported", "smmuv3-cmdq", FAULT_RECORD,
	  decode_vcmdq },
	{ "uncleared error detected, resetting", "smmuv3-cmdq", FAULT_RECORD, NULL },
};

const struct fault_family fault_arm_smmu_v3 = {
	.driver = "arm-smmu-v3",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
