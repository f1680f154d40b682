// SPDX-License-Identifier: GPL-2.0-or-later
#include "offsets.h"

#include "base/num.h"

#include <stdlib.h>

#define BAR_MAX      40
#define ERROR_COLUMN 13

void offsets_apply_window(struct fold_offsets *o, const struct record *record)
{
	o->window = record->window.window;
	o->from_request = record->window.from_request;
	o->known = true;
	memset(o->slices, 0, sizeof(o->slices));
	o->outside = (struct fold_slice){ 0 };
	memset(o->recent, 0, sizeof(o->recent));
}

/* FOLD_SLICES: none of them. */
static unsigned int slice_of(const struct fold_offsets *o, int64_t got_ns)
{
	int64_t width = o->window.to_ns - o->window.from_ns;
	int64_t at = got_ns - o->window.from_ns;
	double place;

	/* One offset is still a window. */
	if (!o->known || at < 0 || at > width)
		return width || !o->known ? FOLD_SLICES : 0;
	place = width ? (double)at / (double)width * FOLD_SLICES : 0;
	return place < FOLD_SLICES ? (unsigned int)place : FOLD_SLICES - 1;
}

void offsets_apply_attempt(struct fold_offsets *o, const struct record *record)
{
	const struct attempt *attempt = &record->attempt;
	uint64_t error = (uint64_t)llabs(attempt->got_ns - attempt->want_ns);
	unsigned int slice = slice_of(o, attempt->got_ns);

	if (!attempt->seen)
		return;
	o->attempts++;
	o->total_ns += attempt->total_ns;
	error = (error + FOLD_ERROR_NS - 1) / FOLD_ERROR_NS;
	if (error >= FOLD_ERROR_STEPS)
		error = FOLD_ERROR_STEPS - 1;
	o->errors[error]++;
	o->recent[record->cycle % FOLD_RECENT] =
		(struct fold_recent){ record->cycle, slice, (unsigned int)error,
				      attempt->total_ns };
	if (slice < FOLD_SLICES)
		o->slices[slice].attempts++;
	else
		o->outside.attempts++;
}

void offsets_forget(struct fold_offsets *o, unsigned int cycle)
{
	for (size_t i = 0; i < FOLD_RECENT; i++) {
		struct fold_recent *recent = &o->recent[i];

		if (recent->cycle <= cycle)
			continue;
		o->attempts--;
		o->total_ns -= recent->total_ns;
		o->errors[recent->error]--;
		if (recent->slice < FOLD_SLICES)
			o->slices[recent->slice].attempts--;
		else
			o->outside.attempts--;
		*recent = (struct fold_recent){ 0 };
	}
}

void offsets_apply_hit(struct fold_offsets *o, unsigned int cycle)
{
	const struct fold_recent *recent = &o->recent[cycle % FOLD_RECENT];

	if (!cycle || recent->cycle != cycle)
		return;
	if (recent->slice < FOLD_SLICES)
		o->slices[recent->slice].hits++;
	else
		o->outside.hits++;
}

uint64_t offsets_error(const struct fold_offsets *o)
{
	unsigned int seen = 0;

	for (uint64_t i = 0; o->attempts && i < FOLD_ERROR_STEPS; i++) {
		seen += o->errors[i];
		if (2 * seen >= o->attempts)
			return i * FOLD_ERROR_NS;
	}
	return 0;
}

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
