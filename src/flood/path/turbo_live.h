/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that begin in the kernel: an XDP program is run for each, as if it had come in, and
 * sends it out. Each such call takes some 30 ms to set up, so it is one long call after the
 * other, in a thread of its own.
 */
#pragma once

#include "path_packet.h"
#include "turbo_bpf.h"

struct live;
struct turbo_bpf;

/* A request of number 0, and what its number goes into. */
struct turbo_frame {
	uint8_t bytes[FRAME_MAX];
	size_t n;
	uint32_t sum;  /* of what the ICMP checksum covers, not folded */
	uint32_t icmp; /* where that header begins */
};

/* Whether all requests of a family differ by their number alone. */
bool turbo_can(const struct path_spec *spec);
void turbo_make_frame(const struct path *path, enum flood_family family,
		      struct turbo_frame *ret);

/*
 * Sends to the target, with programs that are loaded. NULL, and *ret_note (caller frees)
 * says why: the driver cannot.
 */
struct live *live_open(struct path *path, struct turbo_bpf *bpf, char **ret_note);
/* What is sent from now on. While it does not run. */
void live_set_frames(struct live *live, struct path *path);
/* Starts or stops; returns whether it runs. */
bool live_run(struct live *live, bool on);
/* Requests that the interface has sent meanwhile. */
uint64_t live_made(struct live *live);
void live_close(struct live *live);

/* Whether the packets that the interface has sent become at least n, given time. */
bool turbo_has_sent(int ifindex, uint64_t n);
