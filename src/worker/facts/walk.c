// SPDX-License-Identifier: GPL-2.0-or-later
/* From uses down to PCI devices: each step tells of a device, or leads to further steps. */
#include "facts.h"

#include <stdlib.h>

/* Stacks of disks and networks are not deeper than this. */
#define DEPTH_MAX 16

static const char disks[] = "disks upon disks without end",
		  interfaces[] = "interfaces upon interfaces without end";

static const struct {
	void (*down)(const struct facts_use *use, const char *name);
	const char *endless;
} kinds[] = {
	[FACTS_BLOCK] = { facts_down_block, disks },
	[FACTS_NUMBER] = { facts_down_number, disks },
	[FACTS_NODE] = { facts_down_node, disks },
	[FACTS_FILE] = { facts_down_file, disks },
	[FACTS_INTERFACE] = { facts_down_interface, interfaces },
	[FACTS_ADDRESS] = { facts_down_address, interfaces },
};

void facts_walk(void)
{
	struct facts_step *step;

	while ((step = facts_next())) {
		if (step->use.depth > DEPTH_MAX)
			facts_use_unknown(&step->use, step->name,
					  kinds[step->kind].endless);
		else
			kinds[step->kind].down(&step->use, step->name);
		free(step);
	}
}
