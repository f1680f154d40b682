/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the target itself has counted of the load: its shell is asked once a cycle, while
 * the load runs and early enough that the request to go down does not wait for it. A shell
 * that cannot tell leaves it out.
 */
#pragma once

#include "run/engine.h"

/* Asks, unless the target was asked in this cycle, or is idle. */
void counters_ask(struct run *run);
/* scenario.on_marker: records the answer. */
bool counters_on_marker(struct run *run, const struct console_line *line);
