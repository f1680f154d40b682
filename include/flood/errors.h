/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often sending failed, by the name of the error: what the kernel said to a try, or
 * reported of the socket later, as of an ICMP message that came back. Pure.
 */
#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define FLOOD_ERRORS 20u

struct flood_errors {
	uint64_t n[FLOOD_ERRORS];
};

/* "ENOBUFS"; the last one is "other". index below FLOOD_ERRORS. */
const char *flood_error_name(unsigned int index);
/* The words of strerror(3), or "other errors". */
const char *flood_error_words(unsigned int index);

/* error: an errno value. */
void flood_errors_count(struct flood_errors *errors, int error);
void flood_errors_add(struct flood_errors *errors, const struct flood_errors *more);
/* Of all kinds. */
uint64_t flood_errors_all(const struct flood_errors *errors);

/* For people: "ENOBUFS 12, ENETDOWN 3", with words "ENOBUFS 12 (No buffer ...), ...". */
void flood_errors_describe(const struct flood_errors *errors, bool words,
			   struct strbuf *out);
