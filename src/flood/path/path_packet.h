/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What path_turbo.c makes of the packet socket. */
#pragma once

#include "path.h"

/* What is not read is counted all the same, or there is room for a tick's. */
#define PACKET_BUSY UINT32_MAX

struct packet {
	int ifindex;       /* that the socket is bound to */
	uint16_t protocol; /* ... for these frames, in the order of the network */
	bool counts;       /* only a sample of the replies is handed on */
	uint64_t drops;    /* the others, as far as they came to the socket */
	struct reply_counter *counter; /* those that did not; NULL: all do */
	struct frame_ends seen; /* as received frames have it: without the VLAN tag */
	void *turbo;            /* of path_turbo.c */
};

int packet_open(const struct path_ops *ops, const char *interface,
		const struct frame_ends *ends, const struct path_spec *spec,
		struct path **ret);
int packet_send(struct path *path, struct path_request *requests, unsigned int n);
void packet_changed(struct path *path);
bool packet_replies(struct path *path, uint64_t *ret);
void packet_take(struct path *path, unsigned int index, struct text frame,
		 path_echo_fn fn, void *arg);
void packet_free(struct path *path);
