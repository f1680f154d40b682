/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways a flood can be sent, from a target to an open path: one row an engine. */
#pragma once

#include "flood/link.h"
#include "flood/path.h"

#include <stdio.h>

struct engine_kind;

/* What the user asks for. Addresses are NULL when there is none of that family. */
struct engines_wish {
	const struct engine_kind *kind; /* NULL: the best that is possible */
	const struct sockaddr_in *v4;
	const struct sockaddr_in6 *v6;
	struct link_wish link;
	const uint8_t *target_mac; /* NULL: it is asked for */
	int frames_fd;             /* -1: no virtual board */
	struct frame_ends ends;    /* of the virtual board */
};

struct engines_open {
	struct path *path;
	struct hold *hold; /* NULL: nothing is held */
	const struct engine_kind *kind;
};

/* NULL: there is none of this name. "auto" is none either. */
const struct engine_kind *engines_find(const char *name);
const char *engines_name(const struct engine_kind *kind);
/* "packet, turbo, raw, frames". Caller frees. */
char *engines_names(void);
/* A line each: what it is, what it needs, and why it is not possible here. */
void engines_list(FILE *out);

/*
 * Looks for the way, refuses what must not be flooded, opens the path and holds the
 * target's neighbour entries. Speaks; 0 or -errno.
 */
int engines_open(const struct engines_wish *wish, const struct path_spec *spec,
		 struct engines_open *ret) _must_check_;
/*
 * Only looks for the way, and refuses what must not be flooded: before several are opened,
 * each in a process of its own. *ret_mac is the target's Ethernet address when it is known,
 * else all 0. Speaks; 0 or -errno.
 */
int engines_check(const struct engines_wish *wish, const struct path_spec *spec,
		  uint8_t ret_mac[LINK_MAC]) _must_check_;
/* Puts entries back. */
void engines_close(struct engines_open *open);
