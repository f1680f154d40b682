/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as people write them. Parsers take the whole string or nothing: -EINVAL for
 * what is not a number of this form, -ERANGE for one that is too large; *ret is untouched
 * on failure.
 */
#pragma once

#include "base/mem.h"

#include <stdint.h>

#define NS_PER_SEC  UINT64_C(1000000000)
#define NS_PER_MSEC UINT64_C(1000000)
#define NS_PER_USEC UINT64_C(1000)

/* Decimal, or hexadecimal behind 0x. */
int num_parse_u64(const char *s, uint64_t *ret) _must_check_;
int num_parse_u32(const char *s, uint32_t *ret) _must_check_;
/* "250ms", "1.5s", "2m", "1h30m", "10us"; a bare number is seconds. */
int num_parse_duration(const char *s, uint64_t *ret_ns) _must_check_;
/* "512M", "2G", "64k" (powers of 1024); a bare number is bytes. */
int num_parse_size(const char *s, uint64_t *ret_bytes) _must_check_;

/* Room for the longest text of num_format_duration, with its final NUL. */
#define NUM_DURATION_MAX 32
/* "0.7 us", "850 us", "1.5 ms", "340 ms", "4.52 s", "3 min 20 s", "2 h 5 min". Returns buffer. */
char *num_format_duration(char buffer[NUM_DURATION_MAX], uint64_t ns);
