/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to send how many requests. Pure: time and counters are handed in, so that a test
 * can play any target. Three states (enum flood_state): probe until the target answers,
 * look for the rate it keeps up with, hold that rate whatever happens.
 */
#pragma once

#include "flood/flood.h"

/* While nothing has answered yet, and below what no target is slowed down. */
#define PACE_PROBE 50u
#define PACE_FLOOR 50u
/*
 * Of the requests; with fewer replies for two seconds, or with a standing queue (round
 * trips ten times the quickest and over 100 ms), the rate is lowered.
 */
#define PACE_POOR_PERCENT 60u
/*
 * A target that goes down needs its shell no longer: what is pressed is so many times the
 * rate, and at least so much that its receive ring never runs empty.
 */
#define PACE_PRESS_FACTOR 4u
#define PACE_PRESS_MIN    20000u
/* Most requests that are due at once: what a millisecond or two late is made up for. */
#define PACE_BACKLOG_NS (10 * NS_PER_MSEC)
#define PACE_BATCH      64u

/* Since the start. */
struct pace_counts {
	uint64_t sent, drops;
	uint64_t unasked; /* of sent: kinds that are not answered one by one */
	uint64_t replies; /* to the others */
	uint32_t rtt_us;  /* median of late, 0 = unknown */
};

struct pace {
	enum flood_state state;
	uint32_t rate;   /* now */
	uint32_t wanted; /* of the spec, or what its bits or bursts amount to */
	uint32_t mbits;  /* 10^6 bits a second, in place of wanted; 0 = no */
	uint32_t burst;  /* requests at once, in place of wanted; 0 = no */
	uint64_t burst_ns;
	/*
	 * Since when the target is known to be up (the caller sets it), or was given less; 0:
	 * it is not, and silence is the moment that all this is about. One that is up is
	 * drowned by what it could answer before, and only less of it will ever let it
	 * answer. Only where the rate is ours to choose (FLOOD_RATE_AUTO).
	 */
	uint64_t up_ns;

	/* RAMP: this step. HOLD: this look. */
	uint64_t mark_ns;
	struct pace_counts base;

	/* The rate is no choice of the state's. */
	struct pace_drive {
		enum { DRIVE_NOT, DRIVE_PRESS, DRIVE_SURGE } by;
		uint64_t begin_ns;
		uint64_t heard_ns, replies; /* of a surge: the last ones */
		uint32_t calm_rate;         /* to go back to */
	} drive;

	/* In requests x NS_PER_SEC, or bits x 1000. */
	struct pace_bucket {
		int64_t credit;
		uint64_t cost; /* of a request: NS_PER_SEC, or what the last ones had */
		uint64_t filled_ns, next_burst_ns;
		uint64_t overflow; /* credit that did not fit since pace_take_overflow */
		uint64_t debt;     /* of it, still to be made up for */
	} bucket;

	struct pace_ramp {
		uint64_t begin_ns;
		bool measuring, draining;
		uint32_t next;              /* rate after the drain */
		unsigned int misses, tries; /* of this step, of this ramp */
		uint32_t best;              /* replies a second */
		uint32_t rtt_us;            /* of the quickest step */
	} ramp;

	struct pace_hold {
		uint64_t heard_ns;         /* last look with replies */
		uint64_t poor_ns, calm_ns; /* since when, 0 = is not */
		struct pace_counts poor_base;
		unsigned int looks; /* ramps that a doubt has led to */
		bool doubt;   /* the target may do more: this rate is of a bad time */
		bool trusted; /* a ramp in peace has been made: a slow target is slow */
	} hold;
};

/* bits: of a request on the wire, on average; only told where the spec has mbits. */
void pace_init(struct pace *p, const struct flood_spec *spec, uint32_t bits,
	       uint64_t now);
/* Nobody will tell of replies: the wanted rate, which is not FLOOD_RATE_AUTO, at once. */
void pace_deaf(struct pace *p, uint64_t now);
/* Tells what was sent and answered until now; each millisecond or so, and each sample. */
void pace_feed(struct pace *p, uint64_t now, const struct pace_counts *counts);
/*
 * From now on as much as brings the target to its limits, replies or not; and back to what
 * it keeps up with, which also happens by itself after ten seconds. Only where the rate
 * is ours to choose (FLOOD_RATE_AUTO).
 */
void pace_press(struct pace *p, uint64_t now);
void pace_release(struct pace *p, uint64_t now, const struct pace_counts *counts);

/*
 * FLOOD_RATE_MAX until the target is silent, whatever the spec's rate is, for ten seconds
 * at most. Pressing does nothing meanwhile, and a release ends it.
 */
void pace_surge(struct pace *p, uint64_t now, const struct pace_counts *counts);

/* Requests to send now, at most PACE_BATCH. */
unsigned int pace_due(struct pace *p, uint64_t now);
/* n of them were sent, which took so many bits of the wire (told as for pace_init). */
void pace_spend(struct pace *p, unsigned int n, uint64_t bits);
/*
 * Requests that could not be sent in time since the last call. Those that the path would
 * have taken are owed: a wanted rate makes up for them.
 */
uint64_t pace_take_overflow(struct pace *p, bool owed);
/* When the next request is due; now or earlier: at once. */
uint64_t pace_next_ns(const struct pace *p, uint64_t now);
