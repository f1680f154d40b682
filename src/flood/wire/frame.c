// SPDX-License-Identifier: GPL-2.0-or-later
/* What requests and answers have in common: addresses of the wire, and the payload. */
#include "flood/frame.h"

#include "bytes.h"

#include <errno.h>
#include <stdio.h>

int frame_parse_mac(const char *s, uint8_t ret[FRAME_MAC])
{
	uint8_t mac[FRAME_MAC];
	int n = 0;

	/* Two digits each: sscanf would take one, and signs and blanks. */
	if (strspn(s, "0123456789abcdefABCDEF:") != 17 || s[17] ||
	    sscanf(s, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2],
		   &mac[3], &mac[4], &mac[5], &n) != FRAME_MAC ||
	    n != 17 || mac[0] & 1)
		return -EINVAL;
	memcpy(ret, mac, FRAME_MAC);
	return 0;
}

/* The low 32 bits of an address, which tell ours apart. */
static uint32_t low_bits(enum flood_family family, const void *address)
{
	return get32((const uint8_t *)address + (family == FLOOD_V4 ? 0 : 12));
}

static const void *our_address(const struct frame_ends *ends, enum flood_family family)
{
	return family == FLOOD_V4 ? (const void *)&ends->our_v4 :
				    (const void *)&ends->our_v6;
}

static uint32_t target_distance(const struct frame_ends *ends, enum flood_family family)
{
	const void *target = family == FLOOD_V4 ? (const void *)&ends->target_v4 :
						  (const void *)&ends->target_v6;

	return low_bits(family, target) - low_bits(family, our_address(ends, family));
}

void frame_source(const struct frame_ends *ends, enum flood_family family, uint32_t i,
		  uint8_t ret[16])
{
	const void *our = our_address(ends, family);
	uint32_t target = target_distance(ends, family);

	if (family == FLOOD_V6)
		memcpy(ret, our, 12);
	if (i && target && target <= i)
		i++;
	put32(ret + (family == FLOOD_V4 ? 0 : 12), low_bits(family, our) + i);
}

bool frame_is_source(const struct frame_ends *ends, enum flood_family family,
		     const uint8_t *address)
{
	const void *our = our_address(ends, family);
	uint32_t target = target_distance(ends, family);
	uint32_t i = low_bits(family, address) - low_bits(family, our);

	if (family == FLOOD_V6 && memcmp(address, our, 12) != 0)
		return false;
	if (i && i == target)
		return false;
	if (target && target < i)
		i--;
	return i < (ends->addresses ? ends->addresses : 1);
}

uint32_t frame_payload_max(enum flood_family family)
{
	return FRAME_MTU - ICMP_LEN - (family & FLOOD_V6 ? IPV6_LEN : IPV4_LEN);
}

uint8_t frame_pad_byte(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 8));
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
