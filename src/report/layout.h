/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns, wrapped text and colours of what people read. */
#pragma once

#include "judge/verdict.h"

#include <stdio.h>

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
void layout_text(const struct layout *l, unsigned int indent, struct text text);
