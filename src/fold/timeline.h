/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and answers around the trigger, summed over all cycles. */
#pragma once

#include "fold/fold.h"

void timeline_apply(struct fold_timeline *t, const struct record *record);
