/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the summary of a run is put together from. */
#pragma once

#include "fold/fold.h"

#include <jansson.h>
#include <stdio.h>

/* layout.c: columns, wrapped text and colours of what people read. */
struct layout {
	FILE *out;
	bool color;
	unsigned int width; /* columns; 0 = no wrapping, for pipes and files */
};

struct layout layout_of(FILE *out, bool color);
/* The name of an outcome in its colour, padded to the longest. */
void layout_outcome(const struct layout *l, enum outcome outcome);
/* Bold where there are colours. */
void layout_heading(const struct layout *l, const char *heading);
/*
 * Cleaned text from column indent (where the cursor is) on, and a newline. What does not
 * fit goes on in further lines, behind as many blanks.
 */
void layout_text(const struct layout *l, unsigned int indent, const char *text);

/* bars.c */
/* Attempts and hits over the offset, and how exact and how fast they were. */
void offsets_print(const struct layout *l, const struct fold_offsets *o);
/*
 * Requests and answers around the trigger, the mean of all cycles: a line a step, with what
 * was seen when; nothing where there is no timeline.
 */
void timeline_print(const struct layout *l, const struct fold_timeline *t);
json_t *timeline_json(const struct fold_timeline *t);

/* conclusion.c: what the run says about the kernel, in one or two sentences; caller frees. */
char *conclusion_of(const struct fold *fold);
