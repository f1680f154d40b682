/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First lines of kernel reports. The formats are the kernel's; the table names files. */
#pragma once

#include "classify/pattern.h"

/* One report may begin with several of these lines, in this order. */
enum header_stage {
	STAGE_TEXT, /* a message in front of a WARNING or BUG: refcount_t, list_add ... */
	STAGE_CAUSE, /* "BUG: unable to handle ...", "kernel BUG at ...": an oops follows */
	STAGE_WARN,  /* "WARNING: CPU: ..." */
	STAGE_OOPS,  /* "Oops: ...", "Internal error: ..." */
	STAGE_ALONE, /* nothing else belongs to it */
	STAGE_PANIC,
};

/* What names the function. */
enum header_name {
	NAME_PC,     /* the program counter in the registers */
	NAME_HEADER, /* a symbol in the line itself */
	NAME_NONE,
};

struct header {
	const char *format;
	const char *kind;
	enum header_stage stage;
	enum header_name name;
};

struct header_match {
	const struct header *header;
	struct text line;     /* from the header's first byte on */
	struct text function; /* empty where the line names none */
	struct text file;     /* "drivers/iommu/iommu.c:12", or empty */
};

bool header_find(struct text body, struct header_match *ret);
/* "------------[ cut here ]------------" */
bool header_is_cut_here(struct text body);
