/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel report that is being read: from its first line to its end. */
#pragma once

#include "classify/classifier.h"
#include "classify/header.h"
#include "classify/pending.h"

#define SPLAT_HEADER_MAX 320

struct splat {
	struct slot *slot; /* NULL: none is open */
	const struct header *header;
	enum header_stage stage; /* latest */
	uint64_t header_line;
	unsigned int quiet_lines;    /* since the last that belongs to a report */
	bool marked;                 /* its kind prints an end marker */
	bool in_trace, traced;       /* reading the first stack trace; have read it */
	bool ended;                  /* only a panic may follow */
	bool torn;                   /* the header may go on in the next line */
	char text[SPLAT_HEADER_MAX]; /* the header's line, as far as it fits */
};

/* Does this header continue the open report? Then it is taken. */
bool splat_merge(struct splat *splat, const struct header_match *match,
		 const struct console_line *line);
/* Opens a report in slot; first: the "cut here" above it, or the line itself. */
void splat_open(struct splat *splat, struct slot *slot, const struct header_match *match,
		const struct console_line *line);
/* A panic that the open report caused, or that follows it at once. */
bool splat_panic(struct splat *splat, const struct console_line *line);
/* Some reports end in a panic with these words; other panics stand for themselves. */
bool splat_is_panic_of_report(struct text body);
/* The line that ends a report. */
void splat_end(struct splat *splat, const struct console_line *line);
/* A line that is no header. */
void splat_line(struct splat *splat, const struct console_line *line);
/* The report ends here, whatever is missing. */
void splat_close(struct splat *splat);
