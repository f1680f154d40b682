/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who can hold a device, and what can take it away: names, and what a target lacks for
 * them. Pure.
 */
#pragma once

#include "device/facts.h"

/* A holder or a method. */
struct means {
	const char *name; /* as behind --vfio= and --method=, and for the worker */
	const char *help;
	unsigned int reach; /* GUARD_REACH_*: what goes with the device */
	bool removes;       /* the kernel removes the device, and adds it again */
	/* What stands against it with this device; caller frees; NULL: it works. */
	char *(*lacks)(const struct facts *facts, const struct device_facts *device);
};

/* In the order to show them; one without a name ends each. */
extern const struct means means_holders[], means_methods[];
/* NULL: there is none of this name. */
const struct means *means_find(const struct means *table, const char *name);
