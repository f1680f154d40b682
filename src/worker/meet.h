/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where three processes meet. The coordinator waits for everything with a limit. The writer
 * does all writes that may last for ever. The holder has the device open. For the unplug
 * writer and holder spin on CPUs of their own until the same moment.
 *
 * This is shared memory. Who is kicked owns its part until it has answered; what both need
 * meanwhile is atomic. Times are CLOCK_MONOTONIC, 0: not yet.
 */
#pragma once

#include "worker/holder/holder.h"
#include "worker/peer.h"

#include <stdatomic.h>

#define PUTS_MAX 4

struct put {
	bool query; /* reads: then the answer is in text */
	/* Instead of writing text to path: 0 or -errno. */
	int (*act)(const char *text);
	bool optional; /* what becomes of it does not matter */
	char path[PATH_SIZE], text[64];
	int64_t done_at;
};

/* Written one after the other, up to the first error: puts.c fills it, the writer empties it. */
struct batch {
	struct put puts[PUTS_MAX];
	size_t n;
	int error;
};

/* The writer's: the unplug. */
struct unplug {
	bool outside; /* somebody else pulls: nothing is written */
	char path[PATH_SIZE], text[64];
	int error;
	_Atomic int64_t written_at, returned_at;
	/*
	 * After it, if it took this file away and the holder has let go, the batch at once;
	 * empty: not so. back_at: when it began with that, 0: it did not.
	 */
	char gone[PATH_SIZE];
	int64_t back_at;
};

/* The holder's: how it got the device, and let go. */
struct hold {
	bool churn;
	int open_error, act_error;
	char word[16], why[400];
	/* closed_at: the request was answered, the device is closed */
	_Atomic int64_t requested_at, closed_at, acted_at, released_at;
};

/* For which both wait. */
struct moment {
	int64_t offset_ns;  /* of the release from the unplug, as wanted */
	_Atomic int ready;  /* the holder is */
	_Atomic int64_t go; /* the moment; -1: there will be none */
	_Atomic int let_go; /* no more waiting */
};

enum work { WORK_PUT, WORK_HOLD, WORK_RACE };

struct meet {
	enum work writer_work;
	_Atomic int holder_work;
	struct batch batch;
	struct unplug unplug;
	struct hold hold;
	struct moment moment;
};

void spin_until(int64_t at_ns);

/* Starts the process that writes. */
int writer_start(struct peer *writer, int cpu, struct meet *meet);

/* holder: as it begins; the process has a copy of it. */
struct holding {
	struct meet *meet;
	struct holder holder;
};
int holding_start(struct peer *peer, int cpu, struct holding *holding);
