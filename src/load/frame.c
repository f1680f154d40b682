// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests come from a template: only sequence number and checksum change, so that a
 * request costs a copy of its head and one addition. The rest of the payload is the same
 * bytes for all and is never copied (the paths send head and pad as two pieces).
 */
#include "load/frame.h"

#include "load/bytes.h"

#include <assert.h>
#include <errno.h>

#define ETHERNET 14
#define IPV4     20
#define IPV6     40
#define ICMP     8

#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd

#define ICMP_ECHO_REPLY     0
#define ICMP_ECHO_REQUEST   8
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY   129

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int frame_parse_mac(const char *s, uint8_t ret[FRAME_MAC])
{
	uint8_t mac[FRAME_MAC];

	for (size_t i = 0; i < FRAME_MAC; i++, s += 3) {
		int high = hex_digit(s[0]);
		int low = high < 0 ? -1 : hex_digit(s[1]);

		if (low < 0 || s[2] != (i + 1 < FRAME_MAC ? ':' : '\0'))
			return -EINVAL;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	if (mac[0] & 1)
		return -EINVAL;
	memcpy(ret, mac, FRAME_MAC);
	return 0;
}

uint32_t frame_payload_max(enum flood_family family)
{
	return FRAME_MTU - ICMP - (family & FLOOD_V6 ? IPV6 : IPV4);
}

uint8_t frame_pad_byte(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 8));
}

static uint32_t pad_sum(uint32_t size)
{
	uint32_t sum = 0;

	/* The tag's length is even, so pad byte 0 is the high one of its word. */
	for (size_t i = 0; i + FRAME_TAG < size; i++)
		sum += (uint32_t)frame_pad_byte(i) << (i % 2 ? 0 : 8);
	return sum;
}

static size_t put_ipv4(uint8_t *p, const struct frame_ends *ends, size_t icmp_len)
{
	put16(p, 0x4500);
	put16(p + 2, (uint16_t)(IPV4 + icmp_len));
	/* RFC 6864: an atomic packet needs no identification, so the header stays. */
	put16(p + 4, 0);
	put16(p + 6, 0x4000);
	p[8] = 64;
	p[9] = IPPROTO_ICMP;
	put16(p + 10, 0);
	memcpy(p + 12, &ends->our_v4, 4);
	memcpy(p + 16, &ends->target_v4, 4);
	put16(p + 10, sum_fold(sum_bytes(p, IPV4)));
	return IPV4;
}

static size_t put_ipv6(uint8_t *p, const struct frame_ends *ends, size_t icmp_len)
{
	put32(p, 0x60000000);
	put16(p + 4, (uint16_t)icmp_len);
	p[6] = IPPROTO_ICMPV6;
	p[7] = 64;
	memcpy(p + 8, &ends->our_v6, 16);
	memcpy(p + 24, &ends->target_v6, 16);
	return IPV6;
}

void frame_template_init(struct frame_template *t, enum flood_family family,
			 const struct frame_ends *ends, const struct frame_mark *mark,
			 uint32_t size)
{
	size_t icmp_len = ICMP + size;
	uint8_t *p = t->head;

	assert(size >= FRAME_TAG);
	*t = (struct frame_template){ 0 };
	memcpy(p, ends->target_mac, FRAME_MAC);
	memcpy(p + 6, ends->our_mac, FRAME_MAC);
	put16(p + 12, family == FLOOD_V4 ? TYPE_IPV4 : TYPE_IPV6);
	p += ETHERNET;
	if (family == FLOOD_V4) {
		p += put_ipv4(p, ends, icmp_len);
	} else {
		p += put_ipv6(p, ends, icmp_len);
		t->sum = sum_bytes(p - 32, 32) + (uint32_t)icmp_len + IPPROTO_ICMPV6;
	}
	t->icmp_offset = (size_t)(p - t->head);
	p[0] = family == FLOOD_V4 ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST;
	put16(p + 4, mark->ident);
	put64(p + ICMP, mark->cookie);
	t->sum += sum_bytes(p, ICMP + FRAME_TAG) + pad_sum(size);
	t->head_len = t->icmp_offset + ICMP + FRAME_TAG;
}

void frame_head(const struct frame_template *t, uint32_t seq, uint8_t ret[FRAME_HEAD])
{
	uint8_t *icmp = ret + t->icmp_offset;

	memcpy(ret, t->head, t->head_len);
	put16(icmp + 6, (uint16_t)seq);
	put32(icmp + ICMP + 8, seq);
	put16(icmp + 2, sum_fold(t->sum + (seq & 0xffff) + (seq >> 16) + (seq & 0xffff)));
}

bool frame_parse_tag(struct text *payload, uint64_t *ret_cookie, uint32_t *ret_seq)
{
	const uint8_t *p = (const uint8_t *)payload->s;

	if (payload->n < FRAME_TAG)
		return false;
	*ret_cookie = get64(p);
	*ret_seq = get32(p + 8);
	*payload = text_from(*payload, FRAME_TAG);
	return true;
}

bool frame_parse_echo_icmp(enum flood_family family, struct text message,
			   struct frame_echo *ret)
{
	const uint8_t *p = (const uint8_t *)message.s;

	if (message.n < ICMP || p[1] ||
	    p[0] != (family == FLOOD_V4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY))
		return false;
	*ret = (struct frame_echo){ .family = family,
				    .ident = get16(p + 4),
				    .seq = get16(p + 6),
				    .payload = text_from(message, ICMP) };
	return true;
}

/* The message of a whole IPv4 packet with this protocol; its header may be followed. */
static bool ipv4_open(struct text *packet)
{
	const uint8_t *p = (const uint8_t *)packet->s;
	size_t header, total;

	if (packet->n < IPV4 || p[0] >> 4 != 4)
		return false;
	header = (size_t)(p[0] & 15) * 4;
	total = get16(p + 2);
	/* Ethernet pads short frames: the header's length counts, not the frame's. */
	if (header < IPV4 || total < header || total > packet->n)
		return false;
	if (p[9] != IPPROTO_ICMP || get16(p + 6) & 0x3fff)
		return false;
	*packet = (struct text){ packet->s + header, total - header };
	return true;
}

bool frame_parse_echo_ipv4(struct text packet, struct frame_echo *ret)
{
	return ipv4_open(&packet) && frame_parse_echo_icmp(FLOOD_V4, packet, ret);
}

static bool ipv6_open(struct text *packet)
{
	const uint8_t *p = (const uint8_t *)packet->s;
	size_t len;

	if (packet->n < IPV6 || p[0] >> 4 != 6 || p[6] != IPPROTO_ICMPV6)
		return false;
	len = get16(p + 4);
	if (len > packet->n - IPV6)
		return false;
	*packet = (struct text){ packet->s + IPV6, len };
	return true;
}

bool frame_parse_echo(const struct frame_ends *ends, struct text frame,
		      struct frame_echo *ret)
{
	struct text packet = text_from(frame, ETHERNET);
	const uint8_t *p = (const uint8_t *)frame.s;
	const uint8_t *ip = p + ETHERNET;

	if (frame.n < ETHERNET + IPV4 || memcmp(p, ends->our_mac, FRAME_MAC))
		return false;
	switch (get16(p + 12)) {
	case TYPE_IPV4:
		return !memcmp(ip + 12, &ends->target_v4, 4) &&
		       !memcmp(ip + 16, &ends->our_v4, 4) &&
		       frame_parse_echo_ipv4(packet, ret);
	case TYPE_IPV6:
		return ipv6_open(&packet) && !memcmp(ip + 8, &ends->target_v6, 16) &&
		       !memcmp(ip + 24, &ends->our_v6, 16) &&
		       frame_parse_echo_icmp(FLOOD_V6, packet, ret);
	default:
		return false;
	}
}
