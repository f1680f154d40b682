/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A family of faults: one table of formats, kinds, and what their numbers mean. Families
 * use the functions below; they know neither each other nor the list of all, which
 * classify/fault.h has.
 */
#pragma once

#include "classify/finding.h"
#include "classify/pattern.h"

enum fault_role {
	FAULT_RECORD,     /* is a fault */
	FAULT_LEAD,       /* announces a fault whose record follows in the next line */
	FAULT_MORE,       /* tells more about the fault above it */
	FAULT_NOTE,       /* is worth telling, but no fault */
	FAULT_SIGN,       /* a precursor: the kernel before did something wrong */
	FAULT_GROUP,      /* a device leaves its IOMMU group */
	FAULT_JOIN,       /* a device joins one: captures its number */
	FAULT_SUPPRESSED, /* "function: N callbacks suppressed" */
};

/*
 * What a form tells about the first fault of a burst stands in two templates, where $N is
 * capture N without blanks around it, and #N the same as a hexadecimal number. What only
 * code can tell is left to a decoder.
 */
struct fault_form {
	const char *format;
	const char *kind; /* NULL for FAULT_MORE */
	enum fault_role role;
	/* "name=template; name=template": decoded fields; "device" and "driver" are theirs. */
	const char *fields;
	/*
	 * Goes on where "driver device: " ends, and names nothing that changes from one
	 * time to the next; without one the kind's words stand there.
	 */
	const char *title;
	/* Fills decoded, device and title; may be NULL. */
	void (*decode)(struct finding *finding, const struct pattern_match *match);
};

struct fault_family {
	const char *driver;
	const struct fault_form *forms;
	size_t n_forms;
	bool foreign; /* no IOMMU's: it comes along with theirs */
};

extern const struct fault_family fault_amd_vi;
extern const struct fault_family fault_arm_smmu;
extern const struct fault_family fault_arm_smmu_v3;
extern const struct fault_family fault_dart;
extern const struct fault_family fault_exynos;
extern const struct fault_family fault_hardware;
extern const struct fault_family fault_intel_vtd;
extern const struct fault_family fault_ipmmu;
extern const struct fault_family fault_mediatek;
extern const struct fault_family fault_others;
extern const struct fault_family fault_riscv_iommu;
extern const struct fault_family fault_rockchip;
extern const struct fault_family fault_sun50i;
extern const struct fault_family fault_swiotlb;
extern const struct fault_family fault_tegra;
extern const struct fault_family fault_vfio;
extern const struct fault_family fault_virtio_iommu;
extern const struct fault_family fault_zpci;

/* Fills finding with what form tells of a line that matched it. */
void fault_decode(struct finding *finding, const struct fault_form *form,
		  const struct pattern_match *match);

struct fault_bit {
	unsigned int bit;
	const char *word;
};

/* "0x80000002: unidentified stream, multiple faults". Returns buffer. */
char *fault_describe_bits(char *buffer, size_t size, uint64_t value,
			  const struct fault_bit *bits, size_t n_bits);

struct fault_code {
	unsigned int code;
	const char *word;
};

/* NULL for a code that is not in the table. */
const char *fault_code_word(unsigned int code, const struct fault_code *codes, size_t n);

/* VT-d's fault reasons, which are many; NULL for an unknown one. */
const char *fault_vtd_reason(unsigned int code);

/* Sets a decoded field; what does not fit is left out. */
void fault_add(struct finding *finding, const char *name, const char *format, ...)
	_printf_(3, 4);
/* From a word of the line; the colon that dev_err() puts behind it is left out. */
void fault_set_device(struct finding *finding, struct text device);
/* The value of a decoded field, NULL where there is none. */
const char *fault_field(const struct finding *finding, const char *name);
/* The first name among the bits that are set; NULL where there is none. */
const char *fault_first_bit(uint64_t value, const struct fault_bit *bits, size_t n_bits);
