/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flood itself: sends, listens and writes samples until it is told to stop. */
#pragma once

#include "flood/path.h"

struct engine_spec {
	struct flood_spec flood;
	struct frame_mark mark;    /* the one that the path was opened with */
	enum path_measure measure; /* likewise; without replies no FLOOD_RATE_AUTO */
	uint64_t limit_ns;         /* how long at most, 0 = no limit */
	uint64_t count;            /* requests at most, 0 = no limit */
	bool until_eof;            /* ends with standard input */
	bool figures;              /* lines are for people, not samples */
};

/*
 * Ends at a limit, at SIGTERM, SIGINT or SIGHUP, with its standard input or with the
 * reader of its standard output: 0. Speaks; -errno when it cannot go on.
 */
int engine_run(struct path *path, const struct engine_spec *spec) _must_check_;
