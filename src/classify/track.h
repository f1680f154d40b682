/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the target is, by what its console says: markers, the kernel's banner and its
 * last words. The tool's markers are the kernel's own lines, so nothing that is typed at
 * a shell moves the phase.
 */
#pragma once

#include "classify/classifier.h"
#include "printk.h"

struct track {
	enum phase phase; /* of the next line */
	unsigned int cycle;
	uint32_t nonce; /* of markers that are believed; 0: all are */
	bool prefixes;  /* a line with a prefix was seen */
	bool bare;      /* this console's kernel lines have no prefix */
	bool booted;    /* a banner was seen */
	bool reset;     /* the kernel ended after the last banner */
	bool doubtful;  /* before the last banner it did not: it may be an old one */
	uint64_t banner_line;
	uint64_t banner_us;   /* its time stamp */
	uint64_t replay_line; /* enabled a console, or asked for the log: it comes again */
	char kernel[64];      /* release, "" unknown */
};

/* The formats of milestones, for whoever looks for their literals first. */
size_t track_count(void);
const char *track_format(size_t i);

/*
 * Fills milestone, marker, release, value, phase and cycle of the line, and moves on.
 * line->text, body and number are set. forms: which formats may stand in it, one bit
 * each; lines with none need not come here as long as track_wants_all is false.
 */
void track_line(struct track *track, const struct printk *printk, uint64_t forms,
		struct console_line *line);
/* Any next line of the kernel's moves the phase. */
bool track_wants_all(const struct track *track);
