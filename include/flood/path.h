/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all kinds of path need to know, which are the ways of requests to the target, and of
 * its replies back; one kind of path is one engine, flood/engines.h lists them.
 */
#pragma once

#include "flood/frame.h"

struct path;

/*
 * What becomes of replies. Less than all of it shows what measuring costs; packet, turbo
 * and raw can do with less.
 */
enum path_measure {
	PATH_MEASURE_ALL,   /* counted, and a sample or all of them handed on */
	PATH_MEASURE_COUNT, /* counted only; FLOOD_ICMP alone */
	PATH_MEASURE_NONE,  /* the sockets receive nothing */
};

/* What all kinds of path need to know. */
struct path_spec {
	struct flood_spec flood;
	struct frame_mark mark;
	enum path_measure measure;
};
