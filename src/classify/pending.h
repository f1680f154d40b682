/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings that are being put together. They leave in the order of their first lines:
 * one that is complete waits for the older ones. The number is bounded; when it is
 * reached, the oldest leaves as it is.
 */
#pragma once

#include "fault.h"

#define PENDING_MAX 16

struct slot {
	struct finding finding;
	bool done;                         /* complete: may leave */
	const struct fault_family *family; /* of a burst; NULL: a splat */
	bool untold;                       /* was there before, or is no report at all */
	bool led;                          /* a fault whose record is still to come */
	unsigned int evidence;             /* enum rules_evidence, when it began */
	uint64_t last_line;                /* that belongs to it */
};

struct pending {
	void (*on_done)(void *arg, struct slot *slot);
	void *arg;
	size_t head, n;
	struct slot slots[PENDING_MAX];
};

/* A cleared slot behind all others. */
struct slot *pending_open(struct pending *pending);
/* i counts from the oldest; NULL behind the last. */
struct slot *pending_at(struct pending *pending, size_t i);
/* Hands over what is complete and has nothing older before it. */
void pending_flush(struct pending *pending);
