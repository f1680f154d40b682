// SPDX-License-Identifier: GPL-2.0-or-later
/* What all requests of a kind have in common, byte by byte. */
#include "mix_internal.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/igmp.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>

#define HOP_LIMIT        64
#define HOP_LIMIT_ND     255 /* RFC 4861, 7.1.1 */
#define HOP_LIMIT_REPORT 1   /* RFC 3376, 4; RFC 3810, 5 */

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
	uint8_t *p = grow(t, ETH_HLEN);

	memcpy(p, to, FRAME_MAC);
	memcpy(p + 6, mix->ends.our_mac, FRAME_MAC);
	if (mix->ends.vlan) {
		put16(p + 12, ETH_P_8021Q);
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

	put_ethernet(t, mix, query ? all_hosts_mac : mix->ends.target_mac, ETH_P_IP);
	p = grow(t, IPV4_LEN);
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

	put_ethernet(t, mix, query ? all_nodes_mac : mix->ends.target_mac, ETH_P_IPV6);
	p = grow(t, IPV6_LEN);
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
	p = grow(t, ICMP_LEN);
	p[0] = t->family == FLOOD_V4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
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
	(void)grow(t, UDP_LEN);
	put_cookie(t, mix);
}

static void put_syn(struct mix_template *t, const struct mix *mix)
{
	uint8_t *p;

	put_ip(t, mix, IPPROTO_TCP, IPPROTO_TCP);
	add_pseudo_v4(t, IPPROTO_TCP);
	p = grow(t, TCP_LEN);
	p[12] = 5 << 4;
	p[13] = TH_SYN;
	put16(p + 14, 64240);
}

static void put_arp(struct mix_template *t, const struct mix *mix)
{
	static const uint8_t request[] = { 0, 1, 8, 0, 6, 4, 0, ARPOP_REQUEST };
	uint8_t *p;

	/* To the target itself: nobody else on the link need read it. */
	put_ethernet(t, mix, mix->ends.target_mac, ETH_P_ARP);
	p = grow(t, ARP_LEN);
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
	p[0] = ND_NEIGHBOR_SOLICIT;
	memcpy(p + 8, &mix->ends.target_v6, 16);
	p[24] = ND_OPT_SOURCE_LINKADDR;
	p[25] = 1;
	memcpy(p + 26, mix->ends.our_mac, FRAME_MAC);
}

/* The shortest times to answer in that there are: a tenth of a second; at once. */
static void put_igmp(struct mix_template *t, const struct mix *mix)
{
	uint8_t *p;

	put_ipv4(t, mix, IPPROTO_IGMP);
	p = grow(t, t->newer ? 12 : 8);
	p[0] = IGMP_HOST_MEMBERSHIP_QUERY;
	p[1] = t->newer ? 0 : 1;
}

/* A millisecond; at once. */
static void put_mld(struct mix_template *t, const struct mix *mix)
{
	uint8_t *p;

	put_ipv6(t, mix, IPPROTO_ICMPV6);
	p = grow(t, t->newer ? 28 : 24);
	p[0] = MLD_LISTENER_QUERY;
	put16(p + 4, t->newer ? 0 : 1);
}

void mix_template_init(struct mix_template *t, const struct mix *mix,
		       enum flood_kind kind, enum flood_family family, bool newer)
{
	static void (*const put[FLOOD_KINDS])(struct mix_template * t,
					      const struct mix *mix) = {
		[FLOOD_ICMP] = put_echo,       [FLOOD_UDP] = put_udp,
		[FLOOD_TCP] = put_syn,         [FLOOD_ARP] = put_arp,
		[FLOOD_ND] = put_solicitation, [FLOOD_IGMP] = put_igmp,
		[FLOOD_MLD] = put_mld,
	};
	uint32_t shortest = MIX_SHORTEST + (mix->ends.vlan ? FRAME_VLAN : 0);

	*t = (struct mix_template){ .kind = kind, .family = family, .newer = newer };
	put[kind](t, mix);
	t->l4_len = t->head_len - t->l4;
	t->sum += sum_bytes(t->head + t->l4, t->l4_len);
	/* Behind the packet's end: its own length says so. */
	if (!t->sized && t->head_len < shortest)
		t->head_len = shortest;
}
