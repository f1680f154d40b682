// SPDX-License-Identifier: GPL-2.0-or-later
#include "fold/offsets.h"

#include <stdlib.h>

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
