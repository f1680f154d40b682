/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds any of a few hundred literals in whole lines. Most bytes are never looked at:
 * S. Wu and U. Manber, "A fast algorithm for multi-pattern searching", 1994, here with
 * one window a literal, and at several places of the text at once.
 */
#pragma once

#include "base/text.h"

/* Of each literal one window of so many bytes is looked for; none may be shorter. */
#define SCAN_WINDOW       8
#define SCAN_LITERALS_MAX 480
/* So many bytes are searched in one go. */
#define SCAN_BLOCK 16384

/* Plain data: scan_init, scan_add for each literal, then any number of searches. */
struct scan {
	size_t n;
	struct text literals[SCAN_LITERALS_MAX]; /* borrowed */
	unsigned char starts[SCAN_LITERALS_MAX]; /* of the window in its literal */
	short next[SCAN_LITERALS_MAX];           /* with the same last bytes; -1: none */
	short first[1 << 12];                    /* by hash of the window's last bytes */
	unsigned char moves[1 << 14];            /* by the same hash, longer */
	uint64_t windows[1 << 9];                /* bits, by hash of a whole window */
};

/* Where literals may be: bits at offsets that scan_at has to confirm. */
struct scan_marks {
	uint64_t words[SCAN_BLOCK / 64];
};

void scan_init(struct scan *scan);
/* Returns its number: 0, 1 ... The literal holds no line feed; it is borrowed. */
unsigned int scan_add(struct scan *scan, struct text literal);

/* bytes: n <= SCAN_BLOCK, whole lines, the last byte a line feed. */
void scan_mark(const struct scan *scan, struct text bytes, struct scan_marks *marks);
/* Offset of the first mark from offset from on; at least bytes.n when there is none. */
size_t scan_next(const struct scan_marks *marks, size_t from, size_t n);
/* Numbers of up to max literals that stand at a mark; returns how many. */
size_t scan_at(const struct scan *scan, struct text bytes, size_t mark,
	       unsigned int *ret_literals, size_t max);

/* Nothing but printable ASCII. */
bool scan_is_plain(struct text bytes);
/*
 * Control characters other than tab, vertical tab, form feed and the CR of a CR LF. bytes:
 * the last one a line feed.
 */
bool scan_is_dirty(struct text bytes);
/* Number of line feeds. */
size_t scan_lines(struct text bytes);
