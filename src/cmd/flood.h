/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `flood` does besides a flood of its own. */
#pragma once

#include "flood/engine.h"
#include "flood/engines.h"

/* What each engine does on this machine, as a table on standard output. An exit status. */
int flood_self_test(void);

#define FLOOD_INTERFACES 16u

/* A flood through several interfaces: a process each, told as one. */
struct flood_several {
	const char *names[FLOOD_INTERFACES];
	unsigned int n;
	const char *addresses[3]; /* as they were written; NULL ends */
	const char *measure;      /* as it was written; NULL: all */
	const struct engines_wish *wish;
	const struct engine_spec *engine;
};

/*
 * Refuses all when one must not be flooded, else ends as engine_run: when all have ended,
 * or one fails. Speaks; 0 or -errno.
 */
int flood_several(const struct flood_several *what) _must_check_;
