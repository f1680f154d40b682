/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target's side of a board's wire, for tests: written apart from src/load, so that
 * one mistake is not made twice. Offsets are those of the RFCs, checksums are taken modulo
 * 65535.
 */
#pragma once

#include "board/board.h"
#include "flood/wire/mix.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define WIRE_TARGET_MAC "\x52\x54\x00\x12\x34\x56"
#define WIRE_PEER_MAC   "\x52\x54\x00\x00\x00\x01"

static inline void wire_ends(struct frame_ends *ends)
{
	memset(ends, 0, sizeof(*ends));
	memcpy(ends->our_mac, WIRE_PEER_MAC, 6);
	memcpy(ends->target_mac, WIRE_TARGET_MAC, 6);
	if (inet_pton(AF_INET, BOARD_NET_PEER_V4, &ends->our_v4) != 1 ||
	    inet_pton(AF_INET, BOARD_NET_TARGET_V4, &ends->target_v4) != 1 ||
	    inet_pton(AF_INET6, BOARD_NET_PEER_V6, &ends->our_v6) != 1 ||
	    inet_pton(AF_INET6, BOARD_NET_TARGET_V6, &ends->target_v6) != 1)
		abort();
}

/* A whole request in frame; returns its length. It must fit one. */
static inline size_t wire_make(const struct frame_ends *ends,
			       const struct frame_mark *mark, enum flood_kind kind,
			       enum flood_family family, uint32_t seq,
			       uint8_t frame[FRAME_MAX], uint32_t size)
{
	struct flood_spec spec = { .family = FLOOD_BOTH,
				   .size = size,
				   .sources = ends->addresses };
	struct mix_frame frames[MIX_FRAMES];
	struct mix *mix = mix_new(&spec, ends, mark);

	if (mix_make(mix, kind, family, seq, frames) != 1)
		abort();
	memcpy(frame, frames->head, frames->head_len);
	memcpy(frame + frames->head_len, mix_pad(mix) + frames->pad_at, frames->pad_len);
	mix_free(mix);
	return frames->head_len + frames->pad_len;
}

static inline size_t wire_request(enum flood_family family, const struct frame_mark *mark,
				  uint32_t size, uint32_t seq, uint8_t frame[FRAME_MAX])
{
	struct frame_ends ends;

	wire_ends(&ends);
	return wire_make(&ends, mark, FLOOD_ICMP, family, seq, frame, size);
}

static inline uint64_t wire_words(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (uint64_t)p[i] * (i % 2 ? 1 : 256);
	return sum;
}

static inline bool wire_is_v6(const uint8_t *frame)
{
	return frame[12] == 0x86;
}

/* Length of the IP payload as its header says. */
static inline size_t wire_icmp_len(const uint8_t *frame)
{
	return wire_is_v6(frame) ? (size_t)(frame[18] << 8 | frame[19]) :
				   (size_t)(frame[16] << 8 | frame[17]) - 20;
}

static inline uint8_t *wire_icmp(uint8_t *frame)
{
	return frame + (wire_is_v6(frame) ? 54 : 34);
}

/* Everything that the ICMP checksum covers, the checksum too. */
static inline uint64_t wire_icmp_words(uint8_t *frame)
{
	size_t n = wire_icmp_len(frame);
	uint64_t sum = wire_words(wire_icmp(frame), n);

	return wire_is_v6(frame) ? sum + wire_words(frame + 22, 32) + n + 58 : sum;
}

static inline bool wire_sums_ok(uint8_t *frame)
{
	return wire_icmp_words(frame) % 65535 == 0 &&
	       (wire_is_v6(frame) || wire_words(frame + 14, 20) % 65535 == 0);
}

static inline void wire_set_icmp_sum(uint8_t *frame)
{
	uint8_t *icmp = wire_icmp(frame);
	uint16_t sum;

	icmp[2] = icmp[3] = 0;
	sum = (uint16_t)(65535 - wire_icmp_words(frame) % 65535);
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
}

static inline void wire_swap(uint8_t *a, uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t keep = a[i];

		a[i] = b[i];
		b[i] = keep;
	}
}

/* Turns an echo request into its reply, as a target does. False: it is none. */
static inline bool wire_reply(uint8_t *frame)
{
	uint8_t *icmp = wire_icmp(frame);
	bool v6 = wire_is_v6(frame);

	if (icmp[0] != (v6 ? 128 : 8))
		return false;
	wire_swap(frame, frame + 6, 6);
	if (v6)
		wire_swap(frame + 22, frame + 38, 16);
	else
		wire_swap(frame + 26, frame + 30, 4);
	icmp[0] = v6 ? 129 : 0;
	wire_set_icmp_sum(frame);
	return true;
}

/* "Who has the peer's IPv4 address?" Returns its length. */
static inline size_t wire_arp_request(uint8_t frame[60])
{
	static const uint8_t start[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52,
					 0x54, 0,    0x12, 0x34, 0x56, 8,    6,
					 0,    1,    8,    0,    6,    4,    0,
					 1,    0x52, 0x54, 0,    0x12, 0x34, 0x56,
					 192,  0,    2,    2,    0,    0,    0,
					 0,    0,    0,    192,  0,    2,    1 };

	memset(frame, 0, 60);
	memcpy(frame, start, sizeof(start));
	return 60;
}

/* The same for its IPv6 address, to the solicited-node group. */
static inline size_t wire_solicitation(uint8_t frame[86])
{
	static const uint8_t start[] = {
		0x33, 0x33, 0xff, 0, 0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x86, 0xdd,
		0x60, 0, 0, 0, 0, 32, 58, 255,
		/* 2001:db8::2 to ff02::1:ff00:1 */
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xff, 2, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 1,
		/* solicitation for 2001:db8::1, option source link-layer address */
		135, 0, 0, 0, 0, 0, 0, 0, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 1, 1, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56
	};

	memcpy(frame, start, sizeof(start));
	wire_set_icmp_sum(frame);
	return sizeof(start);
}

/* -- answers of the target to other kinds of requests: lengths returned --------------- */

static inline void wire_ipv4_head(uint8_t *p, const uint8_t *to, uint8_t protocol,
				  size_t n)
{
	static const uint8_t start[] = { 0x45, 0, 0, 0, 0,   0, 0x40, 0,
					 64,   0, 0, 0, 192, 0, 2,    2 };

	memcpy(p, start, sizeof(start));
	p[2] = (uint8_t)((20 + n) >> 8);
	p[3] = (uint8_t)(20 + n);
	p[9] = protocol;
	memcpy(p + 16, to, 4);
}

static inline void wire_ipv6_head(uint8_t *p, const uint8_t *to, uint8_t next, size_t n)
{
	static const uint8_t start[] = { 0x60, 0, 0, 0, 0, 0, 0, 64, 0x20, 1, 0x0d, 0xb8,
					 0,    0, 0, 0, 0, 0, 0, 0,  0,    0, 0,    2 };

	memcpy(p, start, sizeof(start));
	p[4] = (uint8_t)(n >> 8);
	p[5] = (uint8_t)n;
	p[6] = next;
	memcpy(p + 24, to, 16);
}

/* From the target to whoever sent the request, with n bytes behind an IP header. */
static inline size_t wire_answer_head(uint8_t *frame, const uint8_t *request,
				      uint8_t protocol, size_t n)
{
	bool v6 = wire_is_v6(request);

	memcpy(frame, request + 6, 6);
	memcpy(frame + 6, request, 6);
	memcpy(frame + 12, request + 12, 2);
	if (v6)
		wire_ipv6_head(frame + 14, request + 22, protocol, n);
	else
		wire_ipv4_head(frame + 14, request + 26, protocol, n);
	return v6 ? 54 : 34;
}

/* Port unreachable about a request, of which this much is quoted. */
static inline size_t wire_unreachable(const uint8_t *request, size_t quoted,
				      uint8_t *frame)
{
	bool v6 = wire_is_v6(request);
	size_t at = wire_answer_head(frame, request, v6 ? 58 : 1, 8 + quoted);

	memset(frame + at, 0, 8);
	frame[at] = v6 ? 1 : 3;
	frame[at + 1] = v6 ? 4 : 3;
	memcpy(frame + at + 8, request + 14, quoted);
	return at + 8 + quoted;
}

/* What a UDP echo service sends back. */
static inline size_t wire_udp_echo(const uint8_t *request, size_t n, uint8_t *frame)
{
	size_t at =
		wire_answer_head(frame, request, 17, n - (wire_is_v6(request) ? 54 : 34));

	memcpy(frame + at, request + at, n - at);
	wire_swap(frame + at, frame + at + 2, 2);
	return n;
}

/* RST (0x14) or SYN and ACK (0x12) to a SYN. */
static inline size_t wire_tcp_answer(const uint8_t *request, uint8_t flags,
				     uint8_t *frame)
{
	size_t at = wire_answer_head(frame, request, 6, 20);
	const uint8_t *number = request + at + 4;
	uint32_t ack = ((uint32_t)number[0] << 24 | (uint32_t)number[1] << 16 |
			(uint32_t)number[2] << 8 | number[3]) +
		       1;

	memset(frame + at, 0, 20);
	memcpy(frame + at, request + at + 2, 2);
	memcpy(frame + at + 2, request + at, 2);
	for (int i = 0; i < 4; i++)
		frame[at + 8 + (size_t)i] = (uint8_t)(ack >> (24 - 8 * i));
	frame[at + 12] = 0x50;
	frame[at + 13] = flags;
	return at + 20;
}

static inline size_t wire_arp_reply(const uint8_t *request, uint8_t *frame)
{
	memcpy(frame, request, 60);
	wire_swap(frame, frame + 6, 6);
	frame[21] = 2;
	memcpy(frame + 22, request, 6);
	memcpy(frame + 28, request + 38, 4);
	memcpy(frame + 32, request + 22, 10);
	return 60;
}

static inline size_t wire_advertisement(const uint8_t *request, uint8_t *frame)
{
	size_t at = wire_answer_head(frame, request, 58, 32);

	frame[21] = 255;
	memset(frame + at, 0, 32);
	frame[at] = 136;
	frame[at + 4] = 0x60;
	memcpy(frame + at + 8, request + at + 8, 16);
	frame[at + 24] = 2;
	frame[at + 25] = 1;
	memcpy(frame + at + 26, WIRE_TARGET_MAC, 6);
	return at + 32;
}

static inline size_t wire_igmp_report(uint8_t *frame)
{
	static const uint8_t start[] = {
		1,    0,    0x5e, 0,  0, 22, 0x52, 0x54, 0,   0x12, 0x34, 0x56, 8,   0,
		0x46, 0xc0, 0,    40, 0, 0,  0x40, 0,    1,   2,    0,    0,    192, 0,
		2,    2,    224,  0,  0, 22, 0x94, 4,    0,   0,    0x22, 0,    0,   0,
		0,    0,    0,    1,  4, 0,  0,    0,    224, 0,    0,    251
	};

	memset(frame, 0, 60);
	memcpy(frame, start, sizeof(start));
	return 60;
}

/* From its link-local address, as of version 2. */
static inline size_t wire_mld_report(uint8_t *frame)
{
	static const uint8_t start[] = {
		0x33, 0x33, 0,  0, 0,    22,   0x52, 0x54, 0,    0x12, 0x34, 0x56, 0x86,
		0xdd, 0x60, 0,  0, 0,    0,    36,   0,    1,    0xfe, 0x80, 0,    0,
		0,    0,    0,  0, 0x50, 0x54, 0,    0xff, 0xfe, 0x12, 0x34, 0x56, 0xff,
		2,    0,    0,  0, 0,    0,    0,    0,    0,    0,    0,    0,    0,
		0,    22,   58, 0, 5,    2,    0,    0,    1,    0,    143,  0,    0,
		0,    0,    0,  0, 1,    4,    0,    0,    0,    0xff, 2,    0,    0,
		0,    0,    0,  0, 0,    0,    0,    1,    0xff, 0,    0,    2
	};

	memcpy(frame, start, sizeof(start));
	return sizeof(start);
}
