/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which echo requests are out, and what came back for them. Pure: time is handed in
 * (CLOCK_BOOTTIME ns).
 */
#pragma once

#include "load/frame.h"

/* Requests remembered; a reply to an older one is not counted. */
#define TRACK_RING 32768u
/* Round-trip times kept for one sample's median. */
#define TRACK_RTTS 512u

/* A target is silent after this time without a reply, or three requests' time. */
#define TRACK_SILENCE_NS (500 * NS_PER_MSEC)

struct track_request {
	uint64_t sent_ns; /* 0: not sent, or answered */
	enum flood_family family;
};

struct track {
	enum flood_family family; /* asked for */
	struct frame_mark mark;
	uint32_t size; /* payload bytes, tag included */
	uint32_t seq;  /* of the next request */
	unsigned int turn;
	uint64_t replies;
	uint64_t bad; /* replies to our requests whose content came back damaged */
	uint64_t first_reply_ns, last_reply_ns;
	uint64_t heard_ns[2]; /* last reply: v4, v6 */
	unsigned int n_rtts;
	uint32_t rtts_us[TRACK_RTTS];
	struct track_request ring[TRACK_RING];
	uint8_t pad[65536]; /* what stands behind the tag */
};

void track_init(struct track *t, enum flood_family family, const struct frame_mark *mark,
		uint32_t size);

/*
 * The family of the next request: alternating; but when one family answers and the other
 * does not (the target has no address of it, or is still checking it for duplicates), the
 * silent one is only probed now and then, so that the load stays whole.
 */
enum flood_family track_turn(struct track *t, uint64_t now);
/* A request goes out: its sequence number. */
uint32_t track_sent(struct track *t, enum flood_family family, uint64_t now);
/* The path did not take it after all. */
void track_untaken(struct track *t, uint32_t seq);

/*
 * A reply. True when it is the first one to a request that is out, and undamaged.
 * rate: requests a second now, for what counts as silence.
 */
bool track_reply(struct track *t, const struct frame_echo *echo, uint32_t rate,
		 uint64_t now);

/* Median of the round-trip times since the last call in microseconds, 0 = none. */
uint32_t track_take_rtt(struct track *t);
