// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SMMUv1 and v2: drivers/iommu/arm/arm-smmu. Registers: Arm IHI 0062, "SMMU_sGFSR" and
 * "SMMU_CBn_FSR".
 */
#include "classify/fault.h"

#include <stdio.h>

static const struct fault_bit gfsr_bits[] = {
	{ 0, "invalid context" },
	{ 1, "unidentified stream" },
	{ 2, "stream match conflict" },
	{ 3, "unimplemented context bank" },
	{ 4, "unimplemented context interrupt" },
	{ 5, "configuration access" },
	{ 6, "external" },
	{ 7, "permission" },
	{ 8, "unsupported upstream transaction" },
	{ 31, "multiple faults" },
};

static const struct fault_bit fsr_bits[] = {
	{ 1, "translation" },        { 2, "access flag" },
	{ 3, "permission" },         { 4, "external" },
	{ 5, "TLB match conflict" }, { 6, "TLB lock" },
	{ 7, "address size" },       { 8, "unsupported upstream transaction" },
	{ 30, "stalled" },           { 31, "multiple faults" },
};

static void describe_access(char *buffer, size_t size, uint64_t syndrome,
			    const unsigned int bits[3])
{
	snprintf(buffer, size, "%s, %s, %s", syndrome >> bits[0] & 1 ? "write" : "read",
		 syndrome >> bits[1] & 1 ? "privileged" : "unprivileged",
		 syndrome >> bits[2] & 1 ? "instruction" : "data");
}

static void decode_blocked(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "stream-id", "0x%llx",
		  (unsigned long long)pattern_hex(m->captures[0]));
	snprintf(f->title, sizeof(f->title), "unidentified stream 0x%llx",
		 (unsigned long long)pattern_hex(m->captures[0]));
}

static void decode_global(struct finding *f, const struct pattern_match *m)
{
	static const unsigned int access_bits[] = { 1, 2, 3 };
	uint64_t gfsr = pattern_hex(m->captures[0]);
	uint64_t gfsynr0 = pattern_hex(m->captures[1]);
	uint64_t gfsynr1 = pattern_hex(m->captures[2]);
	char words[128], access[64];

	describe_access(access, sizeof(access), gfsynr0, access_bits);
	fault_describe_bits(words, sizeof(words), gfsr, gfsr_bits, ARRAY_SIZE(gfsr_bits));
	fault_add(f, "GFSR", "%s", words);
	fault_add(f, "GFSYNR0", "0x%llx: %s", (unsigned long long)gfsynr0, access);
	fault_add(f, "GFSYNR1", "0x%llx: stream 0x%llx", (unsigned long long)gfsynr1,
		  (unsigned long long)(gfsynr1 & 0xffff));
	snprintf(f->title, sizeof(f->title), "%sstream 0x%llx, %s%s",
		 gfsr & 2 ? "unidentified " : "global fault, ",
		 (unsigned long long)(gfsynr1 & 0xffff), gfsynr0 & 2 ? "write" : "read",
		 gfsr >> 31 & 1 ? ", multiple faults" : "");
}

static void decode_context(struct finding *f, const struct pattern_match *m)
{
	static const unsigned int access_bits[] = { 4, 5, 6 };
	uint64_t fsr = pattern_hex(m->captures[0]);
	uint64_t fsynr = pattern_hex(m->captures[2]);
	char words[128], access[64];

	describe_access(access, sizeof(access), fsynr, access_bits);
	fault_describe_bits(words, sizeof(words), fsr, fsr_bits, ARRAY_SIZE(fsr_bits));
	fault_add(f, "FSR", "%s", words);
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "FSYNR0", "0x%llx: %s, level %llu", (unsigned long long)fsynr,
		  access, (unsigned long long)(fsynr & 3));
	if (m->n > 4)
		fault_add(f, "stream-id", "0x%llx",
			  (unsigned long long)(pattern_hex(m->captures[3]) & 0xffff));
	fault_add(f, "context-bank", "%.*s", TEXT_ARG(m->captures[m->n - 1]));
	snprintf(f->title, sizeof(f->title), "context fault at %.*s, %s",
		 TEXT_ARG(m->captures[1]), fsynr & 0x10 ? "write" : "read");
}

static const struct fault_form forms[] = {
	{ "Blocked unknown Stream ID %x", "smmu-global-fault", FAULT_LEAD,
	  decode_blocked },
	{ "Unexpected global fault, this could be serious", "smmu-global-fault",
	  FAULT_LEAD, NULL },
	{ "GFSR %x, GFSYNR0 %x, GFSYNR1 %x, GFSYNR2 %x", "smmu-global-fault",
	  FAULT_RECORD, decode_global },
	{ "Unhandled context fault: fsr=%x, iova=%x, fsynr=%x, cbfrsynra=%x, cb=%d",
	  "smmu-context-fault", FAULT_RECORD, decode_context },
	{ "Unhandled context fault: fsr=%x, iova=%x, fsynr=%x, cb=%d",
	  "smmu-context-fault", FAULT_RECORD, decode_context },
	{ "Unhandled context fault: ", "smmu-context-fault", FAULT_RECORD, NULL },
	{ "FSR    = %x [", NULL, FAULT_MORE, NULL },
	{ "FSYNR0 = %x [", NULL, FAULT_MORE, NULL },
	{ "SOFTWARE TABLE WALK FAILED!", NULL, FAULT_MORE, NULL },
	{ "soft iova-to-phys=%x", NULL, FAULT_MORE, NULL },
	{ "hard iova-to-phys (ATOS)", NULL, FAULT_MORE, NULL },
	{ "TBU: power_status %x", NULL, FAULT_MORE, NULL },
	{ "timeout waiting for TLB SYNC", "smmu-tlb-sync-timeout", FAULT_RECORD, NULL },
	{ "TLB sync timed out -- SMMU may be deadlocked", "smmu-tlb-sync-timeout",
	  FAULT_RECORD, NULL },
};

const struct fault_family fault_arm_smmu = {
	.driver = "arm-smmu",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
