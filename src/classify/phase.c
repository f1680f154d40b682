// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/phase.h"

static const char *const names[PHASE_COUNT] = {
	[PHASE_NONE] = "-",
	[PHASE_BOOT] = "boot",
	[PHASE_SETTLE] = "settle",
	[PHASE_FLOOD] = "flood",
	[PHASE_TRIGGER] = "trigger",
	[PHASE_SHUTDOWN] = "shutdown",
	[PHASE_FIRMWARE] = "firmware",
	[PHASE_EARLY_BOOT] = "early-boot",
	[PHASE_UP] = "up",
	[PHASE_BIND] = "bind",
	[PHASE_UNPLUG] = "unplug",
	[PHASE_BACK] = "back",
};

const char *phase_name(enum phase phase)
{
	return names[phase];
}

enum phase phase_parse(struct text word)
{
	for (int i = PHASE_NONE + 1; i < PHASE_COUNT; i++)
		if (text_equal(word, text_of(names[i])))
			return (enum phase)i;
	return PHASE_NONE;
}
