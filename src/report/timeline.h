/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and answers around the trigger, the mean of all cycles. */
#pragma once

#include "layout.h"
#include "report/fold.h"

#include <jansson.h>

void timeline_apply(struct fold_timeline *t, const struct record *record);
/* A line a step, with what was seen when; nothing where there is no timeline. */
void timeline_print(const struct layout *l, const struct fold_timeline *t);
/* NULL: there is none. */
json_t *timeline_json(const struct fold_timeline *t);
