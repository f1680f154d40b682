/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lengths of headers, numbers in network byte order at any address, and the Internet
 * checksum (RFC 1071).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Without options. */
#define IPV4_LEN     20u
#define IPV6_LEN     40u
#define FRAGMENT_LEN 8u /* IPv6 */
#define ICMP_LEN     8u
#define UDP_LEN      8u
#define TCP_LEN      20u
#define ARP_LEN      28u

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

static inline void put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline void put32(uint8_t *p, uint32_t value)
{
	put16(p, (uint16_t)(value >> 16));
	put16(p + 2, (uint16_t)value);
}

static inline void put64(uint8_t *p, uint64_t value)
{
	put32(p, (uint32_t)(value >> 32));
	put32(p + 4, (uint32_t)value);
}

/* Of at most 64 KiB, which cannot overflow. */
static inline uint32_t sum_bytes(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += get16(p + i);
	return n % 2 ? sum + (uint32_t)(p[n - 1] << 8) : sum;
}

/* The checksum field for a sum; 0 for a sum over bytes with a correct checksum. */
static inline uint16_t sum_fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}
