/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The target's side of a board's wire, for tests: written apart from src/load, so that
 * one mistake is not made twice. Offsets are those of the RFCs, checksums are taken modulo
 * 65535.
 */
#pragma once

#include "load/frame.h"
#include "target/board.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define WIRE_TARGET_MAC "\x52\x54\x00\x12\x34\x56"
#define WIRE_PEER_MAC   "\x52\x54\x00\x00\x00\x01"

static inline void wire_ends(struct frame_ends *ends)
{
	memcpy(ends->our_mac, WIRE_PEER_MAC, 6);
	memcpy(ends->target_mac, WIRE_TARGET_MAC, 6);
	if (inet_pton(AF_INET, BOARD_NET_PEER_V4, &ends->our_v4) != 1 ||
	    inet_pton(AF_INET, BOARD_NET_TARGET_V4, &ends->target_v4) != 1 ||
	    inet_pton(AF_INET6, BOARD_NET_PEER_V6, &ends->our_v6) != 1 ||
	    inet_pton(AF_INET6, BOARD_NET_TARGET_V6, &ends->target_v6) != 1)
		abort();
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
