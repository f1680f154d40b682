// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What of all that comes is an answer. Checksums are not looked at: a damaged answer is
 * told by the content of the request that comes back in it.
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

#define MLD_REPORT_V2 143 /* RFC 3810, 5.2 */

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

static bool parse_arp(const struct frame_ends *ends, struct text bytes,
		      struct frame_echo *ret)
{
	static const uint8_t reply[] = { 0, 1, 8, 0, 6, 4, 0, ARPOP_REPLY };
	const uint8_t *p = (const uint8_t *)bytes.s;

	if (bytes.n < ARP_LEN || memcmp(p, reply, sizeof(reply)) != 0 ||
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
