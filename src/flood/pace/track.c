// SPDX-License-Identifier: GPL-2.0-or-later
#include "track.h"

#include "base/num.h"

#include <stdlib.h>

/* Every how manieth request probes a family that does not answer. */
#define TURN_PROBE 32

/* -- round-trip times ------------------------------------------------------------------- */

/* Up to RTT_STEPS one a microsecond, then RTT_STEPS each time the time doubles. */
static unsigned int bucket_of(uint32_t us)
{
	unsigned int shift, bucket;

	if (us < RTT_STEPS)
		return us;
	shift = 27 - (unsigned int)__builtin_clz(us);
	bucket = shift * RTT_STEPS + (us >> shift);
	return bucket < RTT_BUCKETS ? bucket : RTT_BUCKETS - 1;
}

/* The largest time of a bucket. */
static uint32_t bucket_max(unsigned int bucket)
{
	unsigned int shift = bucket / RTT_STEPS;

	if (bucket < 2 * RTT_STEPS)
		return bucket;
	shift--;
	return ((RTT_STEPS + bucket % RTT_STEPS + 1) << shift) - 1;
}

void rtt_add(struct rtt *rtt, uint64_t us)
{
	uint32_t time = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;

	rtt->n++;
	rtt->counts[bucket_of(time)]++;
	if (time > rtt->max_us)
		rtt->max_us = time;
}

uint32_t rtt_permille(const struct rtt *rtt, unsigned int permille)
{
	uint64_t want = rtt->n * permille, seen = 0;

	if (!rtt->n)
		return 0;
	for (unsigned int i = 0; i + 1 < RTT_BUCKETS; i++) {
		seen += rtt->counts[i];
		if (seen * 1000 >= want && seen)
			return bucket_max(i) < rtt->max_us ? bucket_max(i) : rtt->max_us;
	}
	return rtt->max_us;
}

/* -- requests and replies --------------------------------------------------------------- */

void track_init(struct pace_track *t, const struct flood_spec *spec,
		const struct frame_mark *mark)
{
	memset(t, 0, sizeof(*t));
	t->spec = *spec;
	t->mark = *mark;
	turns_init(&t->turns, spec);
	/* Not from 0, so that a replayed or guessed reply to an early request fails. */
	t->seq = (uint32_t)(mark->cookie >> 13);
	t->aged = t->seq;
	for (size_t i = 0; i < FLOOD_KINDS; i++)
		t->oldest[i] = t->seq;
	for (size_t i = 0; i < sizeof(t->pad); i++)
		t->pad[i] = frame_pad_byte(i);
}

static bool heard(const struct pace_track *t, enum flood_family family, uint64_t now)
{
	uint64_t last = t->heard_ns[family == FLOOD_V6];

	return last && now - last < TRACK_SILENCE_NS;
}

enum flood_family track_turn(struct pace_track *t, enum flood_kind kind, uint64_t now)
{
	enum flood_family family = t->spec.family & flood_kind_families(kind);
	bool v4, v6;

	if (family != FLOOD_BOTH)
		return family;
	t->turn++;
	v4 = heard(t, FLOOD_V4, now);
	v6 = heard(t, FLOOD_V6, now);
	if (v4 == v6)
		return t->turn % 2 ? FLOOD_V4 : FLOOD_V6;
	return v4 == (t->turn % TURN_PROBE != 0) ? FLOOD_V4 : FLOOD_V6;
}

static struct track_request *request_of(struct pace_track *t, uint32_t seq)
{
	return &t->ring[seq % TRACK_RING];
}

static void age_one(struct pace_track *t)
{
	struct track_request *request = request_of(t, t->aged++);

	if (request->state != TRACK_OUT || t->counted)
		return;
	request->state = TRACK_LOST;
	t->lost += flood_kind_answers((enum flood_kind)request->kind);
}

/* Of those that were out so long ago; which ones that were, nobody knows. */
static void age_counted(struct pace_track *t, uint64_t now)
{
	uint64_t asked = 0;

	for (unsigned int i = 0; i < TRACK_LOOKS; i++)
		if (t->looked_ns[i] && t->looked_ns[i] + TRACK_LOST_NS <= now &&
		    t->asked_then[i] > asked)
			asked = t->asked_then[i];
	t->lost = asked > t->answered ? asked - t->answered : 0;
	t->asked_then[t->look % TRACK_LOOKS] = t->asked;
	t->looked_ns[t->look++ % TRACK_LOOKS] = now;
}

void track_age(struct pace_track *t, uint64_t now)
{
	if (t->counted) {
		age_counted(t, now);
		return;
	}
	while (t->aged != t->seq &&
	       request_of(t, t->aged)->sent_ns + TRACK_LOST_NS <= now)
		age_one(t);
}

uint32_t track_sent(struct pace_track *t, enum flood_kind kind, enum flood_family family,
		    uint64_t now)
{
	if (t->seq - t->aged >= TRACK_RING)
		age_one(t);
	*request_of(t, t->seq) = (struct track_request){
		.sent_ns = now,
		.kind = (uint8_t)kind,
		.family = (uint8_t)family,
		.state = TRACK_OUT,
	};
	t->asked += flood_kind_answers(kind);
	return t->seq++;
}

void track_untaken(struct pace_track *t, uint32_t seq)
{
	struct track_request *request = request_of(t, seq);

	request->state = TRACK_FREE;
	t->asked -= flood_kind_answers((enum flood_kind)request->kind);
}

static void note_time(struct pace_track *t, uint32_t rate, uint64_t now)
{
	uint64_t silence = TRACK_SILENCE_NS;

	/* At one request a second each reply would come after a "silence". */
	if (rate && 3 * NS_PER_SEC / rate > silence)
		silence = 3 * NS_PER_SEC / rate;
	if (!t->last_reply_ns || now >= t->last_reply_ns + silence)
		t->first_reply_ns = now;
	if (now > t->last_reply_ns)
		t->last_reply_ns = now;
}

static void note_heard(struct pace_track *t, enum flood_family family, uint32_t rate,
		       uint64_t now)
{
	note_time(t, rate, now);
	t->heard_ns[family == FLOOD_V6] = now;
}

void track_set_replies(struct pace_track *t, uint64_t n, uint32_t rate, uint64_t now)
{
	t->counted = true;
	if (n > t->replies)
		note_time(t, rate, now);
	t->replies = t->answered = n;
}

/* The request that is answered is done with. */
static void settle(struct pace_track *t, struct track_request *request)
{
	if (request->state == TRACK_LOST)
		t->lost -= flood_kind_answers((enum flood_kind)request->kind);
	request->state = TRACK_ANSWERED;
}

static bool is_damaged(const struct pace_track *t, const struct frame_echo *echo,
		       uint32_t seq, struct text rest)
{
	uint32_t size = flood_spec_size(&t->spec, seq);

	if (echo->kind == FLOOD_TCP)
		return false;
	if (echo->part ? echo->payload.n > size : echo->payload.n != size)
		return true;
	return memcmp(rest.s, t->pad, rest.n) != 0;
}

/* The number of the request in the answer; false: it is not ours, or has none. */
static bool find_number(const struct pace_track *t, const struct frame_echo *echo,
			struct text *rest, uint32_t *ret)
{
	uint64_t cookie;

	*rest = echo->payload;
	if (echo->kind == FLOOD_TCP) {
		*ret = echo->number ^ (uint32_t)t->mark.cookie;
		return true;
	}
	if (!frame_parse_tag(rest, &cookie, ret) || cookie != t->mark.cookie)
		return false;
	return echo->kind != FLOOD_ICMP ||
	       (echo->ident == t->mark.ident && (uint16_t)*ret == echo->seq);
}

/* Only the last TRACK_RING numbers are in the ring, each under its own. */
static struct track_request *find_request(struct pace_track *t,
					  const struct frame_echo *echo, uint32_t seq)
{
	struct track_request *request = request_of(t, seq);

	if (t->seq - seq - 1 >= TRACK_RING || request->state == TRACK_FREE ||
	    request->kind != echo->kind || request->family != echo->family)
		return NULL;
	return request;
}

static void note_rtt(struct pace_track *t, const struct track_request *request,
		     uint64_t now)
{
	uint64_t us = 0;

	/* A time that was another clock's may lie a little before: path_want_times. */
	if (now > request->sent_ns)
		us = (now - request->sent_ns) / NS_PER_USEC;
	rtt_add(&t->rtt, us);
	if (t->n_rtts < TRACK_RTTS)
		t->rtts_us[t->n_rtts++] = (uint32_t)us;
}

static bool take_numbered(struct pace_track *t, const struct frame_echo *echo,
			  uint32_t seq, struct text rest, uint64_t now)
{
	struct track_request *request = find_request(t, echo, seq);

	if (!request)
		return false;
	if (request->state == TRACK_ANSWERED) {
		t->duplicates++;
		return false;
	}
	settle(t, request);
	if (is_damaged(t, echo, seq, rest)) {
		t->bad++;
		return false;
	}
	note_rtt(t, request, now);
	return true;
}

/* Of the oldest one that is out: when requests were lost, its time says nothing. */
static bool take_oldest(struct pace_track *t, enum flood_kind kind)
{
	uint32_t *seq = &t->oldest[kind];

	if (t->seq - *seq > TRACK_RING)
		*seq = t->seq - TRACK_RING;
	for (; *seq != t->seq; ++*seq) {
		struct track_request *request = request_of(t, *seq);

		if (request->kind != kind || request->state != TRACK_OUT)
			continue;
		settle(t, request);
		return true;
	}
	t->duplicates++;
	return false;
}

static bool take(struct pace_track *t, const struct frame_echo *echo, uint64_t now)
{
	struct text rest;
	uint32_t seq;

	if (echo->kind == FLOOD_ARP || echo->kind == FLOOD_ND)
		return take_oldest(t, echo->kind);
	return find_number(t, echo, &rest, &seq) &&
	       take_numbered(t, echo, seq, rest, now);
}

/* Answers without a number that tell of the target, but of no request. */
static bool is_report(const struct pace_track *t, const struct frame_echo *echo)
{
	uint64_t cookie;
	uint32_t seq;
	struct text rest = echo->payload;

	if (echo->kind == FLOOD_IGMP || echo->kind == FLOOD_MLD)
		return true;
	/* Of a service, which may say what it likes. */
	return echo->kind == FLOOD_UDP && !echo->part && t->spec.udp_port &&
	       (!frame_parse_tag(&rest, &cookie, &seq) || cookie != t->mark.cookie);
}

bool track_reply(struct pace_track *t, const struct frame_echo *echo, uint32_t rate,
		 uint64_t now)
{
	/* Of kinds that are not sent, what comes is not about us. */
	if (echo->kind != FLOOD_ICMP && !(t->spec.kinds & FLOOD_KIND(echo->kind)))
		return false;
	if (is_report(t, echo)) {
		t->reports++;
		note_heard(t, echo->family, rate, now);
		return false;
	}
	if (!take(t, echo, now))
		return false;
	if (!t->counted) {
		t->replies++;
		t->answered += flood_kind_answers(echo->kind);
	}
	note_heard(t, echo->family, rate, now);
	return true;
}

static int compare_rtts(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint32_t track_take_rtt(struct pace_track *t)
{
	unsigned int n = t->n_rtts;

	if (!n)
		return 0;
	qsort(t->rtts_us, n, sizeof(t->rtts_us[0]), compare_rtts);
	t->n_rtts = 0;
	/* 0 says "none". */
	return t->rtts_us[n / 2] ? t->rtts_us[n / 2] : 1;
}
