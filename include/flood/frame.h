/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet frames of the flood, as they come: what counts as an answer, and the answers
 * that keep the target's neighbour tables filled; flood/wire/mix.h makes those that go. Pure.
 * Everything that is parsed comes from a target that may be crashing, so it is hostile.
 *
 * Formats: RFC 826 (ARP), RFC 791/792 (IPv4, ICMP), RFC 8200 (IPv6), RFC 4443 (ICMPv6),
 * RFC 4861 (neighbour discovery), RFC 768 (UDP), RFC 9293 (TCP), RFC 2236, 3376 (IGMP),
 * RFC 2710, 3810 (MLD), IEEE 802.1Q (VLAN).
 */
#pragma once

#include "flood/flood.h"

#include <netinet/in.h>
#include <stddef.h>

#define FRAME_MAC  6
#define FRAME_MTU  1500
#define FRAME_MAX  (14 + 4 + FRAME_MTU)
#define FRAME_TAG  12 /* first payload bytes of each request: cookie, sequence number */
#define FRAME_VLAN 4
/* Of a frame_answer: a neighbour advertisement in a VLAN is the longest. */
#define FRAME_ANSWER (86 + FRAME_VLAN)

/* Requests of UDP and TCP come from this port on, one a source, ... */
#define FRAME_PORT 49152u
/* ... and go to these, at which nobody listens. */
#define FRAME_CLOSED   33434u
#define FRAME_CLOSED_N 64u

/* The two ends of the wire. */
struct frame_ends {
	uint8_t our_mac[FRAME_MAC], target_mac[FRAME_MAC];
	struct in_addr our_v4, target_v4;
	struct in6_addr our_v6, target_v6;
	/*
	 * Addresses of ours, 0 = 1: more only where nobody else has one, as on the wire of
	 * a virtual board. They follow our_v4 and our_v6, the target's left out.
	 */
	uint32_t addresses;
	uint16_t vlan;     /* of all frames, both ways; 0 = no tag */
	uint8_t hop_limit; /* of requests; 0: 64 */
};

/* "52:54:00:00:00:01", one machine's (not a group). -EINVAL for anything else. */
int frame_parse_mac(const char *s, uint8_t ret[FRAME_MAC]) _must_check_;

/* Our address number i, in its 4 or 16 bytes. */
void frame_source(const struct frame_ends *ends, enum flood_family family, uint32_t i,
		  uint8_t ret[16]);
/* Whether it is one of them. */
bool frame_is_source(const struct frame_ends *ends, enum flood_family family,
		     const uint8_t *address);

/* What tells our requests from everybody else's. */
struct frame_mark {
	uint64_t cookie;
	uint16_t ident;
};

/* The largest payload of an echo request that fits one frame. */
uint32_t frame_payload_max(enum flood_family family);
/* Byte i of the payload behind the tag, the same in every request. */
uint8_t frame_pad_byte(size_t i);

/* An answer, as it came. */
struct frame_echo {
	enum flood_kind kind; /* of the request that it answers */
	enum flood_family family;
	uint16_t ident, seq; /* FLOOD_ICMP: of its header */
	uint32_t number;     /* FLOOD_TCP: the sequence number of our SYN */
	bool part;           /* payload is only the begin of what came back */
	struct text payload; /* FLOOD_ICMP, FLOOD_UDP: borrowed, tag included */
};

/*
 * False for all that is no answer from the target to us:
 * - an echo reply, or the first fragment of one;
 * - a port unreachable about our UDP datagram, or a datagram to one of our ports;
 * - a TCP segment to one of our ports that acknowledges a SYN: RST, or SYN;
 * - an ARP reply, a neighbour advertisement;
 * - an IGMP or MLD report, to whatever group.
 */
bool frame_parse_echo(const struct frame_ends *ends, struct text frame,
		      struct frame_echo *ret);
/* Echo replies from an IPv4 packet (raw socket) whose addresses the kernel has checked. */
bool frame_parse_echo_ipv4(struct text packet, struct frame_echo *ret);
bool frame_parse_echo_icmp(enum flood_family family, struct text message,
			   struct frame_echo *ret);

/* Splits the tag off *payload. False when it is too short. */
bool frame_parse_tag(struct text *payload, uint64_t *ret_cookie, uint32_t *ret_seq);

/*
 * The answer to an ARP request or neighbour solicitation for one of our addresses: its
 * length in ret, 0 for a frame that wants none.
 */
size_t frame_answer(const struct frame_ends *ends, struct text frame,
		    uint8_t ret[FRAME_ANSWER]);
