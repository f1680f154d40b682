// SPDX-License-Identifier: GPL-2.0-or-later
#include "offsets.h"

#include "base/num.h"
#include "fold/offsets.h"

#define BAR_MAX      40
#define ERROR_COLUMN 13

static void print_exactness(const struct layout *l, const struct fold_offsets *o)
{
	char error[NUM_DURATION_MAX], mean[NUM_DURATION_MAX];
	uint64_t mean_ns = o->total_ns / o->attempts, error_ns = offsets_error(o);
	/* The last step is open: a request that never came is waited for in vain. */
	bool kept = error_ns < (uint64_t)(FOLD_ERROR_STEPS - 1) * FOLD_ERROR_NS;

	fprintf(l->out,
		"%-*s%u, %s each on the target, %.1f a second; offsets %s %s%s (median)\n",
		ERROR_COLUMN, "Attempts", o->attempts, num_format_duration(mean, mean_ns),
		mean_ns ? (double)NS_PER_SEC / (double)mean_ns : 0,
		kept ? "kept within" : "missed by", num_format_duration(error, error_ns),
		kept ? "" : " or more");
}

/* --at: there is but one offset, and what was achieved is never just that. */
static bool is_point(const struct fold_offsets *o)
{
	return o->window.to_ns == o->window.from_ns;
}

/* The slice's attempts as '.', its hits as '#', in proportion to the fullest slice. */
static void print_slice(const struct layout *l, const struct fold_offsets *o,
			unsigned int i, unsigned int most)
{
	const struct fold_slice *s = &o->slices[i];
	double width = (double)(o->window.to_ns - o->window.from_ns) / FOLD_SLICES;
	double from = (double)o->window.from_ns + i * width;
	unsigned int bar = (s->attempts * BAR_MAX + most - 1) / most;
	unsigned int hits = (s->hits * BAR_MAX + most - 1) / most;

	fprintf(l->out, "%12.1f us  %8u  %4u  ", from / 1000, s->attempts, s->hits);
	for (unsigned int k = 0; k < bar; k++)
		fputc(k < hits ? '#' : '.', l->out);
	fputc('\n', l->out);
}

void offsets_print(const struct layout *l, const struct fold_offsets *o)
{
	unsigned int most = 1;

	if (!o->attempts)
		return;
	print_exactness(l, o);
	if (!o->known)
		return;
	for (unsigned int i = 0; i < FOLD_SLICES; i++)
		if (o->slices[i].attempts > most)
			most = o->slices[i].attempts;
	fputc('\n', l->out);
	layout_heading(l, o->from_request ?
				  "After close      Attempts  Hits  # hit, . attempt" :
				  "After unplug     Attempts  Hits  # hit, . attempt");
	for (unsigned int i = 0; i < (is_point(o) ? 1 : FOLD_SLICES); i++)
		print_slice(l, o, i, most);
	if (o->outside.attempts)
		fprintf(l->out, "%15s  %8u  %4u\n", "elsewhere", o->outside.attempts,
			o->outside.hits);
	fputc('\n', l->out);
}
