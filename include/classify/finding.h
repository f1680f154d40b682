/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One kernel report of a console, after classification. Plain data, no pointers to free. */
#pragma once

#include "classify/phase.h"

#include <stdbool.h>
#include <stdint.h>

enum finding_type {
	FINDING_SPLAT, /* oops, BUG, WARNING, panic, stall, sanitizer report ... */
	FINDING_FAULT, /* IOMMU hardware fault or IOMMU driver error */
	FINDING_PRECURSOR, /* proof that the kernel has a bug which did not strike this time */
	FINDING_NOTE,      /* worth telling, not a failure */
	FINDING_HANG,      /* silence; made by the run, never by the classifier */
};

/* "splat", "fault", "precursor", "note", "hang". Static. */
const char *finding_type_name(enum finding_type type);

#define FINDING_FRAMES_MAX  32
#define FINDING_DECODED_MAX 12

struct finding_frame {
	char function[96];     /* without offset, .isra, .constprop, .part, .cold */
	char module[40];       /* "" = vmlinux */
	bool reliable;         /* false for "? function" */
	uint32_t offset, size; /* of "function+offset/size", 0 where it does not say */
};

struct finding_field {
	char name[24];   /* a register or its field: "GFSYNR1", "stream-id" */
	char value[104]; /* in words where the specification has words */
};

struct finding {
	enum finding_type type;
	char kind[32];      /* "null-deref", "smmu-global-fault" ...: the corpus' names */
	char function[96];  /* first meaningful function, "" where none */
	char file[96];      /* source file and line of a WARN or BUG, "" unknown */
	char text[200];     /* the first line that names it, as far as it fits */
	char driver[40];    /* "arm-smmu-v3", "intel-vtd" ..., "" where none */
	char device[48];    /* PCI address or device name, "" where none */
	bool iommu;         /* IOMMU, VFIO or DMA API code is to blame */
	bool panic;         /* the kernel did not survive it */
	bool truncated;     /* its end was not seen, or its header */
	unsigned int count; /* bursts of one fault are one finding with a count */

	char bug[128];     /* identity: kind class and function; equal for variants */
	char variant[17];  /* hash of the normalised stack, 16 hex digits */
	char title[192];   /* as a maintainer would write the subject */
	char known[48];    /* id of the known issue, "" where none */
	char advice[200];  /* what a rule says about it, "" none */
	char severity[16]; /* "error", "warning", "info"; from the rules */

	uint64_t line;         /* 1-based, first line */
	uint64_t offset, size; /* raw bytes of the report in the console */
	enum phase phase;      /* of its first line */
	unsigned int cycle;    /* 0: unknown */
	char kernel[64];       /* release of the running kernel, "" unknown */

	size_t n_frames;
	struct finding_frame frames[FINDING_FRAMES_MAX];
	size_t n_decoded;
	struct finding_field decoded[FINDING_DECODED_MAX];
};
