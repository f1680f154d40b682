/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the target is, by what its console says: markers, the kernel's banner and its
 * last words. The tool's markers are the kernel's own lines, so nothing that is typed at
 * a shell moves the phase.
 */
#pragma once

#include "classify/classifier.h"
#include "classify/printk.h"

struct track {
	enum phase phase; /* of the next line */
	unsigned int cycle;
	bool prefixes; /* a line with a prefix was seen */
	bool bare;     /* this console's kernel lines have no prefix */
	bool booted;   /* a banner was seen */
	bool reset;    /* the kernel ended after the last banner */
	bool replay;   /* the last line enabled a console, which prints the log again */
	uint64_t banner_line;
	uint64_t time_us; /* latest time stamp since the banner */
	char kernel[64];  /* release, "" unknown */
};

/*
 * Fills milestone, marker, release, value, phase and cycle of the line, and moves on.
 * line->text, body and number are set.
 */
void track_line(struct track *track, const struct printk *printk,
		struct console_line *line);
