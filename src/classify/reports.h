/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reports that are open: one of each kernel context, where CONFIG_PRINTK_CALLER names
 * them, and two where two CPUs began theirs at once and the console does not say whose a
 * line is. Then a line goes to the report that is the furthest along without having it.
 */
#pragma once

#include "splat.h"
#include "track.h"

/* Kernel contexts whose reports may interleave. */
#define REPORTS_MAX 4

struct context {
	char caller[16];     /* "T123", "C0", "" where the console does not say */
	struct splat splat;  /* the older one */
	struct splat behind; /* its header came before anything else of the older one */
	bool turn;           /* the last line went to the one behind */
};

struct reports {
	const struct track *track; /* names the kernel */
	void (*on_done)(void *arg, struct slot *slot);
	void *arg;
	struct pending pending;
	struct context contexts[REPORTS_MAX];
	size_t current;          /* context of the last line */
	uint64_t last_report;    /* number of a line of the last report; 0: none */
	unsigned int evidence;   /* enum rules_evidence, of this boot */
	struct console_line cut; /* the last "cut here"; number 0: none */
};

void reports_init(struct reports *reports, const struct track *track,
		  void (*on_done)(void *arg, struct slot *slot), void *arg);
/* Line, offset, phase and kernel of a finding that begins here. */
void reports_start(const struct reports *reports, struct finding *finding,
		   const struct console_line *line);
/* A slot for a finding that begins here. */
struct slot *reports_open(struct reports *reports, const struct console_line *line);
/* The context that writes this line; one without caller goes on where the last was. */
struct context *reports_find(struct reports *reports, struct text caller);
/*
 * A header: goes on with a report of the context, or begins one. False: it has begun one,
 * in *ret_slot.
 */
bool reports_header(struct reports *reports, struct context *context,
		    const struct header_match *match, const struct console_line *line,
		    struct slot **ret_slot);
/* Any other line. */
void reports_line(struct reports *reports, struct context *context,
		  const struct console_line *line);
/* Is a report open? */
bool reports_reading(const struct reports *reports);
/* All end here. */
void reports_close(struct reports *reports);
