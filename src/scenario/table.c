// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/table.h"

#include "base/mem.h"

static const struct scenario *const scenarios[] = {
	&scenario_reboot,
	&scenario_unplug,
	&scenario_rebind,
};

const struct scenario *scenario_at(unsigned int index)
{
	return index < ARRAY_SIZE(scenarios) ? scenarios[index] : NULL;
}
