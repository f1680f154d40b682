/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes in, blocks of whole lines out. Constant memory: of a line that is longer than
 * LINES_MAX and does not fit a block only its first bytes are kept.
 */
#pragma once

#include "scan.h"

#define LINES_MAX 8192

/*
 * bytes: at most SCAN_BLOCK, the last one a line feed. extra: what the last line has more
 * (bytes that were left out) or less (-1: no line feed, the input ends) in the input; a
 * block with extra is one line.
 */
typedef void (*block_fn)(void *arg, struct text bytes, int64_t extra);

struct lines {
	block_fn on_block;
	void *arg;
	size_t carried;   /* bytes of an incomplete line in carry */
	uint64_t dropped; /* bytes of it that did not fit */
	char carry[LINES_MAX + 1];
};

void lines_init(struct lines *lines, block_fn on_block, void *arg);
void lines_feed(struct lines *lines, const char *bytes, size_t n);
/* A last line without line feed is a line. */
void lines_end(struct lines *lines);
