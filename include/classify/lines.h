/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes in, lines out. Constant memory: of a line that is longer than LINES_MAX only its
 * first bytes are kept, the rest counts in its size. Any split of the input gives the
 * same lines, and their offsets partition it.
 */
#pragma once

#include "base/text.h"

#define LINES_MAX 8192

struct line {
	uint64_t number;       /* 1-based */
	uint64_t offset, size; /* in the input, line end included */
	struct text raw;       /* without its line feed; at most LINES_MAX bytes */
};

typedef void (*line_fn)(void *arg, const struct line *line);

struct lines {
	line_fn on_line;
	void *arg;
	uint64_t number; /* lines that are complete */
	uint64_t offset; /* of the line that is being read */
	uint64_t size;   /* of it so far */
	size_t carried;  /* bytes of it in carry */
	char carry[LINES_MAX];
};

void lines_init(struct lines *lines, line_fn on_line, void *arg);
void lines_feed(struct lines *lines, const char *bytes, size_t n);
/* A last line without line feed is a line. */
void lines_end(struct lines *lines);
