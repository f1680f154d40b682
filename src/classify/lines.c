// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/lines.h"

void lines_init(struct lines *lines, line_fn on_line, void *arg)
{
	*lines = (struct lines){ .on_line = on_line, .arg = arg };
}

static void line_done(struct lines *lines, const char *bytes, size_t n, uint64_t size)
{
	struct line line = {
		.number = ++lines->number,
		.offset = lines->offset,
		.size = size,
		.raw = { bytes, n < LINES_MAX ? n : LINES_MAX },
	};

	lines->offset += size;
	lines->size = 0;
	lines->carried = 0;
	lines->on_line(lines->arg, &line);
}

static void carry(struct lines *lines, const char *bytes, size_t n)
{
	size_t room = LINES_MAX - lines->carried;
	size_t keep = n < room ? n : room;

	if (keep)
		memcpy(lines->carry + lines->carried, bytes, keep);
	lines->carried += keep;
	lines->size += n;
}

void lines_feed(struct lines *lines, const char *bytes, size_t n)
{
	while (n) {
		const char *end = memchr(bytes, '\n', n);
		size_t len = end ? (size_t)(end - bytes) : n;

		if (!end) {
			carry(lines, bytes, n);
			return;
		}
		if (lines->size) {
			carry(lines, bytes, len);
			line_done(lines, lines->carry, lines->carried, lines->size + 1);
		} else {
			line_done(lines, bytes, len, len + 1);
		}
		bytes += len + 1;
		n -= len + 1;
	}
}

void lines_end(struct lines *lines)
{
	if (lines->size)
		line_done(lines, lines->carry, lines->carried, lines->size);
}
