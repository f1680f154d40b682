/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and answers around the trigger, the mean of all cycles. */
#pragma once

#include "fold/fold.h"
#include "layout.h"

#include <jansson.h>

/* A line a step, with what was seen when; nothing where there is no timeline. */
void timeline_print(const struct layout *l, const struct fold_timeline *t);
/* NULL: there is none. */
json_t *timeline_json(const struct fold_timeline *t);
