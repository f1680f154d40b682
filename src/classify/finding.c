// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/finding.h"

static const char *const names[] = {
	[FINDING_SPLAT] = "splat",         [FINDING_FAULT] = "fault",
	[FINDING_PRECURSOR] = "precursor", [FINDING_NOTE] = "note",
	[FINDING_HANG] = "hang",
};

const char *finding_type_name(enum finding_type type)
{
	return names[type];
}
