/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel report that is being read: from its first line to its end. */
#pragma once

#include "classify/classifier.h"
#include "header.h"
#include "pending.h"

#define SPLAT_HEADER_MAX 320
#define SPLAT_BEFORE_MAX 80

/* How far a report has come; each shows one of these only. */
enum splat_progress {
	SPLAT_HEADER,
	SPLAT_CPU,   /* "CPU: 0 PID: 1 Comm: ..." */
	SPLAT_PC,    /* the program counter */
	SPLAT_TRACE, /* "Call trace:" and the frames below it */
	SPLAT_OVER,  /* the trace is over */
	SPLAT_FRAME, /* of a line: a frame */
};

/* The first stack trace that has frames; traces below it are of others. */
enum splat_trace { TRACE_AHEAD, TRACE_READING, TRACE_READ };

struct splat {
	struct slot *slot; /* NULL: none is open */
	const struct header *header;
	enum header_stage stage; /* latest */
	uint64_t header_line;
	unsigned int quiet_lines; /* since the last that belongs to a report */
	bool marked;              /* its kind prints an end marker */
	bool has_cpu, has_pc;     /* SPLAT_CPU and SPLAT_PC were there */
	enum splat_trace trace;
	bool ended;                  /* only a panic may follow */
	bool prefixed;               /* so are its lines; others are a stranger's */
	bool torn;                   /* the header may go on in the next line */
	bool pc_torn;                /* so may the program counter's */
	bool headless;               /* perhaps no report at all (classify/headless.h) */
	char text[SPLAT_HEADER_MAX]; /* the header's line, as far as it fits */
	/* What stood in front of it, which may stand in front of the others, too. */
	char before[SPLAT_BEFORE_MAX];
};

/* Does this header continue the open report? Then it is taken. */
bool splat_merge(struct splat *splat, const struct header_match *match,
		 const struct console_line *line);
/* Opens a report in slot; first: the "cut here" above it, or the line itself. */
void splat_open(struct splat *splat, struct slot *slot, const struct header_match *match,
		const struct console_line *line);
/* The CPU that a header calls stuck; -1: it names none. */
int splat_stuck_cpu(struct text line);
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
enum splat_progress splat_progress(const struct splat *splat);
/* What a line would be in a report; SPLAT_HEADER: nothing of these. */
enum splat_progress splat_needed(struct text body);
