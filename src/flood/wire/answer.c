// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The peer's side of neighbour discovery on a board's wire: without these answers the
 * target could not send its replies anywhere. Only well-formed questions for our own two
 * addresses are answered, each with at most one frame.
 */
#include "bytes.h"
#include "flood/frame.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>

#define ND             24 /* solicitation or advertisement without options */
#define FLAG_SOLICITED 0x40
#define FLAG_OVERRIDE  0x20
#define ANSWER_ND      (ETH_HLEN + IPV6_LEN + ND + 8)

static void put_ethernet(uint8_t *p, const uint8_t *to, const struct frame_ends *ends,
			 uint16_t type)
{
	memcpy(p, to, FRAME_MAC);
	memcpy(p + 6, ends->our_mac, FRAME_MAC);
	put16(p + 12, type);
}

/* bytes: what stands behind the Ethernet header. */
static size_t answer_arp(const struct frame_ends *ends, struct text bytes, uint8_t *ret)
{
	static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, ARPOP_REQUEST };
	const uint8_t *arp = (const uint8_t *)bytes.s;
	const uint8_t *sender = arp + 8;
	uint8_t *p = ret + ETH_HLEN;

	if (bytes.n < ARP_LEN || memcmp(arp, request, sizeof(request)) ||
	    !frame_is_source(ends, FLOOD_V4, arp + 24) || sender[0] & 1)
		return 0;
	put_ethernet(ret, sender, ends, ETH_P_ARP);
	memcpy(p, request, sizeof(request));
	p[7] = ARPOP_REPLY;
	memcpy(p + 8, ends->our_mac, FRAME_MAC);
	memcpy(p + 14, arp + 24, 4);
	memcpy(p + 18, sender, FRAME_MAC + 4);
	return ETH_HLEN + ARP_LEN;
}

static uint16_t icmpv6_sum(const uint8_t *ip, size_t len)
{
	return sum_fold(sum_bytes(ip + 8, 32 + len) + (uint32_t)len + IPPROTO_ICMPV6);
}

/* RFC 4861, 7.1.1: what a valid solicitation is. */
static bool is_solicitation(const struct frame_ends *ends, const uint8_t *ip, size_t n)
{
	const uint8_t *icmp = ip + IPV6_LEN;
	size_t len;

	if (n < IPV6_LEN + ND || ip[0] >> 4 != 6 || ip[6] != IPPROTO_ICMPV6 ||
	    ip[7] != 255)
		return false;
	len = get16(ip + 4);
	if (len < ND || len > n - IPV6_LEN)
		return false;
	if (icmp[0] != ND_NEIGHBOR_SOLICIT || icmp[1] ||
	    !frame_is_source(ends, FLOOD_V6, icmp + 8))
		return false;
	for (size_t at = ND; at < len; at += (size_t)icmp[at + 1] * 8)
		if (len - at < 8 || !icmp[at + 1] || (size_t)icmp[at + 1] * 8 > len - at)
			return false;
	return icmpv6_sum(ip, len) == 0;
}

/* wanted: the address that is asked for. */
static bool is_for_us(const uint8_t *wanted, const uint8_t *destination)
{
	static const uint8_t solicited_node[13] = { 0xff, 2, 0, 0, 0, 0,   0,
						    0,    0, 0, 0, 1, 0xff };

	return !memcmp(destination, wanted, 16) ||
	       (!memcmp(destination, solicited_node, sizeof(solicited_node)) &&
		!memcmp(destination + 13, wanted + 13, 3));
}

static size_t answer_solicitation(const struct frame_ends *ends, const uint8_t *from,
				  struct text bytes, uint8_t *ret)
{
	static const struct in6_addr all_nodes = { .s6_addr = { 0xff, 2, [15] = 1 } };
	const uint8_t *ip = (const uint8_t *)bytes.s, *wanted = ip + IPV6_LEN + 8;
	uint8_t *reply = ret + ETH_HLEN, *icmp = reply + IPV6_LEN;
	/* Somebody wants our address for itself (RFC 4862): all shall know it is taken. */
	bool detection;

	if (!is_solicitation(ends, ip, bytes.n) || !is_for_us(wanted, ip + 24))
		return 0;
	if (ip[8] == 0xff || from[0] & 1)
		return 0;
	detection = !memcmp(ip + 8, &in6addr_any, 16);
	memset(ret, 0, ANSWER_ND);
	put_ethernet(ret, from, ends, ETH_P_IPV6);
	put32(reply, 0x60000000);
	put16(reply + 4, ND + 8);
	reply[6] = IPPROTO_ICMPV6;
	reply[7] = 255;
	memcpy(reply + 8, wanted, 16);
	memcpy(reply + 24, detection ? (const uint8_t *)&all_nodes : ip + 8, 16);
	icmp[0] = ND_NEIGHBOR_ADVERT;
	icmp[4] = FLAG_OVERRIDE | (detection ? 0 : FLAG_SOLICITED);
	memcpy(icmp + 8, wanted, 16);
	icmp[ND] = ND_OPT_TARGET_LINKADDR;
	icmp[ND + 1] = 1;
	memcpy(icmp + ND + 2, ends->our_mac, FRAME_MAC);
	put16(icmp + 2, icmpv6_sum(reply, ND + 8));
	return ANSWER_ND;
}

static size_t answer(const struct frame_ends *ends, struct text frame, size_t header,
		     uint8_t *ret)
{
	const uint8_t *p = (const uint8_t *)frame.s;
	struct text rest = text_from(frame, header);

	switch (get16(p + header - 2)) {
	case ETH_P_ARP:
		return answer_arp(ends, rest, ret);
	case ETH_P_IPV6:
		return answer_solicitation(ends, p + FRAME_MAC, rest, ret);
	default:
		return 0;
	}
}

size_t frame_answer(const struct frame_ends *ends, struct text frame,
		    uint8_t ret[FRAME_ANSWER])
{
	const uint8_t *p = (const uint8_t *)frame.s;
	size_t n;

	if (!ends->vlan)
		return frame.n < ETH_HLEN ? 0 : answer(ends, frame, ETH_HLEN, ret);
	if (frame.n < ETH_HLEN + FRAME_VLAN || get16(p + 12) != ETH_P_8021Q ||
	    (get16(p + 14) & 0xfff) != ends->vlan)
		return 0;
	n = answer(ends, frame, ETH_HLEN + FRAME_VLAN, ret);
	if (!n)
		return 0;
	memmove(ret + 12 + FRAME_VLAN, ret + 12, n - 12);
	put16(ret + 12, ETH_P_8021Q);
	put16(ret + 14, ends->vlan);
	return n + FRAME_VLAN;
}
