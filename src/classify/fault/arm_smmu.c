// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SMMUv1 and v2: drivers/iommu/arm/arm-smmu. Registers: Arm IHI 0062, "SMMU_sGFSR" and
 * "SMMU_CBn_FSR".
 */
#include "family.h"

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

static void decode_global(struct finding *f, const struct pattern_match *m)
{
	static const unsigned int access_bits[] = { 1, 2, 3 };
	uint64_t gfsr = pattern_hex(m->captures[0]);
	uint64_t gfsynr0 = pattern_hex(m->captures[1]);
	uint64_t gfsynr1 = pattern_hex(m->captures[2]);
	const char *word =
		fault_first_bit(gfsr & 0x7fffffff, gfsr_bits, ARRAY_SIZE(gfsr_bits));
	unsigned long long stream = gfsynr1 & 0xffff;
	char words[128], access[64];

	describe_access(access, sizeof(access), gfsynr0, access_bits);
	fault_describe_bits(words, sizeof(words), gfsr, gfsr_bits, ARRAY_SIZE(gfsr_bits));
	if (gfsr & 2)
		snprintf(f->title, sizeof(f->title), "unidentified stream 0x%llx, %s",
			 stream, gfsynr0 & 2 ? "write" : "read");
	else
		snprintf(f->title, sizeof(f->title), "%s fault of stream 0x%llx, %s",
			 word ? word : "global", stream, gfsynr0 & 2 ? "write" : "read");
	fault_add(f, "summary", "%.80s%s", f->title,
		  gfsr >> 31 & 1 ? ", multiple faults" : "");
	fault_add(f, "stream-id", "0x%llx", stream);
	fault_add(f, "GFSR", "%s", words);
	fault_add(f, "GFSYNR0", "0x%llx: %s", (unsigned long long)gfsynr0, access);
	fault_add(f, "GFSYNR1", "0x%llx: stream 0x%llx", (unsigned long long)gfsynr1,
		  stream);
	if (m->n > 3)
		fault_add(f, "GFSYNR2", "%.*s", TEXT_ARG(m->captures[3]));
}

/* Without cbfrsynra, as qcom_iommu.c has it, the stream is not told. */
static void decode_context(struct finding *f, const struct pattern_match *m)
{
	static const unsigned int access_bits[] = { 4, 5, 6 };
	static const char *const formats[] = { "AArch32 short", "AArch32 long", "AArch64",
					       "reserved" };
	uint64_t fsr = pattern_hex(m->captures[0]);
	uint64_t fsynr = pattern_hex(m->captures[2]);
	const char *word =
		fault_first_bit(fsr & 0x3fffffff, fsr_bits, ARRAY_SIZE(fsr_bits));
	char words[128], access[64], stream[32] = "";

	if (m->n > 4) {
		snprintf(stream, sizeof(stream), " of stream 0x%llx",
			 (unsigned long long)(pattern_hex(m->captures[3]) & 0xffff));
		fault_add(f, "stream-id", "%s", stream + strlen(" of stream "));
	}
	describe_access(access, sizeof(access), fsynr, access_bits);
	fault_describe_bits(words, sizeof(words), fsr, fsr_bits, ARRAY_SIZE(fsr_bits));
	snprintf(f->title, sizeof(f->title), "%s fault%s, %s", word ? word : "context",
		 stream, fsynr & 0x10 ? "write" : "read");
	fault_add(f, "summary", "%.80s%s", f->title,
		  fsr >> 31 & 1 ? ", multiple faults" : "");
	fault_add(f, "FSR", "%s", words);
	fault_add(f, "format", "%s", formats[fsr >> 9 & 3]);
	fault_add(f, "iova", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "FSYNR0", "0x%llx: %s, level %llu%s%s", (unsigned long long)fsynr,
		  access, (unsigned long long)(fsynr & 3),
		  fsynr >> 10 & 1 ? ", in a table walk" : "",
		  fsynr >> 11 & 1 ? ", asynchronous" : "");
	fault_add(f, "context-bank", "%.*s", TEXT_ARG(m->captures[m->n - 1]));
}

static const struct fault_form forms[] = {
	{ "Blocked unknown Stream ID %x", .kind = "smmu-global-fault", .role = FAULT_LEAD,
	  .fields = "stream-id=#0", .title = "unidentified stream #0" },
	{ "Unexpected global fault, this", .kind = "smmu-global-fault",
	  .role = FAULT_LEAD },
	{ "GFSR %x, GFSYNR0 %x, GFSYNR1 %x, GFSYNR2 %x", .kind = "smmu-global-fault",
	  .decode = decode_global },
	{ "Unhandled context fault: fsr=%x, iova=%x, fsynr=%x, cbfrsynra=%x, cb=%d",
	  .kind = "smmu-context-fault", .decode = decode_context },
	{ "Unhandled context fault: fsr=%x, iova=%x, fsynr=%x, cb=%d",
	  .kind = "smmu-context-fault", .decode = decode_context },
	{ "Unhandled context fault:", .kind = "smmu-context-fault" },
	{ "FSR    = %x [", .role = FAULT_MORE },
	{ "FSYNR0 = %x [", .role = FAULT_MORE },
	{ "SOFTWARE TABLE WALK FAILED!", .role = FAULT_MORE },
	{ "soft iova-to-phys=%x", .role = FAULT_MORE },
	{ "hard iova-to-phys (ATOS)", .role = FAULT_MORE },
	{ "TBU: power_status %x", .role = FAULT_MORE },
	{ "timeout waiting for TLB SYNC", .kind = "smmu-tlb-sync-timeout" },
	{ "TLB sync timed out -- SMMU may be deadlocked",
	  .kind = "smmu-tlb-sync-timeout" },
};

const struct fault_family fault_arm_smmu = { "arm-smmu", forms, ARRAY_SIZE(forms),
					     false };
