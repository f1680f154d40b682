/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was sent and answered around the trigger, millisecond by millisecond. */
#pragma once

#include "run/engine.h"

void timeline_take(struct run *run, const struct timeline_part *part);
/* Asks the load for what was around the trigger of this cycle, and records it. */
void timeline_record(struct run *run);
