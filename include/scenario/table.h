/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All scenarios, equal siblings: a file (or folder) in src/scenario and a row each. */
#pragma once

#include "run/scenario.h"

extern const struct scenario scenario_reboot;
extern const struct scenario scenario_unplug;
extern const struct scenario scenario_rebind;

/* In the order in which a user meets them; NULL behind the last. */
const struct scenario *scenario_at(unsigned int index);
