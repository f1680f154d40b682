/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First lines of kernel reports. The formats are the kernel's; the table names files. */
#pragma once

#include "pattern.h"

/* One report may begin with several of these lines, in this order. */
enum header_stage {
	STAGE_TEXT, /* a message in front of a WARNING or BUG: refcount_t, list_add ... */
	STAGE_CAUSE, /* "BUG: unable to handle ...", "kernel BUG at ...": an oops follows */
	STAGE_WARN,  /* "WARNING: CPU: ..." */
	STAGE_OOPS,  /* "Oops: ...", "Internal error: ..." */
	STAGE_ALONE, /* nothing else belongs to it */
	STAGE_PANIC,
	STAGE_LATE,  /* from a report's middle: its beginning was lost */
	STAGE_CUT,   /* "cut here": a report begins */
	STAGE_END,   /* "end trace": a report ends */
	STAGE_RULER, /* one may begin or end */
};

/* What names the function. */
enum header_name {
	NAME_PC,     /* the program counter in the registers */
	NAME_HEADER, /* a symbol in the line itself */
	NAME_FRAME,  /* the first frame below the reporting machinery */
	NAME_NONE,
};

struct header {
	const char *format;
	const char *kind; /* NULL: no report by itself */
	enum header_stage stage;
	enum header_name name;
};

struct header_match {
	const struct header *header;
	struct text line;     /* from the header's first byte on */
	struct text function; /* empty where the line names none */
	bool complete;        /* function had its offset: nothing of it was cut off */
	struct text file;     /* "drivers/iommu/iommu.c:12", or empty */
};

/* The table, for whoever looks for its literals first. */
size_t header_count(void);
const struct header *header_get(size_t i);
/* Does this header's format stand in body? */
bool header_try(size_t i, struct text body, struct header_match *ret);
