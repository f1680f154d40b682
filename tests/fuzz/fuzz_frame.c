// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a target sends, as a frame and as the packets of raw sockets: nothing may be read
 * out of bounds, what is taken must lie within what came, and an answer must be whole. The
 * first byte chooses between bytes as they are, and a good frame with bytes changed: three
 * input bytes a change, the checksum, which nobody could guess, put right.
 */
#include "flood/pace/track.h"
#include "flood/wire/bytes.h"
#include "unit/flood_wire.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct frame_mark mark = { .cookie = 0x0123456789abcdef, .ident = 0xbeef };

enum {
	BYTES,
	ARP,
	SOLICITATION,
	REPLY_V4, /* of each kind, in both families where it has them */
	REPLY_V6 = REPLY_V4 + FLOOD_KINDS,
	UDP_ECHO = REPLY_V6 + FLOOD_KINDS,
	CASES
};

static void fuzz_ends(struct frame_ends *ends)
{
	wire_ends(ends);
	ends->addresses = 3;
}

static size_t make_reply(enum flood_kind kind, enum flood_family family,
			 uint8_t frame[FRAME_MAX])
{
	uint8_t request[FRAME_MAX];
	struct frame_ends ends;
	size_t n;

	fuzz_ends(&ends);
	family = family & flood_kind_families(kind) ? family : flood_kind_families(kind);
	n = wire_make(&ends, &mark, kind, family, (uint32_t)(mark.cookie >> 13), request,
		      64);
	switch (kind) {
	case FLOOD_UDP:
		return wire_unreachable(request, n - 14, frame);
	case FLOOD_TCP:
		return wire_tcp_answer(request, 0x14, frame);
	case FLOOD_ARP:
		return wire_arp_reply(request, frame);
	case FLOOD_ND:
		return wire_advertisement(request, frame);
	case FLOOD_IGMP:
		return wire_igmp_report(frame);
	case FLOOD_MLD:
		return wire_mld_report(frame);
	default:
		memcpy(frame, request, n);
		(void)wire_reply(frame);
		return n;
	}
}

static size_t make_udp_echo(uint8_t frame[FRAME_MAX])
{
	uint8_t request[FRAME_MAX];
	struct frame_ends ends;

	fuzz_ends(&ends);
	return wire_udp_echo(request,
			     wire_make(&ends, &mark, FLOOD_UDP, FLOOD_V4,
				       (uint32_t)(mark.cookie >> 13), request, 64),
			     frame);
}

static size_t make_frame(unsigned int which, uint8_t frame[FRAME_MAX])
{
	if (which == ARP)
		return wire_arp_request(frame);
	if (which == SOLICITATION)
		return wire_solicitation(frame);
	if (which == UDP_ECHO)
		return make_udp_echo(frame);
	return which < REPLY_V6 ? make_reply(which - REPLY_V4, FLOOD_V4, frame) :
				  make_reply(which - REPLY_V6, FLOOD_V6, frame);
}

/* Puts the frame into a VLAN. */
static size_t add_tag(uint8_t frame[FRAME_MAX], size_t n)
{
	if (n < 12 || n + 4 > FRAME_MAX)
		return n;
	memmove(frame + 16, frame + 12, n - 12);
	memcpy(frame + 12, "\x81\0\0\x09", 4);
	return n + 4;
}

/* The length of the frame that this input stands for. */
static size_t read_input(const uint8_t *data, size_t size, uint8_t frame[FRAME_MAX])
{
	unsigned int kind = (data[0] & 0x3f) % CASES;
	size_t n, cut = 0;

	if (kind == BYTES) {
		memcpy(frame, data + 1, size - 1);
		return size - 1;
	}
	n = make_frame(kind, frame);
	for (size_t i = 1; i + 2 < size; i += 3) {
		size_t at = get16(data + i);

		if (at < n)
			frame[at] = data[i + 2];
		else
			cut = at - n;
	}
	if (kind == SOLICITATION && data[0] & 0x80 && wire_is_v6(frame) &&
	    wire_icmp_len(frame) == 32)
		wire_set_icmp_sum(frame);
	return cut < n ? n - cut : n;
}

static void check_echo(const struct frame_echo *echo, struct text whole)
{
	static struct pace_track track;
	struct flood_spec spec = FLOOD_SPEC_DEFAULT;
	uint32_t seq = (uint32_t)(mark.cookie >> 13);

	assert(!echo->payload.n ||
	       (echo->payload.s >= whole.s &&
		echo->payload.s + echo->payload.n <= whole.s + whole.n));
	assert(echo->kind < FLOOD_KINDS);
	assert(echo->family & flood_kind_families(echo->kind));
	/* Once: it is large. */
	spec.size = 64;
	spec.kinds = (1u << FLOOD_KINDS) - 1;
	if (!track.spec.size)
		track_init(&track, &spec, &mark);
	track.seq = track.aged = seq;
	for (size_t i = 0; i < FLOOD_KINDS; i++)
		track.oldest[i] = seq;
	track.replies = track.bad = track.n_rtts = track.duplicates = track.reports = 0;
	track_sent(&track, echo->kind, echo->family, 1);
	(void)track_reply(&track, echo, 1000, 2);
	(void)track_reply(&track, echo, 1000, 3);
	assert(track.replies + track.bad <= 1);
	assert(track.replies + track.bad + track.duplicates + track.reports <= 2);
}

static void check_answer(const struct frame_ends *ends, struct text frame)
{
	uint8_t answer[FRAME_ANSWER];
	size_t n = frame_answer(ends, frame, answer), tag = ends->vlan ? 4 : 0;

	assert(n == 0 || n == 42 + tag || n == 86 + tag);
	assert(n == 0 || !memcmp(answer + 6, ends->our_mac, FRAME_MAC));
	assert(n == 0 || !(answer[0] & 1));
	if (n != 86 + tag)
		return;
	memmove(answer + 12, answer + 12 + tag, n - 12 - tag);
	assert(wire_sums_ok(answer));
	assert(memcmp(answer + 62, &ends->target_v6, 16) != 0);
}

static void check_frame(const struct frame_ends *ends, struct text frame)
{
	struct frame_echo echo;

	if (frame_parse_echo(ends, frame, &echo))
		check_echo(&echo, frame);
	check_answer(ends, frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[FRAME_MAX], *exact;
	struct frame_ends ends;
	struct frame_echo echo;
	struct text frame;
	size_t n;

	if (size < 1 || size - 1 > sizeof(bytes))
		return 0;
	fuzz_ends(&ends);
	n = read_input(data, size, bytes);
	if (data[0] & 0x40) {
		n = add_tag(bytes, n);
		ends.vlan = 9;
	}
	/* Of its exact size, so that the sanitizer sees a byte too far. */
	exact = xcalloc(n, 1);
	memcpy(exact, bytes, n);
	frame = (struct text){ (const char *)exact, n };
	check_frame(&ends, frame);
	if (frame_parse_echo_ipv4(text_from(frame, 14), &echo))
		check_echo(&echo, frame);
	if (frame_parse_echo_icmp(FLOOD_V6, text_from(frame, 54), &echo))
		check_echo(&echo, frame);
	free(exact);
	return 0;
}
