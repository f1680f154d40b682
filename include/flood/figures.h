/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A flood's samples as people read them: a line a second, and a summary. Pure. */
#pragma once

#include "flood/flood.h"

struct figures {
	uint64_t begin_ns; /* 0: nothing was said yet */
	struct flood_sample last;
};

/* The first sample, which the first line counts from. */
void figures_begin(struct figures *f, const struct flood_sample *sample);
/* Adds a line, without a newline, of what has come since the last one. */
void figures_line(struct figures *f, const struct flood_sample *sample,
		  struct strbuf *out);
/* The same, but only when a second has passed since the last one. */
bool figures_format(struct figures *f, const struct flood_sample *sample,
		    struct strbuf *out);
/* Several lines, the last one without a newline. */
void figures_summary(const struct figures *f, const struct flood_sample *sample,
		     struct strbuf *out);
