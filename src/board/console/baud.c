// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A token bucket without division: it holds BAUD_FIFO bytes, and instead of its level, the
 * moment is kept when it will be full again. Each byte taken moves that moment on.
 */
#include "baud.h"

#include "base/num.h"

static uint64_t bytes_ns(const struct baud *line, size_t n)
{
	return n * NS_PER_SEC / line->bytes_per_s;
}

void baud_set(struct baud *line, unsigned int baud, uint64_t now_ns)
{
	*line = (struct baud){ .bytes_per_s = baud / 10, .full_ns = now_ns };
	if (baud && baud < 10)
		line->bytes_per_s = 1;
}

size_t baud_allows(const struct baud *line, size_t max, uint64_t now_ns)
{
	uint64_t missing;

	if (!line->bytes_per_s)
		return max;
	if (line->full_ns <= now_ns)
		return max < BAUD_FIFO ? max : BAUD_FIFO;
	/* Bytes that are still on their way, rounded up. */
	missing = ((line->full_ns - now_ns) * line->bytes_per_s + NS_PER_SEC - 1) /
		  NS_PER_SEC;
	if (missing >= BAUD_FIFO)
		return 0;
	return max < BAUD_FIFO - missing ? max : BAUD_FIFO - (size_t)missing;
}

void baud_take(struct baud *line, size_t n, uint64_t now_ns)
{
	if (!line->bytes_per_s)
		return;
	if (line->full_ns < now_ns)
		line->full_ns = now_ns;
	line->full_ns += bytes_ns(line, n);
}
