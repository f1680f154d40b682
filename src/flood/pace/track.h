/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which requests are out, and what came back for them. Pure: time is handed in
 * (CLOCK_BOOTTIME ns).
 */
#pragma once

#include "flood/wire/mix.h"

/* Requests remembered; a reply to an older one is not counted. */
#define TRACK_RING 32768u
/* Round-trip times kept for one sample's median. */
#define TRACK_RTTS 512u

/* A target is silent after this time without a reply, or three requests' time. */
#define TRACK_SILENCE_NS (500 * NS_PER_MSEC)
/* A request that should be answered is lost after this time; a later reply takes it back. */
#define TRACK_LOST_NS NS_PER_SEC

/* Looks within that time, and some more. */
#define TRACK_LOOKS 16u

/*
 * A histogram of round-trip times: fixed size, exact to a sixteenth, up to a minute. Adding
 * one costs as much as looking at it.
 */
#define RTT_STEPS   16u /* of each doubling */
#define RTT_BUCKETS (RTT_STEPS * 24u)

struct rtt {
	uint64_t n;
	uint32_t max_us;
	uint32_t counts[RTT_BUCKETS];
};

void rtt_add(struct rtt *rtt, uint64_t us);
/* At most this many of a thousand took longer; 0 when there are none. */
uint32_t rtt_permille(const struct rtt *rtt, unsigned int permille);

enum track_state {
	TRACK_FREE, /* not sent */
	TRACK_OUT,
	TRACK_LOST,
	TRACK_ANSWERED,
};

struct track_request {
	uint64_t sent_ns;
	uint8_t kind, family, state; /* enum flood_kind, flood_family, track_state */
};

struct pace_track {
	struct flood_spec spec;
	struct frame_mark mark;
	struct turns turns;
	uint32_t seq;  /* of the next request */
	uint32_t aged; /* before this one, all were looked at for being lost */
	uint32_t oldest[FLOOD_KINDS]; /* before this one, none of this kind is out */
	unsigned int turn;
	uint64_t asked;    /* sent requests of kinds that are answered one by one */
	uint64_t answered; /* replies to those */
	uint64_t replies;  /* to all */
	bool counted;      /* by others, only a sample comes by here: track_set_replies */
	uint64_t asked_then[TRACK_LOOKS]; /* at the last looks for what is lost */
	uint64_t looked_ns[TRACK_LOOKS];
	unsigned int look;
	uint64_t reports; /* answers that belong to no single request */
	uint64_t bad;     /* replies to our requests whose content came back damaged */
	uint64_t lost, duplicates;
	uint64_t first_reply_ns, last_reply_ns;
	uint64_t heard_ns[2]; /* last reply: v4, v6 */
	struct rtt rtt;       /* of all replies */
	unsigned int n_rtts;
	uint32_t rtts_us[TRACK_RTTS];
	struct track_request ring[TRACK_RING];
	uint8_t pad[65536]; /* what stands behind the tag */
};

void track_init(struct pace_track *t, const struct flood_spec *spec,
		const struct frame_mark *mark);

/*
 * The family of a request of this kind: alternating; but when one family answers and the other does not (the target
 * has no address of it, or is still checking it for duplicates), the silent one is only
 * probed now and then, so that the load stays whole.
 */
enum flood_family track_turn(struct pace_track *t, enum flood_kind kind, uint64_t now);
/* A request goes out: its sequence number. */
uint32_t track_sent(struct pace_track *t, enum flood_kind kind, enum flood_family family,
		    uint64_t now);
/* The path did not take it after all. */
void track_untaken(struct pace_track *t, uint32_t seq);

/*
 * An answer. True when it is the first one to a request that is out, and undamaged. Those
 * without a number (ARP, neighbour discovery) are of the oldest request that is out.
 * rate: requests a second now, for what counts as silence.
 */
bool track_reply(struct pace_track *t, const struct frame_echo *echo, uint32_t rate,
		 uint64_t now);

/*
 * Replies were counted by others: n of them until now. Those that come by track_reply are
 * a sample of them; duplicates among the others are replies.
 */
void track_set_replies(struct pace_track *t, uint64_t n, uint32_t rate, uint64_t now);

/* Counts the requests that are lost by now; each sample. */
void track_age(struct pace_track *t, uint64_t now);

/* Median of the round-trip times since the last call in microseconds, 0 = none. */
uint32_t track_take_rtt(struct pace_track *t);
