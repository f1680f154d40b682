/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load as steps that any scenario can put into its table; without --flood they hold at
 * once. In the order of a cycle.
 */
#pragma once

#include "run/engine.h"

/* Starts it, unless it is on. Until: it looks for its rate no longer. */
void traffic_on(struct run *run);
bool traffic_holds(const struct run *run);
/* Until: replies are steady. */
void traffic_confirm(struct run *run);
bool traffic_steady(const struct run *run);
/* More than what was confirmed, for as long as --flood's surge says. */
void traffic_surge(struct run *run);
bool traffic_surged(const struct run *run);
/* The trigger is now: counts from here on are those of the way down. */
void traffic_mark(struct run *run);
/* The target's shell has done its part: nothing needs to be spared any more. */
void traffic_press(struct run *run);
/* The target is up: from here to the next trigger a silence is not the expected one. */
void traffic_up(struct run *run);
/* Replies have come since the new boot. */
bool traffic_back(const struct run *run);

/*
 * What the target itself has counted of the load: its shell is asked once a cycle, while
 * the load runs and early enough that the request to go down does not wait for it. A shell
 * that cannot tell leaves it out, and a target that is idle is not asked.
 */
void traffic_ask_counters(struct run *run);
/* scenario.on_marker: records the answer. */
bool traffic_on_marker(struct run *run, const struct console_line *line);

/*
 * What was sent and answered around the trigger of this cycle, millisecond by millisecond:
 * asks the load for it, and records it.
 */
void traffic_record_timeline(struct run *run);
