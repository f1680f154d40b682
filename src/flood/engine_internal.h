/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by engine.c, which sends and listens, and engine_output.c, which tells of it. */
#pragma once

#include "flood/engine.h"
#include "flood/figures.h"
#include "flood/pace/pace.h"
#include "flood/pace/steady.h"
#include "flood/pace/track.h"
#include "flood/timeline.h"
#include "os/loop.h"

struct engine {
	struct path *path;
	const struct engine_spec *spec;
	struct loop *loop;
	struct loop_timer *tick, *sample, *limit;
	struct loop_io *ios[PATH_FDS], *signals, *input;
	int signal_fd;
	struct pace pace;
	struct pace_track *track;
	struct timeline timeline;
	struct steady steady;
	uint64_t sent, drops;
	uint32_t rtt_us;
	uint64_t sampled_ns;
	uint64_t sampled_attempts, sampled_replies;
	uint64_t made;      /* that the path has sent by itself */
	bool flat_out;      /* it does */
	int blocked;        /* 0, or what the last path_send said */
	unsigned int came;  /* datagrams of the last look */
	bool counting_down; /* the count is sent, the last replies may come */
	char word[16];      /* of standard input, up to its newline */
	size_t word_len;
	struct figures figures;
	bool done;
	int error;
};

/* Ends with this result. */
void engine_finish(struct engine *e, int error);
void engine_write_sample(struct engine *e, uint64_t now);
/* A line a tick, and whole: a line that finds no room comes with the next tick. */
void engine_write_timeline(struct engine *e);
/* What there is to say to people at the end. */
void engine_write_summary(struct engine *e, uint64_t now);
