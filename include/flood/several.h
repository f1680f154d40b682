/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floods of one target through several interfaces, told as one. Pure. */
#pragma once

#include "flood/flood.h"

/*
 * The sum of the newest sample of each; at_ns 0: it has told none yet. Counters and rates
 * are added up; what cannot be, the round trips, is the longest of them. The state is that
 * of the least advanced, steady are they when all are, and at_ns is of the newest. The
 * first reply is that after the last time in which all were silent.
 */
struct flood_sample several_sum(const struct flood_sample *samples, unsigned int n);
/* Adds the line "interface name=NAME state=...", without a newline. */
void several_format(const char *name, const struct flood_sample *sample,
		    struct strbuf *out);
