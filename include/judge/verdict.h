/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what was seen in a cycle to its outcome. Pure. */
#pragma once

#include "classify/finding.h"
#include "judge/attempt.h"

enum outcome {
	OUTCOME_PASS,
	/* From here to GONE: something was found. */
	OUTCOME_SPLAT,   /* a kernel report or precursor; the target survived */
	OUTCOME_CRASH,   /* oops, panic, or a restart nobody asked for */
	OUTCOME_HANG,    /* silence beyond the limit of a phase */
	OUTCOME_LOST,    /* did not come back, even after recovery */
	OUTCOME_GONE,    /* unplug: the device did not come back, the target did */
	OUTCOME_INVALID, /* could not be measured */
	OUTCOME_BLOCKED, /* unplug: it waited for the user; no failure */
	OUTCOME_BUSY,    /* unplug: the kernel refused; no failure */
	OUTCOME_COUNT
};

const char *outcome_name(enum outcome outcome);
/* Something was found: splat, crash, hang, lost, gone. */
bool outcome_is_hit(enum outcome outcome);

#define VERDICT_REASON_MAX 320

/* Something that must have been seen for a pass. */
struct proof {
	bool held;
	enum phase phase;    /* in which it is given */
	const char *given;   /* in words; NULL: nothing was asked for */
	const char *missing; /* the words for its absence */
};

#define PROOFS_MAX 10

/* Everything of one cycle that the verdict rests on. Durations in ns, 0 = not seen. */
struct cycle_facts {
	unsigned int cycle;
	const struct attempt *attempt; /* NULL: the cycle is not an attempt to unplug */

	/* What the scenario asks of a pass, in the order in which a cycle gives it. */
	struct proof proofs[PROOFS_MAX];
	size_t n_proofs;
	const char *passed; /* what the proofs come to: the words of a pass */

	unsigned int banners;       /* kernel banners since the trigger */
	unsigned int early_banners; /* ... before it: nobody asked for those */
	enum phase restart_phase;   /* in which the first unexpected banner came */

	bool lines_lost; /* the console lacks some of what the kernel said */
	unsigned int splats, faults, precursors; /* findings by type */
	bool oops;       /* a splat that kills its context: oops or BUG, not a WARNING */
	bool panic;      /* the kernel said it panicked */
	char worst[192]; /* title of the most severe finding, "" none */
	enum phase worst_phase; /* of its first line */

	enum phase hang_phase;  /* PHASE_NONE: no hang */
	uint64_t hang_after_ns; /* the limit that passed */
	char last_line[128];    /* of the console at that time */
	bool recovery_failed;   /* no new banner, even after the power was switched */

	enum phase invalid_phase;         /* in which measuring ended */
	char invalid[VERDICT_REASON_MAX]; /* why nothing can be said; "" = measured */
};

struct verdict {
	enum outcome outcome;
	enum phase phase; /* where it was decided */
	char reason[VERDICT_REASON_MAX];
	char proofs[VERDICT_REASON_MAX]; /* what a pass rests on; "": it is none */
};

/* Adds a proof; there is room for PROOFS_MAX. */
void facts_prove(struct cycle_facts *facts, bool held, enum phase phase,
		 const char *given, const char *missing);

/*
 * The first rule of the table in src/judge/verdict.c that holds decides. A pass is what
 * is left when every proof of one is there; a missing proof makes the cycle invalid.
 */
void verdict_of_cycle(const struct cycle_facts *facts, struct verdict *ret);
