// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/track.h"

#include "base/num.h"

#include <stdlib.h>

/* Every how manieth request probes a family that does not answer. */
#define TURN_PROBE 32

void track_init(struct track *t, enum flood_family family, const struct frame_mark *mark,
		uint32_t size)
{
	memset(t, 0, sizeof(*t));
	t->family = family;
	t->mark = *mark;
	t->size = size;
	/* Not from 0, so that a replayed or guessed reply to an early request fails. */
	t->seq = (uint32_t)(mark->cookie >> 13);
	for (size_t i = 0; i < sizeof(t->pad); i++)
		t->pad[i] = frame_pad_byte(i);
}

static bool heard(const struct track *t, enum flood_family family, uint64_t now)
{
	uint64_t last = t->heard_ns[family == FLOOD_V6];

	return last && now - last < TRACK_SILENCE_NS;
}

enum flood_family track_turn(struct track *t, uint64_t now)
{
	bool v4, v6;

	if (t->family != FLOOD_BOTH)
		return t->family;
	t->turn++;
	v4 = heard(t, FLOOD_V4, now);
	v6 = heard(t, FLOOD_V6, now);
	if (v4 == v6)
		return t->turn % 2 ? FLOOD_V4 : FLOOD_V6;
	return v4 == (t->turn % TURN_PROBE != 0) ? FLOOD_V4 : FLOOD_V6;
}

uint32_t track_sent(struct track *t, enum flood_family family, uint64_t now)
{
	t->ring[t->seq % TRACK_RING] = (struct track_request){ now, family };
	return t->seq++;
}

void track_untaken(struct track *t, uint32_t seq)
{
	t->ring[seq % TRACK_RING].sent_ns = 0;
}

static void note_reply(struct track *t, enum flood_family family, uint32_t rate,
		       uint64_t now)
{
	uint64_t silence = TRACK_SILENCE_NS;

	/* At one request a second each reply would come after a "silence". */
	if (rate && 3 * NS_PER_SEC / rate > silence)
		silence = 3 * NS_PER_SEC / rate;
	if (!t->last_reply_ns || now - t->last_reply_ns >= silence)
		t->first_reply_ns = now;
	t->last_reply_ns = now;
	t->heard_ns[family == FLOOD_V6] = now;
	t->replies++;
}

bool track_reply(struct track *t, const struct frame_echo *echo, uint32_t rate,
		 uint64_t now)
{
	struct text rest = echo->payload;
	struct track_request *request;
	uint64_t cookie;
	uint32_t seq;

	if (echo->ident != t->mark.ident || !frame_parse_tag(&rest, &cookie, &seq) ||
	    cookie != t->mark.cookie || (uint16_t)seq != echo->seq)
		return false;
	request = &t->ring[seq % TRACK_RING];
	/* Only the last TRACK_RING numbers are in the ring, each under its own. */
	if (t->seq - seq - 1 >= TRACK_RING || !request->sent_ns ||
	    request->family != echo->family)
		return false;
	if (echo->payload.n != t->size || memcmp(rest.s, t->pad, rest.n)) {
		request->sent_ns = 0;
		t->bad++;
		return false;
	}
	if (t->n_rtts < TRACK_RTTS)
		t->rtts_us[t->n_rtts++] =
			(uint32_t)((now - request->sent_ns) / NS_PER_USEC);
	request->sent_ns = 0;
	note_reply(t, echo->family, rate, now);
	return true;
}

static int compare_rtts(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t track_take_rtt(struct track *t)
{
	unsigned int n = t->n_rtts;

	if (!n)
		return 0;
	qsort(t->rtts_us, n, sizeof(t->rtts_us[0]), compare_rtts);
	t->n_rtts = 0;
	/* 0 says "none". */
	return t->rtts_us[n / 2] ? t->rtts_us[n / 2] : 1;
}
