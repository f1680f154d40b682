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

/* In the order to show them; NULL behind the last. */
const struct means *means_holder_at(unsigned int index);
const struct means *means_method_at(unsigned int index);
/* By name, NULL when there is none. */
const struct means *means_holder_find(const char *name);
const struct means *means_method_find(const char *name);
