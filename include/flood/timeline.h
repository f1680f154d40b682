/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and answers of each millisecond around a moment, the trigger. A ring: what was
 * before the mark is there when it is made, and what comes later is not overwritten until
 * it has been read. Pure; times are CLOCK_BOOTTIME ns.
 */
#pragma once

#include "base/text.h"

#include <stdint.h>

#define TIMELINE_MS     8192u
#define TIMELINE_BEFORE 500u /* ms that are kept before the mark */
/* With the answers in it, and so many ms behind the last one. */
#define TIMELINE_AFTER 100u
/* What is answered after such a silence in ms is another boot's, and not in it. */
#define TIMELINE_SILENCE 1000u
/* Milliseconds of one line, so that a pipe takes it at once. */
#define TIMELINE_LINE 256u

struct timeline {
	uint16_t sent[TIMELINE_MS], replies[TIMELINE_MS];
	uint64_t now_ms;  /* of the newest element */
	uint64_t mark_ms; /* 0: there is no mark */
	uint64_t last_ms; /* with an answer, before the first silence behind the mark */
	uint64_t read_ms; /* not read yet; 0: nobody reads */
	uint64_t end_ms;  /* reading ends before this one */
};

void timeline_add(struct timeline *t, uint64_t now, unsigned int sent,
		  unsigned int replies);
/* The moment is now: of what was before it, TIMELINE_BEFORE are kept. */
void timeline_mark(struct timeline *t, uint64_t now);
/* From now on timeline_line reads what is there now. */
void timeline_read(struct timeline *t);
/*
 * Adds the next line, without a newline: "timeline at=NS sent=RUNS replies=RUNS" for
 * TIMELINE_LINE elements from at on, or, as the last one, "timeline end", which clears the
 * mark. False: nobody reads.
 */
bool timeline_line(struct timeline *t, struct strbuf *out);

/* A line that was read: at_ns 0 is the end. */
struct timeline_part {
	uint64_t at_ns;
	struct text sent, replies; /* runs */
};

/* False for a line that is none. */
bool timeline_parse(struct text line, struct timeline_part *ret);

/*
 * Adds what another timeline has told to one that is for that alone, and {0} at first.
 * timeline_line reads it at once.
 */
void timeline_merge(struct timeline *t, const struct timeline_part *part);

/*
 * Runs: numbers joined by commas, "3x480" is 480 of 3 in a row. Splits the first off
 * *runs. False at the end, and at what is no run of at most TIMELINE_MS.
 */
bool timeline_next(struct text *runs, uint32_t *ret_value, uint32_t *ret_count);
/* Behind others, if there are any. */
void timeline_add_run(struct strbuf *out, uint32_t value, uint32_t count);
