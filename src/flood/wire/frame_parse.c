// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What of all that comes is an answer. Checksums are not looked at: a damaged answer is
 * told by the content of the request that comes back in it.
 */
#include "flood/frame.h"

#include "bytes.h"

#define ETHERNET 14
#define IPV4     20
#define IPV6     40
#define ICMP     8
#define UDP      8
#define TCP      20
#define ARP      28

#define TYPE_IPV4 0x0800
#define TYPE_ARP  0x0806
#define TYPE_VLAN 0x8100
#define TYPE_IPV6 0x86dd

#define ARP_REPLY           2
#define ICMP_ECHO_REPLY     0
#define ICMP_UNREACHABLE    3
#define ICMP_PORT           3
#define ICMPV6_UNREACHABLE  1
#define ICMPV6_PORT         4
#define ICMPV6_ECHO_REPLY   129
#define MLD_REPORT          131
#define MLD_REPORT_V2       143
#define ND_ADVERTISEMENT    136
#define IGMP_REPORT_V1      0x12
#define IGMP_REPORT_V2      0x16
#define IGMP_REPORT_V3      0x22
#define TCP_SYN             0x02
#define TCP_RST             0x04
#define TCP_ACK             0x10
#define FRAGMENT_MORE       0x2000
#define FRAGMENT_OFFSET     0x1fff
#define HEADER_HOP_BY_HOP   0
#define HEADER_FRAGMENT     44
#define HEADER_FRAGMENT_LEN 8

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

	if (bytes.n < IPV4 || p[0] >> 4 != 4)
		return false;
	header = (size_t)(p[0] & 15) * 4;
	total = get16(p + 2);
	if (total > bytes.n && quoted)
		total = bytes.n;
	fragment = get16(p + 6);
	if (header < IPV4 || total < header || total > bytes.n ||
	    fragment & FRAGMENT_OFFSET)
		return false;
	*ret = (struct packet){ .family = FLOOD_V4,
				.from = p + 12,
				.to = p + 16,
				.protocol = p[9],
				.part = quoted || fragment & FRAGMENT_MORE,
				.data = { bytes.s + header, total - header } };
	return true;
}

/* Steps over one extension header; false: it is broken, or no first fragment. */
static bool skip_header(struct packet *packet)
{
	const uint8_t *p = (const uint8_t *)packet->data.s;
	size_t len = HEADER_FRAGMENT_LEN;

	if (packet->data.n < HEADER_FRAGMENT_LEN)
		return false;
	if (packet->protocol == HEADER_FRAGMENT) {
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

	if (bytes.n < IPV6 || p[0] >> 4 != 6)
		return false;
	len = get16(p + 4);
	if (len > bytes.n - IPV6 && quoted)
		len = bytes.n - IPV6;
	if (len > bytes.n - IPV6)
		return false;
	*ret = (struct packet){ .family = FLOOD_V6,
				.from = p + 8,
				.to = p + 24,
				.protocol = p[6],
				.part = quoted,
				.data = { bytes.s + IPV6, len } };
	/* One of each is what answers have at most. */
	if (ret->protocol == HEADER_HOP_BY_HOP && !skip_header(ret))
		return false;
	return ret->protocol != HEADER_FRAGMENT || skip_header(ret);
}

static bool open_packet(enum flood_family family, struct text bytes, bool quoted,
			struct packet *ret)
{
	return family == FLOOD_V4 ? open_ipv4(bytes, quoted, ret) :
				    open_ipv6(bytes, quoted, ret);
}

static const void *target_of(const struct frame_ends *ends, enum flood_family family)
{
	return family == FLOOD_V4 ? (const void *)&ends->target_v4 :
				    (const void *)&ends->target_v6;
}

static size_t address_len(enum flood_family family)
{
	return family == FLOOD_V4 ? 4 : 16;
}

static bool is_our_port(uint16_t port)
{
	return port >= FRAME_PORT && port < FRAME_PORT + FLOOD_SOURCES_MAX;
}

bool frame_parse_echo_icmp(enum flood_family family, struct text message,
			   struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)message.s;

	if (message.n < ICMP || p[1] ||
	    p[0] != (family == FLOOD_V4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY))
		return false;
	*ret = (struct frame_echo){ .kind = FLOOD_ICMP,
				    .family = family,
				    .ident = get16(p + 4),
				    .seq = get16(p + 6),
				    .payload = text_from(message, ICMP) };
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

	if (packet->data.n < ICMP || packet->part)
		return false;
	if (family == FLOOD_V4 ? p[0] != ICMP_UNREACHABLE || p[1] != ICMP_PORT :
				 p[0] != ICMPV6_UNREACHABLE || p[1] != ICMPV6_PORT)
		return false;
	if (!open_packet(family, text_from(packet->data, ICMP), true, &ours) ||
	    ours.protocol != IPPROTO_UDP || ours.data.n < UDP ||
	    !frame_is_source(ends, family, ours.from) ||
	    memcmp(ours.to, target_of(ends, family), address_len(family)) != 0)
		return false;
	*ret = (struct frame_echo){ .kind = FLOOD_UDP,
				    .family = family,
				    .part = true,
				    .payload = text_from(ours.data, UDP) };
	return true;
}

static bool parse_advertisement(const struct frame_ends *ends,
				const struct packet *packet, struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)packet->data.s;

	if (packet->data.n < 24 || p[0] != ND_ADVERTISEMENT || p[1] || packet->part ||
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

	if (packet->data.n < UDP || !is_our_port(get16(p + 2)))
		return false;
	len = get16(p + 4);
	if (len < UDP || (len > packet->data.n && !packet->part))
		return false;
	if (len > packet->data.n)
		len = packet->data.n;
	*ret = (struct frame_echo){ .kind = FLOOD_UDP,
				    .family = packet->family,
				    .part = packet->part,
				    .payload = { packet->data.s + UDP, len - UDP } };
	return true;
}

static bool parse_tcp(const struct packet *packet, struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)packet->data.s;

	if (packet->data.n < TCP || packet->part || !is_our_port(get16(p + 2)) ||
	    !(p[13] & TCP_ACK) || !(p[13] & (TCP_RST | TCP_SYN)))
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

	if (packet->data.n < ICMP || packet->part)
		return false;
	if (packet->family == FLOOD_V4 && packet->protocol == IPPROTO_IGMP &&
	    (p[0] == IGMP_REPORT_V1 || p[0] == IGMP_REPORT_V2 || p[0] == IGMP_REPORT_V3))
		*ret = (struct frame_echo){ .kind = FLOOD_IGMP, .family = FLOOD_V4 };
	else if (packet->family == FLOOD_V6 && packet->protocol == IPPROTO_ICMPV6 &&
		 (p[0] == MLD_REPORT || p[0] == MLD_REPORT_V2))
		*ret = (struct frame_echo){ .kind = FLOOD_MLD, .family = FLOOD_V6 };
	else
		return false;
	return true;
}

static bool parse_packet(const struct frame_ends *ends, const struct packet *packet,
			 struct frame_echo *ret)
{
	enum flood_family family = packet->family;

	if (memcmp(packet->from, target_of(ends, family), address_len(family)) != 0 ||
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

static bool parse_arp(const struct frame_ends *ends, struct text bytes,
		      struct frame_echo *ret)
{
	static const uint8_t reply[] = { 0, 1, 8, 0, 6, 4, 0, ARP_REPLY };
	const uint8_t *p = (const uint8_t *)bytes.s;

	if (bytes.n < ARP || memcmp(p, reply, sizeof(reply)) != 0 ||
	    memcmp(p + 14, &ends->target_v4, 4) != 0 ||
	    !frame_is_source(ends, FLOOD_V4, p + 24))
		return false;
	*ret = (struct frame_echo){ .kind = FLOOD_ARP, .family = FLOOD_V4 };
	return true;
}

/* Splits off the tag of our VLAN, when there is to be one. */
static bool open_frame(const struct frame_ends *ends, struct text *frame, uint16_t *type)
{
	const uint8_t *p = (const uint8_t *)frame->s;

	if (frame->n < ETHERNET + (ends->vlan ? FRAME_VLAN : 0))
		return false;
	*type = get16(p + 12);
	*frame = text_from(*frame, ETHERNET);
	if (!ends->vlan)
		return true;
	if (*type != TYPE_VLAN || (get16(p + 14) & 0xfff) != ends->vlan)
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
	if (type == TYPE_ARP)
		return !memcmp(to, ends->our_mac, FRAME_MAC) &&
		       parse_arp(ends, rest, ret);
	if ((type != TYPE_IPV4 || !open_ipv4(rest, false, &packet)) &&
	    (type != TYPE_IPV6 || !open_ipv6(rest, false, &packet)))
		return false;
	/* The target's own Ethernet address: of MLD, any of its addresses may be the source. */
	if (to[0] & 1)
		return !memcmp(to + FRAME_MAC, ends->target_mac, FRAME_MAC) &&
		       parse_report(&packet, ret);
	return !memcmp(to, ends->our_mac, FRAME_MAC) && parse_packet(ends, &packet, ret);
}
