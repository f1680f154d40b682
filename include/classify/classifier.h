/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of a kernel console in, lines and findings out. Pure: no I/O, no clock, constant
 * memory; any split of the input gives the same result.
 */
#pragma once

#include "classify/finding.h"

struct classifier;
struct rules; /* classify/rules.h */

/* Lines that tell where the target is. */
enum milestone {
	MILESTONE_NONE,
	MILESTONE_MARKER,     /* "iommu-stress: key=value ..." in the kernel log */
	MILESTONE_BANNER,     /* first line of a kernel's boot; once a boot */
	MILESTONE_RESTART,    /* "reboot: Restarting system", "reboot: Power down",
				 "kexec_core: Starting new kernel": the kernel's last word */
	MILESTONE_PANIC,      /* "Kernel panic - not syncing" */
	MILESTONE_PANIC_WAIT, /* "Rebooting in N seconds..": value = N */
	MILESTONE_PANIC_END,  /* "---[ end Kernel panic": nothing will follow */
	MILESTONE_RELEASE, /* "Linux version RELEASE ": the console line names the kernel */
	MILESTONE_LOSS,  /* "** N printk messages dropped **": this console lacks them */
	MILESTONE_CLAIM, /* a marker without the expected ticket: anybody's */
};

/* One line. Texts are borrowed: valid during the callback. */
struct console_line {
	uint64_t number;       /* 1-based */
	uint64_t offset, size; /* raw bytes, line end included */
	struct text text;      /* clean (text_clean) */
	struct text body;      /* behind syslog, printk level, time and caller prefixes */
	bool prefixed;         /* there are such prefixes: it is the kernel's */
	enum milestone milestone;
	struct text marker;  /* of MARKER and CLAIM: the words behind "iommu-stress: " */
	struct text release; /* MILESTONE_RELEASE */
	unsigned int value;  /* MILESTONE_PANIC_WAIT: seconds */
	enum phase phase;
	unsigned int cycle; /* 0: unknown */
};

struct classifier_sink {
	/* Every line, in order; may be NULL. */
	void (*on_line)(void *arg, const struct console_line *line);
	/*
	 * A finding that is complete: in order of their first lines, but the precursor of
	 * a shutdown, which comes at the shutdown's end.
	 */
	void (*on_finding)(void *arg, const struct finding *finding);
	void *arg;
};

/* rules: borrowed until classifier_free; NULL: findings without known issues. */
struct classifier *classifier_new(const struct rules *rules,
				  const struct classifier_sink *sink);
/* The stream begins so many lines and bytes behind the begin of what numbers count from. */
void classifier_begin_at(struct classifier *c, uint64_t lines, uint64_t offset);
void classifier_feed(struct classifier *c, const void *bytes, size_t n);
/*
 * The console has been quiet: reports that are open end here; the stream goes on. A
 * shutdown may pause: its precursor still waits.
 */
void classifier_quiet(struct classifier *c);
/* Somebody judges now: what waits for the end of a shutdown is handed over, too. */
void classifier_flush(struct classifier *c);
/* End of input: the last line may lack its newline. */
void classifier_end(struct classifier *c);
void classifier_free(struct classifier *c);

/*
 * Where the next line belongs, set by the run that drives the target. Without it phases
 * follow from markers and milestones alone; the two must agree, as classify on a
 * finished run knows only the console.
 */
void classifier_set_phase(struct classifier *c, unsigned int cycle, enum phase phase);
/* From the next line on only markers with this number (classify/ticket.h) are believed. */
void classifier_expect(struct classifier *c, uint32_t nonce);
