/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet frames of the flood: echo requests out of a template, echo replies, and the
 * answers that keep the target's neighbour tables filled. Pure. Everything that is parsed
 * comes from a target that may be crashing, so it is hostile.
 *
 * Formats: RFC 826 (ARP), RFC 791/792 (IPv4, ICMP), RFC 8200 (IPv6), RFC 4443 (ICMPv6),
 * RFC 4861 (neighbour discovery).
 */
#pragma once

#include "load/flood.h"

#include <netinet/in.h>
#include <stddef.h>

#define FRAME_MAC  6
#define FRAME_MTU  1500
#define FRAME_MAX  (14 + FRAME_MTU)
#define FRAME_TAG  12 /* first payload bytes of each request: cookie, sequence number */
#define FRAME_HEAD (14 + 40 + 8 + FRAME_TAG) /* most that frame_head writes */
/* Of a frame_answer: a neighbour advertisement is the longest. */
#define FRAME_ANSWER 86

/* The two ends of the wire. */
struct frame_ends {
	uint8_t our_mac[FRAME_MAC], target_mac[FRAME_MAC];
	struct in_addr our_v4, target_v4;
	struct in6_addr our_v6, target_v6;
};

/* "52:54:00:00:00:01", one machine's (not a group). -EINVAL for anything else. */
int frame_parse_mac(const char *s, uint8_t ret[FRAME_MAC]) _must_check_;

/* What tells our echoes from everybody else's. */
struct frame_mark {
	uint64_t cookie;
	uint16_t ident;
};

/* The largest payload of a request that fits one frame. */
uint32_t frame_payload_max(enum flood_family family);
/* Byte i of the payload behind the tag, the same in every request. */
uint8_t frame_pad_byte(size_t i);

/* Everything of a request up to the end of its tag; the pad bytes follow. */
struct frame_template {
	uint8_t head[FRAME_HEAD];
	size_t head_len;
	size_t icmp_offset; /* where the ICMP header begins, for sockets that want no more */
	uint32_t sum;       /* ICMP checksum of all but the sequence number, not folded */
};

/* family: FLOOD_V4 or FLOOD_V6. size: payload bytes, at least FRAME_TAG. */
void frame_template_init(struct frame_template *t, enum flood_family family,
			 const struct frame_ends *ends, const struct frame_mark *mark,
			 uint32_t size);
/* The t->head_len bytes of request seq; the ICMP sequence number is its low half. */
void frame_head(const struct frame_template *t, uint32_t seq, uint8_t ret[FRAME_HEAD]);

/* An echo reply, as it came. */
struct frame_echo {
	enum flood_family family;
	uint16_t ident, seq; /* of the ICMP header */
	struct text payload; /* borrowed from the frame, tag included */
};

/* False for all that is no whole, unfragmented echo reply from the target to us. */
bool frame_parse_echo(const struct frame_ends *ends, struct text frame,
		      struct frame_echo *ret);
/* The same from an IPv4 packet (raw socket) whose addresses the kernel has checked. */
bool frame_parse_echo_ipv4(struct text packet, struct frame_echo *ret);
bool frame_parse_echo_icmp(enum flood_family family, struct text message,
			   struct frame_echo *ret);

/* Splits the tag off *payload. False when it is too short. */
bool frame_parse_tag(struct text *payload, uint64_t *ret_cookie, uint32_t *ret_seq);

/*
 * The answer to an ARP request or neighbour solicitation for our address: its length in
 * ret, 0 for a frame that wants none.
 */
size_t frame_answer(const struct frame_ends *ends, struct text frame,
		    uint8_t ret[FRAME_ANSWER]);
