/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One attempt to unplug a device while it is held, as the worker measured it. Pure. Times
 * come from the target's CLOCK_MONOTONIC.
 */
#pragma once

#include "base/table.h"

/* An error by its name in errno.h, or a word. */
#define ATTEMPT_WORD_MAX 16

struct attempt {
	bool seen;       /* the worker has told how it ended */
	int64_t want_ns; /* offset of the release from the reference */
	int64_t got_ns;  /* as it was achieved */

	char unplug[ATTEMPT_WORD_MAX]; /* "ok", "EBUSY" ..., "stuck": it never returned */
	int64_t unplug_ns;  /* duration of the unplug write; -1: it never returned */
	int64_t request_ns; /* begin of the write .. request to the user; -1: none came */

	int64_t close_ns; /* closing the device at the request; -1: not done */

	char release[ATTEMPT_WORD_MAX]; /* the same of the holder's way out */
	int64_t release_ns; /* -1: the holder ended without a word, or never returned */

	bool blocked;    /* the write waited for the user beyond the limit */
	int64_t free_ns; /* user let go .. return of the write; -1: never */
	char who[48];    /* held the device meanwhile: "1234 qemu-system-x86" */
	/* Functions of the kernel in which it waited or is stuck, the innermost first: "a<b". */
	char where[160];

	char back[ATTEMPT_WORD_MAX];  /* "ok", "gone", "moved", "stuck": never done */
	char moved[ATTEMPT_WORD_MAX]; /* the address that it has now */
	uint64_t back_ns;             /* bring back .. there */
	uint64_t total_ns;

	uint32_t order; /* hash of the kernel's messages in their order */
};

extern const struct table_member attempt_members[];

/* From a marker's words (iommu-stress-worker(8), race). False: no result of an attempt. */
bool attempt_parse(struct text words, struct attempt *ret);

/*
 * Something else than usual, though nothing was found: what a race is close to looks like.
 * The order of messages is compared with usual_order.
 */
bool attempt_is_near(const struct attempt *attempt, uint32_t usual_order);
