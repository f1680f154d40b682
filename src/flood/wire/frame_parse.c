// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What of all that comes is an answer, and what is to be answered. Checksums of answers are
 * not looked at: a damaged one is told by the content of the request that comes back in it.
 */
#include "flood/frame.h"

#include "bytes.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/igmp.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#define MLD_REPORT_V2  143 /* RFC 3810, 5.2 */
#define ND             24  /* solicitation or advertisement without options */
#define FLAG_SOLICITED 0x40
#define FLAG_OVERRIDE  0x20
#define ANSWER_ND      (ETH_HLEN + IPV6_LEN + ND + 8)

/* An IP packet, taken apart. */
struct packet {
	enum flood_family family;
	const uint8_t *from, *to;
	uint8_t protocol;
	bool part; /* the first fragment of several */
	struct text data;
};

/* All of it must be there, unless it is quoted. Ethernet pads: its own length counts. */
static bool open_ipv4(struct text bytes, bool quoted, struct packet *ret)
{
	const uint8_t *p = (const uint8_t *)bytes.s;
	size_t header, total;
	uint16_t fragment;

	if (bytes.n < IPV4_LEN || p[0] >> 4 != 4)
		return false;
	header = (size_t)(p[0] & 15) * 4;
	total = get16(p + 2);
	if (total > bytes.n && quoted)
		total = bytes.n;
	fragment = get16(p + 6);
	if (header < IPV4_LEN || total < header || total > bytes.n ||
	    fragment & IP_OFFMASK)
		return false;
	*ret = (struct packet){ .family = FLOOD_V4,
				.from = p + 12,
				.to = p + 16,
				.protocol = p[9],
				.part = quoted || fragment & IP_MF,
				.data = { bytes.s + header, total - header } };
	return true;
}

/* Steps over one extension header; false: it is broken, or no first fragment. */
static bool skip_header(struct packet *packet)
{
	const uint8_t *p = (const uint8_t *)packet->data.s;
	size_t len = FRAGMENT_LEN;

	if (packet->data.n < FRAGMENT_LEN)
		return false;
	if (packet->protocol == IPPROTO_FRAGMENT) {
		if (get16(p + 2) >> 3)
			return false;
		packet->part |= p[3] & 1;
	} else {
		len = ((size_t)p[1] + 1) * 8;
	}
	if (len > packet->data.n)
		return false;
	packet->protocol = p[0];
	packet->data = text_from(packet->data, len);
	return true;
}

static bool open_ipv6(struct text bytes, bool quoted, struct packet *ret)
{
	const uint8_t *p = (const uint8_t *)bytes.s;
	size_t len;

	if (bytes.n < IPV6_LEN || p[0] >> 4 != 6)
		return false;
	len = get16(p + 4);
	if (len > bytes.n - IPV6_LEN && quoted)
		len = bytes.n - IPV6_LEN;
	if (len > bytes.n - IPV6_LEN)
		return false;
	*ret = (struct packet){ .family = FLOOD_V6,
				.from = p + 8,
				.to = p + 24,
				.protocol = p[6],
				.part = quoted,
				.data = { bytes.s + IPV6_LEN, len } };
	/* One of each is what answers have at most. */
	if (ret->protocol == IPPROTO_HOPOPTS && !skip_header(ret))
		return false;
	return ret->protocol != IPPROTO_FRAGMENT || skip_header(ret);
}

static bool open_packet(enum flood_family family, struct text bytes, bool quoted,
			struct packet *ret)
{
	return family == FLOOD_V4 ? open_ipv4(bytes, quoted, ret) :
				    open_ipv6(bytes, quoted, ret);
}

static bool is_target(const struct frame_ends *ends, enum flood_family family,
		      const uint8_t *address)
{
	return family == FLOOD_V4 ? !memcmp(address, &ends->target_v4, 4) :
				    !memcmp(address, &ends->target_v6, 16);
}

static bool is_our_port(uint16_t port)
{
	return port >= FRAME_PORT && port < FRAME_PORT + FLOOD_SOURCES_MAX;
}

bool frame_parse_echo_icmp(enum flood_family family, struct text message,
			   struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)message.s;

	if (message.n < ICMP_LEN || p[1] ||
	    p[0] != (family == FLOOD_V4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
		return false;
	*ret = (struct frame_echo){ .kind = FLOOD_ICMP,
				    .family = family,
				    .ident = get16(p + 4),
				    .seq = get16(p + 6),
				    .payload = text_from(message, ICMP_LEN) };
	return true;
}

bool frame_parse_echo_ipv4(struct text bytes, struct frame_echo *ret)
{
	struct packet packet;

	return open_ipv4(bytes, false, &packet) && !packet.part &&
	       packet.protocol == IPPROTO_ICMP &&
	       frame_parse_echo_icmp(FLOOD_V4, packet.data, ret);
}

/* Behind the ICMP header stands our datagram, or its begin. */
static bool parse_unreachable(const struct frame_ends *ends, const struct packet *packet,
			      struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)packet->data.s;
	enum flood_family family = packet->family;
	struct packet ours;

	if (packet->data.n < ICMP_LEN || packet->part)
		return false;
	if (family == FLOOD_V4 ?
		    p[0] != ICMP_DEST_UNREACH || p[1] != ICMP_PORT_UNREACH :
		    p[0] != ICMP6_DST_UNREACH || p[1] != ICMP6_DST_UNREACH_NOPORT)
		return false;
	if (!open_packet(family, text_from(packet->data, ICMP_LEN), true, &ours) ||
	    ours.protocol != IPPROTO_UDP || ours.data.n < UDP_LEN ||
	    !frame_is_source(ends, family, ours.from) ||
	    !is_target(ends, family, ours.to))
		return false;
	*ret = (struct frame_echo){ .kind = FLOOD_UDP,
				    .family = family,
				    .part = true,
				    .payload = text_from(ours.data, UDP_LEN) };
	return true;
}

static bool parse_advertisement(const struct frame_ends *ends,
				const struct packet *packet, struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)packet->data.s;

	if (packet->data.n < 24 || p[0] != ND_NEIGHBOR_ADVERT || p[1] || packet->part ||
	    memcmp(p + 8, &ends->target_v6, 16) != 0)
		return false;
	*ret = (struct frame_echo){ .kind = FLOOD_ND, .family = FLOOD_V6 };
	return true;
}

static bool parse_icmp(const struct frame_ends *ends, const struct packet *packet,
		       struct frame_echo *ret)
{
	if (frame_parse_echo_icmp(packet->family, packet->data, ret)) {
		ret->part = packet->part;
		return true;
	}
	return parse_unreachable(ends, packet, ret) ||
	       (packet->family == FLOOD_V6 && parse_advertisement(ends, packet, ret));
}

static bool parse_udp(const struct packet *packet, struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)packet->data.s;
	size_t len;

	if (packet->data.n < UDP_LEN || !is_our_port(get16(p + 2)))
		return false;
	len = get16(p + 4);
	if (len < UDP_LEN || (len > packet->data.n && !packet->part))
		return false;
	if (len > packet->data.n)
		len = packet->data.n;
	*ret = (struct frame_echo){ .kind = FLOOD_UDP,
				    .family = packet->family,
				    .part = packet->part,
				    .payload = { packet->data.s + UDP_LEN,
						 len - UDP_LEN } };
	return true;
}

static bool parse_tcp(const struct packet *packet, struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)packet->data.s;

	if (packet->data.n < TCP_LEN || packet->part || !is_our_port(get16(p + 2)) ||
	    !(p[13] & TH_ACK) || !(p[13] & (TH_RST | TH_SYN)))
		return false;
	*ret = (struct frame_echo){ .kind = FLOOD_TCP,
				    .family = packet->family,
				    .number = get32(p + 8) - 1 };
	return true;
}

/* Reports go to groups, so nobody but the target's address tells whose they are. */
static bool parse_report(const struct packet *packet, struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)packet->data.s;

	if (packet->data.n < ICMP_LEN || packet->part)
		return false;
	if (packet->family == FLOOD_V4 && packet->protocol == IPPROTO_IGMP &&
	    (p[0] == IGMP_HOST_MEMBERSHIP_REPORT ||
	     p[0] == IGMPV2_HOST_MEMBERSHIP_REPORT ||
	     p[0] == IGMPV3_HOST_MEMBERSHIP_REPORT))
		*ret = (struct frame_echo){ .kind = FLOOD_IGMP, .family = FLOOD_V4 };
	else if (packet->family == FLOOD_V6 && packet->protocol == IPPROTO_ICMPV6 &&
		 (p[0] == MLD_LISTENER_REPORT || p[0] == MLD_REPORT_V2))
		*ret = (struct frame_echo){ .kind = FLOOD_MLD, .family = FLOOD_V6 };
	else
		return false;
	return true;
}

static bool parse_packet(const struct frame_ends *ends, const struct packet *packet,
			 struct frame_echo *ret)
{
	enum flood_family family = packet->family;

	if (!is_target(ends, family, packet->from) ||
	    !frame_is_source(ends, family, packet->to))
		return false;
	switch (packet->protocol) {
	case IPPROTO_ICMP:
		return family == FLOOD_V4 && parse_icmp(ends, packet, ret);
	case IPPROTO_ICMPV6:
		return family == FLOOD_V6 && parse_icmp(ends, packet, ret);
	case IPPROTO_UDP:
		return parse_udp(packet, ret);
	case IPPROTO_TCP:
		return parse_tcp(packet, ret);
	default:
		return false;
	}
}

/* Of Ethernet and IPv4. */
static bool is_arp(struct text bytes, uint8_t operation)
{
	const uint8_t head[] = { 0, 1, 8, 0, 6, 4, 0, operation };

	return bytes.n >= ARP_LEN && !memcmp(bytes.s, head, sizeof(head));
}

static bool parse_arp(const struct frame_ends *ends, struct text bytes,
		      struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)bytes.s;

	if (!is_arp(bytes, ARPOP_REPLY) || memcmp(p + 14, &ends->target_v4, 4) != 0 ||
	    !frame_is_source(ends, FLOOD_V4, p + 24))
		return false;
	*ret = (struct frame_echo){ .kind = FLOOD_ARP, .family = FLOOD_V4 };
	return true;
}

/* Splits off the tag of our VLAN, when there is to be one. */
static bool open_frame(const struct frame_ends *ends, struct text *frame, uint16_t *type)
{
	const uint8_t *p = (const uint8_t *)frame->s;

	if (frame->n < ETH_HLEN + (ends->vlan ? FRAME_VLAN : 0))
		return false;
	*type = get16(p + 12);
	*frame = text_from(*frame, ETH_HLEN);
	if (!ends->vlan)
		return true;
	if (*type != ETH_P_8021Q || (get16(p + 14) & 0xfff) != ends->vlan)
		return false;
	*type = get16(p + 16);
	*frame = text_from(*frame, FRAME_VLAN);
	return true;
}

bool frame_parse_echo(const struct frame_ends *ends, struct text frame,
		      struct frame_echo *ret)
{
	const uint8_t *to = (const uint8_t *)frame.s;
	struct text rest = frame;
	struct packet packet;
	uint16_t type;

	if (!open_frame(ends, &rest, &type))
		return false;
	if (type == ETH_P_ARP)
		return !memcmp(to, ends->our_mac, FRAME_MAC) &&
		       parse_arp(ends, rest, ret);
	if ((type != ETH_P_IP || !open_ipv4(rest, false, &packet)) &&
	    (type != ETH_P_IPV6 || !open_ipv6(rest, false, &packet)))
		return false;
	/* The target's own Ethernet address: of MLD, any of its addresses may be the source. */
	if (to[0] & 1)
		return !memcmp(to + FRAME_MAC, ends->target_mac, FRAME_MAC) &&
		       parse_report(&packet, ret);
	return !memcmp(to, ends->our_mac, FRAME_MAC) && parse_packet(ends, &packet, ret);
}

/* -- answers of ours ------------------------------------------------------------------ */

/*
 * The peer's side of neighbour discovery on a board's wire: without these answers the
 * target could not send its replies anywhere. Only well-formed questions for our own two
 * addresses are answered, each with at most one frame.
 */
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
	const uint8_t *arp = (const uint8_t *)bytes.s;
	const uint8_t *sender = arp + 8;
	uint8_t *p = ret + ETH_HLEN;

	if (!is_arp(bytes, ARPOP_REQUEST) || !frame_is_source(ends, FLOOD_V4, arp + 24) ||
	    sender[0] & 1)
		return 0;
	put_ethernet(ret, sender, ends, ETH_P_ARP);
	memcpy(p, arp, 7);
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

size_t frame_answer(const struct frame_ends *ends, struct text frame,
		    uint8_t ret[FRAME_ANSWER])
{
	struct text rest = frame;
	uint16_t type;
	size_t n = 0;

	if (!open_frame(ends, &rest, &type))
		return 0;
	if (type == ETH_P_ARP)
		n = answer_arp(ends, rest, ret);
	else if (type == ETH_P_IPV6)
		n = answer_solicitation(ends, (const uint8_t *)frame.s + FRAME_MAC, rest,
					ret);
	if (!n || !ends->vlan)
		return n;
	memmove(ret + 12 + FRAME_VLAN, ret + 12, n - 12);
	put16(ret + 12, ETH_P_8021Q);
	put16(ret + 14, ends->vlan);
	return n + FRAME_VLAN;
}
