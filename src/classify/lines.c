// SPDX-License-Identifier: GPL-2.0-or-later
#include "lines.h"

#include "printk.h"

void lines_init(struct lines *lines, block_fn on_block, void *arg)
{
	*lines = (struct lines){ .on_block = on_block, .arg = arg };
}

/* -- lines that are more than text --------------------------------------------------------- */

static bool is_among(const char *set, char c)
{
	return c && strchr(set, c);
}

/*
 * Length of the escape sequence at t.s[at]. What the kernel prints while one is open is not
 * part of it: it ends before a time stamp, and a string (OSC, DCS, ...) must end in its line.
 */
static size_t escape_length(struct text t, size_t at)
{
	size_t i = at + 1;

	if (i == t.n || printk_stamp(t, i))
		return 1;
	if (is_among("]PX^_", t.s[i])) {
		size_t end = i + 1;

		while (end < t.n && t.s[end] != '\a' && t.s[end] != '\033' &&
		       !printk_stamp(t, end))
			end++;
		if (end == t.n) {
			for (end = i + 1; end < t.n && is_among("0123456789;", t.s[end]);)
				end++;
			return end - at;
		}
		if (t.s[end] == '\033')
			return end + (end + 1 < t.n && t.s[end + 1] == '\\' ? 2 : 0) - at;
		return end + (t.s[end] == '\a') - at;
	}
	if (t.s[i] == '[')
		i++;
	while (i < t.n && t.s[i] >= 0x20 && t.s[i] < (t.s[at + 1] == '[' ? 0x40 : 0x30))
		i++;
	return i + (i < t.n && t.s[i] >= 0x30 && t.s[i] < 0x7f && !printk_stamp(t, i)) -
	       at;
}

static bool is_control(char c)
{
	return (c >= 0 && c < '\t') || (c > '\r' && c < ' ');
}

/* At most LINES_MAX bytes of it; returns how many. */
static size_t make_plain(char *plain, struct text piece)
{
	size_t n = 0;

	for (size_t i = 0; i < piece.n && n < LINES_MAX;) {
		if (piece.s[i] == '\033')
			i += escape_length(piece, i);
		else if (is_control(piece.s[i]))
			i++;
		else
			plain[n++] = piece.s[i++];
	}
	return n;
}

/* Where the piece ends that begins at from. */
static size_t piece_end(struct text line, size_t from)
{
	const char *cr = memchr(line.s + from, '\r', line.n - from);
	size_t end = cr ? (size_t)(cr - line.s) : line.n, at;

	for (at = end; at - from > LINES_MAX - PRINTK_STAMP_MAX; at--)
		if (printk_stamp((struct text){ line.s, end }, at))
			return at;
	return end;
}

/* Where a byte of the line is in the input. */
static int64_t place(const struct lines *lines, size_t at)
{
	return (int64_t)(at > LINES_MAX ? at + lines->dropped : at);
}

/* line: without its line feed; extra as in lines.h, without what was dropped. */
static void take_pieces(struct lines *lines, struct text line, int64_t extra)
{
	int64_t done = 0, size = place(lines, line.n) + 1 + extra;
	size_t from = 0, n;

	while (line.n && (line.s[line.n - 1] == '\r' || !line.s[line.n - 1]))
		line.n--;
	do {
		size_t end = piece_end(line, from);
		bool ends = end == line.n;
		int64_t behind;

		n = make_plain(lines->plain, (struct text){ line.s + from, end - from });
		from = end + (!ends && line.s[end] == '\r');
		if (!n && !ends)
			continue;
		lines->plain[n++] = '\n';
		behind = ends ? size : place(lines, from);
		lines->on_block(lines->arg, (struct text){ lines->plain, n },
				behind - done - (int64_t)n, ends);
		done = behind;
		if (ends)
			return;
	} while (true);
}

/* -- lines one by one ----------------------------------------------------------------------- */

/* The begin of the line, and the last LINES_TAIL bytes or more. */
static void carry(struct lines *lines, const char *bytes, size_t n)
{
	char *tail = lines->carry + LINES_MAX;

	while (n) {
		size_t room = sizeof(lines->carry) - 1 - lines->carried;
		size_t part = n < room ? n : room;

		memcpy(lines->carry + lines->carried, bytes, part);
		lines->carried += part;
		bytes += part;
		n -= part;
		if (n) {
			memmove(tail, tail + LINES_TAIL, LINES_TAIL);
			lines->carried -= LINES_TAIL;
			lines->dropped += LINES_TAIL;
		}
	}
}

static void carry_done(struct lines *lines, int64_t extra)
{
	struct text bytes = { lines->carry, lines->carried + 1 };

	lines->carry[lines->carried] = '\n';
	if (lines->carried > LINES_MAX || scan_is_dirty(bytes))
		take_pieces(lines, (struct text){ lines->carry, lines->carried }, extra);
	else
		lines->on_block(lines->arg, bytes, extra, true);
	lines->carried = 0;
	lines->dropped = 0;
}

/* Of at most twice so much, so that such a line holds the byte in the middle. */
static bool has_long_line(struct text bytes)
{
	const char *middle = bytes.s + LINES_MAX, *before;

	_Static_assert(SCAN_BLOCK <= 2 * LINES_MAX, "");
	if (bytes.n <= LINES_MAX)
		return false;
	before = memrchr(bytes.s, '\n', LINES_MAX);
	return (const char *)memchr(middle, '\n', bytes.n - LINES_MAX) -
		       (before ? before + 1 : bytes.s) >
	       LINES_MAX;
}

/* -- bytes ---------------------------------------------------------------------------------- */

/* Whole lines. */
static void take_lines(struct lines *lines, struct text bytes)
{
	size_t from = 0, at = 0;

	if (!scan_is_dirty(bytes) && !has_long_line(bytes)) {
		lines->on_block(lines->arg, bytes, 0, true);
		return;
	}
	while (at < bytes.n) {
		const char *end = memchr(bytes.s + at, '\n', bytes.n - at);
		struct text line = { bytes.s + at, (size_t)(end - bytes.s) - at };

		if (line.n > LINES_MAX ||
		    scan_is_dirty((struct text){ line.s, line.n + 1 })) {
			if (at > from)
				lines->on_block(lines->arg,
						(struct text){ bytes.s + from,
							       at - from },
						0, true);
			carry(lines, line.s, line.n);
			carry_done(lines, 0);
			from = at + line.n + 1;
		}
		at += line.n + 1;
	}
	if (at > from)
		lines->on_block(lines->arg, (struct text){ bytes.s + from, at - from }, 0,
				true);
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
				take_lines(lines,
					   (struct text){ bytes,
							  (size_t)(end - bytes) + 1 });
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
