// SPDX-License-Identifier: GPL-2.0-or-later
#include "replay.h"

/* A coarse clock stamps a whole burst alike: only what comes later is a replay. */
#define NEAR_LINES 40

bool replay_seen(struct replay *replay, const struct printk *printk,
		 const struct console_line *line)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ printk->time_us;
	size_t slot;
	bool seen;

	/* FNV-1a; the time is whole already. */
	if (!printk->timed)
		return false;
	for (size_t i = 0; i < line->body.n; i++)
		hash = (hash ^ (unsigned char)line->body.s[i]) * UINT64_C(0x100000001b3);
	slot = (size_t)(hash >> 32) % REPLAY_LINES;
	seen = replay->lines[slot].number && replay->lines[slot].hash == hash &&
	       line->number - replay->lines[slot].number > NEAR_LINES;
	if (!seen) {
		replay->lines[slot].hash = hash;
		replay->lines[slot].number = line->number;
	}
	return seen;
}

bool replay_is_exact(const struct printk *printk)
{
	/* By ticks of a timer, or of no clock yet, boots are alike. */
	return printk->timed && printk->time_us % 1000;
}
