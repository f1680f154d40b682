/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel messages by their format string, with what stood in the place of each
 * conversion. A format starts with a literal of at least three bytes.
 *   %d  decimal number, sign allowed     %x  hexadecimal number, 0x allowed
 *   %w  one word, up to a blank or to the byte that follows in the format
 *   %s  anything, up to the literal that follows, or to the end of the text
 *   %%  a percent sign                   a blank: one or more blanks
 */
#pragma once

#include "base/text.h"

#define PATTERN_CAPTURES_MAX 10

struct pattern_match {
	size_t start, end; /* in the text */
	size_t n;
	struct text captures[PATTERN_CAPTURES_MAX]; /* borrowed from the text */
};

/* The first place in text where format matches. */
bool pattern_find(const char *format, struct text text, struct pattern_match *ret);
/* Number of a %d or %x capture; 0 for what is too large. */
uint64_t pattern_number(struct text capture, unsigned int base);
/* Hexadecimal, with or without 0x. */
static inline uint64_t pattern_hex(struct text capture)
{
	return pattern_number(capture, 16);
}
