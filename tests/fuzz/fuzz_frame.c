// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a target sends, as a frame and as the packets of raw sockets: nothing may be read
 * out of bounds, what is taken must lie within what came, and an answer must be whole. The
 * first byte chooses between bytes as they are, and a good frame with bytes changed: three
 * input bytes a change, the checksum, which nobody could guess, put right.
 */
#include "load/bytes.h"
#include "load/track.h"
#include "unit/flood_wire.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct frame_mark mark = { .cookie = 0x0123456789abcdef, .ident = 0xbeef };

enum kind { BYTES, ARP, SOLICITATION, REPLY_V4, REPLY_V6, KINDS };

static size_t make_reply(enum flood_family family, uint8_t frame[FRAME_MAX])
{
	struct frame_template t;
	struct frame_ends ends;

	wire_ends(&ends);
	frame_template_init(&t, family, &ends, &mark, 64);
	frame_head(&t, (uint32_t)(mark.cookie >> 13), frame);
	for (size_t i = 0; i < 64 - FRAME_TAG; i++)
		frame[t.head_len + i] = frame_pad_byte(i);
	(void)wire_reply(frame);
	return t.head_len + 64 - FRAME_TAG;
}

static size_t make_frame(enum kind kind, uint8_t frame[FRAME_MAX])
{
	switch (kind) {
	case ARP:
		return wire_arp_request(frame);
	case SOLICITATION:
		return wire_solicitation(frame);
	case REPLY_V4:
		return make_reply(FLOOD_V4, frame);
	default:
		return make_reply(FLOOD_V6, frame);
	}
}

/* The length of the frame that this input stands for. */
static size_t read_input(const uint8_t *data, size_t size, uint8_t frame[FRAME_MAX])
{
	enum kind kind = (enum kind)(data[0] % KINDS);
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
	static struct track track;

	assert(echo->payload.s >= whole.s &&
	       echo->payload.s + echo->payload.n <= whole.s + whole.n);
	/* Once: it is large. */
	if (!track.size)
		track_init(&track, FLOOD_BOTH, &mark, 64);
	track.seq = (uint32_t)(mark.cookie >> 13);
	track.replies = track.bad = track.n_rtts = 0;
	track_sent(&track, FLOOD_V4, 1);
	(void)track_reply(&track, echo, 1000, 2);
	(void)track_reply(&track, echo, 1000, 3);
	assert(track.replies + track.bad <= 1);
}

static void check_answer(const struct frame_ends *ends, struct text frame)
{
	uint8_t answer[FRAME_ANSWER];
	size_t n = frame_answer(ends, frame, answer);

	assert(n == 0 || n == 42 || n == FRAME_ANSWER);
	assert(n == 0 || !memcmp(answer + 6, ends->our_mac, FRAME_MAC));
	assert(n == 0 || !(answer[0] & 1));
	assert(n != FRAME_ANSWER || wire_sums_ok(answer));
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
	wire_ends(&ends);
	n = read_input(data, size, bytes);
	/* Of its exact size, so that the sanitizer sees a byte too far. */
	exact = xcalloc(n, 1);
	memcpy(exact, bytes, n);
	frame = (struct text){ (const char *)exact, n };
	if (frame_parse_echo(&ends, frame, &echo))
		check_echo(&echo, frame);
	if (frame_parse_echo_ipv4(text_from(frame, 14), &echo))
		check_echo(&echo, frame);
	if (frame_parse_echo_icmp(FLOOD_V6, text_from(frame, 54), &echo))
		check_echo(&echo, frame);
	check_answer(&ends, frame);
	free(exact);
	return 0;
}
