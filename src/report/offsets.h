/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fold/fold.h"
#include "layout.h"

/* Attempts and hits over the offset, and how exact and how fast they were. */
void offsets_print(const struct layout *l, const struct fold_offsets *o);
