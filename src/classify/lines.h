/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes in, blocks of whole lines out, without what others than the kernel put between its
 * bytes: escape sequences (ECMA-48) and control characters go, a carriage return within a
 * line ends a piece of it (progress bars), and of a line that is longer than LINES_MAX there
 * are its begin and what stands behind the last time stamp of its end. So what the kernel
 * prints is found, whatever is in front of it. Constant memory.
 */
#pragma once

#include "scan.h"

#define LINES_MAX 8192
/* So much of a longer line's end is looked at: no message is longer (kernel/printk). */
#define LINES_TAIL 2048

/*
 * bytes: at most SCAN_BLOCK, the last one a line feed. extra: what the last line or piece has
 * more (bytes that were left out) or less (-1: no line feed, the input ends) in the input; a
 * block with extra is one line. ends: else the next block goes on in the same line.
 */
typedef void (*block_fn)(void *arg, struct text bytes, int64_t extra, bool ends);

struct lines {
	block_fn on_block;
	void *arg;
	size_t carried;   /* bytes of an incomplete line in carry */
	uint64_t dropped; /* bytes of it that are not there, behind the first LINES_MAX */
	char carry[LINES_MAX + 2 * LINES_TAIL + 1];
	char plain[LINES_MAX + 1];
};

void lines_init(struct lines *lines, block_fn on_block, void *arg);
void lines_feed(struct lines *lines, const char *bytes, size_t n);
/* A last line without line feed is a line. */
void lines_end(struct lines *lines);
