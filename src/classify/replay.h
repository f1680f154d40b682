/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A console that is enabled prints messages again that were there before, and so does
 * dmesg. What a kernel then says twice with one time stamp, far apart, it said once. Lines
 * without time stamps cannot be told apart.
 */
#pragma once

#include "classify/classifier.h"
#include "printk.h"

#define REPLAY_LINES 256

/* Of one boot, as far as boots are certain; {0} is empty. */
struct replay {
	struct {
		uint64_t hash, number;
	} lines[REPLAY_LINES]; /* by hash; what is new replaces what is old */
};

/* Was this line, which begins a report or is a fault, there before? Remembers it. */
bool replay_seen(struct replay *replay, const struct printk *printk,
		 const struct console_line *line);
/* Is the time stamp fine enough that no two boots have it in common? */
bool replay_is_exact(const struct printk *printk);
