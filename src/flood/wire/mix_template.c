// SPDX-License-Identifier: GPL-2.0-or-later
/* What all requests of a kind have in common, byte by byte. */
#include "bytes.h"
#include "mix_internal.h"

#define TYPE_IPV4 0x0800
#define TYPE_ARP  0x0806
#define TYPE_VLAN 0x8100
#define TYPE_IPV6 0x86dd

#define HOP_LIMIT        64
#define HOP_LIMIT_ND     255 /* RFC 4861, 7.1.1 */
#define HOP_LIMIT_REPORT 1   /* RFC 3376, 4; RFC 3810, 5 */

#define ICMP_ECHO_REQUEST   8
#define ICMPV6_ECHO_REQUEST 128
#define ND_SOLICITATION     135
#define ND_OPTION_SOURCE    1
#define IGMP_QUERY          0x11
#define MLD_QUERY           130
#define TCP_SYN             0x02

/* Frames that are always shorter are filled up, for not every driver does so. */
#define SHORTEST 60u

static const uint8_t all_hosts[] = { 224, 0, 0, 1 };
static const uint8_t all_hosts_mac[FRAME_MAC] = { 1, 0, 0x5e, 0, 0, 1 };
static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
static const uint8_t all_nodes_mac[FRAME_MAC] = { 0x33, 0x33, 0, 0, 0, 1 };

/* Makes room of n zeroes behind the head. */
static uint8_t *grow(struct mix_template *t, uint32_t n)
{
	uint8_t *p = t->head + t->head_len;

	t->head_len += n;
	return p;
}

static void put_ethernet(struct mix_template *t, const struct mix *mix, const uint8_t *to,
			 uint16_t type)
{
	uint8_t *p = grow(t, MIX_ETHERNET);

	memcpy(p, to, FRAME_MAC);
	memcpy(p + 6, mix->ends.our_mac, FRAME_MAC);
	if (mix->ends.vlan) {
		put16(p + 12, TYPE_VLAN);
		put16(p + 14, mix->ends.vlan);
		(void)grow(t, FRAME_VLAN);
	}
	put16(t->head + t->head_len - 2, type);
	t->l3 = t->head_len;
}

static uint8_t hop_limit(const struct mix *mix)
{
	return mix->ends.hop_limit ? mix->ends.hop_limit : HOP_LIMIT;
}

static void put_ipv4(struct mix_template *t, const struct mix *mix, uint8_t protocol)
{
	bool query = t->kind == FLOOD_IGMP;
	uint8_t *p;

	put_ethernet(t, mix, query ? all_hosts_mac : mix->ends.target_mac, TYPE_IPV4);
	p = grow(t, MIX_IPV4);
	p[0] = 0x45;
	/* RFC 6864: an atomic packet needs no identification, so the header stays. */
	put16(p + 6, 0x4000);
	p[8] = query ? HOP_LIMIT_REPORT : hop_limit(mix);
	p[9] = protocol;
	if (query) {
		/* RFC 3376, 4: precedence of internetwork control, router alert. */
		p[0]++;
		p[1] = 0xc0;
		memcpy(p + 16, all_hosts, sizeof(all_hosts));
		put32(grow(t, 4), 0x94040000);
	} else {
		memcpy(p + 16, &mix->ends.target_v4, 4);
	}
	t->ip_sum = sum_bytes(p, t->head_len - t->l3);
	t->l4 = t->head_len;
}

static void put_ipv6(struct mix_template *t, const struct mix *mix, uint8_t protocol)
{
	bool query = t->kind == FLOOD_MLD;
	uint8_t *p;

	put_ethernet(t, mix, query ? all_nodes_mac : mix->ends.target_mac, TYPE_IPV6);
	p = grow(t, MIX_IPV6);
	p[0] = 0x60;
	p[6] = protocol;
	p[7] = query               ? HOP_LIMIT_REPORT :
	       t->kind == FLOOD_ND ? HOP_LIMIT_ND :
				     hop_limit(mix);
	if (query) {
		static const uint8_t alert[] = { IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0 };
		const uint8_t *mac = mix->ends.our_mac;

		/* RFC 2710, 3: from a link-local address, with a router alert. */
		p[6] = IPPROTO_HOPOPTS;
		put16(p + 8, 0xfe80);
		memcpy(p + 16, mac, 3);
		p[16] ^= 2;
		put16(p + 19, 0xfffe);
		memcpy(p + 21, mac + 3, 3);
		memcpy(p + 24, all_nodes, sizeof(all_nodes));
		memcpy(grow(t, sizeof(alert)), alert, sizeof(alert));
	} else {
		memcpy(p + 24, &mix->ends.target_v6, 16);
	}
	t->l4 = t->head_len;
	t->sum = sum_bytes(p + 8, 32) + protocol;
}

static void put_ip(struct mix_template *t, const struct mix *mix, uint8_t protocol,
		   uint8_t protocol_v6)
{
	if (t->family == FLOOD_V4)
		put_ipv4(t, mix, protocol);
	else
		put_ipv6(t, mix, protocol_v6);
}

static void put_cookie(struct mix_template *t, const struct mix *mix)
{
	put64(grow(t, FRAME_TAG), mix->mark.cookie);
	t->sized = true;
}

static void put_echo(struct mix_template *t, const struct mix *mix)
{
	uint8_t *p;

	put_ip(t, mix, IPPROTO_ICMP, IPPROTO_ICMPV6);
	p = grow(t, 8);
	p[0] = t->family == FLOOD_V4 ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST;
	put16(p + 4, mix->mark.ident);
	put_cookie(t, mix);
}

/* UDP and TCP have a pseudo header in both families. */
static void add_pseudo_v4(struct mix_template *t, uint8_t protocol)
{
	if (t->family == FLOOD_V4)
		t->sum = sum_bytes(t->head + t->l3 + 12, 8) + protocol;
}

static void put_udp(struct mix_template *t, const struct mix *mix)
{
	put_ip(t, mix, IPPROTO_UDP, IPPROTO_UDP);
	add_pseudo_v4(t, IPPROTO_UDP);
	(void)grow(t, 8);
	put_cookie(t, mix);
}

static void put_syn(struct mix_template *t, const struct mix *mix)
{
	uint8_t *p;

	put_ip(t, mix, IPPROTO_TCP, IPPROTO_TCP);
	add_pseudo_v4(t, IPPROTO_TCP);
	p = grow(t, 20);
	p[12] = 5 << 4;
	p[13] = TCP_SYN;
	put16(p + 14, 64240);
}

static void put_arp(struct mix_template *t, const struct mix *mix)
{
	static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t *p;

	/* To the target itself: nobody else on the link need read it. */
	put_ethernet(t, mix, mix->ends.target_mac, TYPE_ARP);
	p = grow(t, 28);
	memcpy(p, request, sizeof(request));
	memcpy(p + 8, mix->ends.our_mac, FRAME_MAC);
	memcpy(p + 24, &mix->ends.target_v4, 4);
	t->l4 = t->head_len;
}

static void put_solicitation(struct mix_template *t, const struct mix *mix)
{
	uint8_t *p;

	put_ipv6(t, mix, IPPROTO_ICMPV6);
	p = grow(t, 32);
	p[0] = ND_SOLICITATION;
	memcpy(p + 8, &mix->ends.target_v6, 16);
	p[24] = ND_OPTION_SOURCE;
	p[25] = 1;
	memcpy(p + 26, mix->ends.our_mac, FRAME_MAC);
}

/* The shortest times to answer in that there are: a tenth of a second; at once. */
static void put_igmp(struct mix_template *t, const struct mix *mix, bool newer)
{
	uint8_t *p;

	put_ipv4(t, mix, IPPROTO_IGMP);
	p = grow(t, newer ? 12 : 8);
	p[0] = IGMP_QUERY;
	p[1] = newer ? 0 : 1;
}

/* A millisecond; at once. */
static void put_mld(struct mix_template *t, const struct mix *mix, bool newer)
{
	uint8_t *p;

	put_ipv6(t, mix, IPPROTO_ICMPV6);
	p = grow(t, newer ? 28 : 24);
	p[0] = MLD_QUERY;
	put16(p + 4, newer ? 0 : 1);
}

static void begin(struct mix_template *t, enum flood_kind kind, enum flood_family family)
{
	*t = (struct mix_template){ .kind = kind, .family = family };
}

static void end(struct mix_template *t, const struct mix *mix)
{
	uint32_t shortest = SHORTEST + (mix->ends.vlan ? FRAME_VLAN : 0);

	t->l4_len = t->head_len - t->l4;
	t->sum += sum_bytes(t->head + t->l4, t->l4_len);
	/* Behind the packet's end: its own length says so. */
	if (!t->sized && t->head_len < shortest)
		t->head_len = shortest;
}

void mix_template_init(struct mix_template *t, const struct mix *mix,
		       enum flood_kind kind, enum flood_family family)
{
	static void (*const put[FLOOD_KINDS])(struct mix_template * t,
					      const struct mix *mix) = {
		[FLOOD_ICMP] = put_echo,       [FLOOD_UDP] = put_udp,
		[FLOOD_TCP] = put_syn,         [FLOOD_ARP] = put_arp,
		[FLOOD_ND] = put_solicitation,
	};

	begin(t, kind, family);
	if (kind == FLOOD_IGMP)
		put_igmp(t, mix, false);
	else if (kind == FLOOD_MLD)
		put_mld(t, mix, false);
	else
		put[kind](t, mix);
	end(t, mix);
}

void mix_template_init_newer(struct mix_template *t, const struct mix *mix,
			     enum flood_kind kind)
{
	begin(t, kind, flood_kind_families(kind));
	if (kind == FLOOD_IGMP)
		put_igmp(t, mix, true);
	else
		put_mld(t, mix, true);
	end(t, mix);
}
