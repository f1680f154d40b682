/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts to unplug, by the offset between the two sides of the race. */
#pragma once

#include "fold/fold.h"

void offsets_apply_window(struct fold_offsets *o, const struct record *record);
void offsets_apply_attempt(struct fold_offsets *o, const struct record *record);
/* Attempts of cycles behind this one count no more: they are made again. */
void offsets_forget(struct fold_offsets *o, unsigned int cycle);
/* The attempt of this cycle was a hit. */
void offsets_apply_hit(struct fold_offsets *o, unsigned int cycle);

/*
 * Median of |achieved - wanted| in ns, rounded up to FOLD_ERROR_NS; 0: no attempts. The last
 * of FOLD_ERROR_STEPS stands for all that is more.
 */
uint64_t offsets_error(const struct fold_offsets *o);
