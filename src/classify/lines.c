// SPDX-License-Identifier: GPL-2.0-or-later
#include "lines.h"

void lines_init(struct lines *lines, block_fn on_block, void *arg)
{
	*lines = (struct lines){ .on_block = on_block, .arg = arg };
}

static void carry(struct lines *lines, const char *bytes, size_t n)
{
	size_t room = LINES_MAX - lines->carried;
	size_t keep = n < room ? n : room;

	if (keep)
		memcpy(lines->carry + lines->carried, bytes, keep);
	lines->carried += keep;
	lines->dropped += n - keep;
}

static void carry_done(struct lines *lines, int64_t extra)
{
	struct text bytes = { lines->carry, lines->carried + 1 };

	lines->carry[lines->carried] = '\n';
	extra += (int64_t)lines->dropped;
	lines->carried = 0;
	lines->dropped = 0;
	lines->on_block(lines->arg, bytes, extra);
}

void lines_feed(struct lines *lines, const char *bytes, size_t n)
{
	while (n) {
		size_t block = n < SCAN_BLOCK ? n : SCAN_BLOCK;
		const char *end;

		if (lines->carried) {
			end = memchr(bytes, '\n', n);
			carry(lines, bytes, end ? (size_t)(end - bytes) : n);
			if (!end)
				return;
			carry_done(lines, 0);
		} else {
			end = memrchr(bytes, '\n', block);
			if (end)
				lines->on_block(
					lines->arg,
					(struct text){ bytes, (size_t)(end - bytes) + 1 },
					0);
			else
				carry(lines, bytes, block);
		}
		block = end ? (size_t)(end - bytes) + 1 : block;
		bytes += block;
		n -= block;
	}
}

void lines_end(struct lines *lines)
{
	if (lines->carried)
		carry_done(lines, -1);
}
