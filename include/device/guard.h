/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be unplugged: from the facts about a target, all devices that go with those
 * that were named, and the reasons to leave one of them alone. Pure. What could not be
 * found out is a reason, too.
 */
#pragma once

#include "device/facts.h"

enum guard_rule {
	GUARD_MOUNTED, /* filesystems, and disks that md, dm and the like are made of */
	GUARD_SWAP,
	GUARD_ROUTE, /* network interface on the way to the controller */
	GUARD_BRIDGE,
	GUARD_GROUP, /* devices of the same IOMMU group that were not named */
	GUARD_VFS,
	GUARD_DISPLAY,
	GUARD_IN_USE,
	GUARD_FACTS, /* facts are missing or damaged; nothing allows that */
};

#define GUARD_ALLOWABLE GUARD_FACTS /* rules before it have a switch */

struct guard_info {
	const char *name;  /* "mounted": the fact's rule, and behind --allow- */
	const char *allow; /* "--allow-mounted", NULL: there is none */
	const char *help;  /* what the switch allows */
};

const struct guard_info *guard_info(enum guard_rule rule);

/* How far the hand reaches: what goes with a device besides its VFs and what is behind it. */
enum guard_reach {
	GUARD_REACH_GROUP = 1 << 0, /* VFIO takes the whole IOMMU group */
	GUARD_REACH_SLOT = 1 << 1,  /* power: all functions in the slot */
	GUARD_REACH_BUS = 1 << 2,   /* reset_subordinate: all behind the bridge above */
	GUARD_REACH_VFS = 1 << 3,   /* sriov_numvfs: all VFs of the PF */
};

struct guard_request {
	const struct facts *facts;
	const struct facts_chosen *named;
	unsigned int reach;   /* GUARD_REACH_* */
	unsigned int allowed; /* 1 << rule */
};

enum guard_origin {
	GUARD_NAMED,
	GUARD_MEMBER,    /* of the same IOMMU group as */
	GUARD_VF,        /* of */
	GUARD_BEHIND,    /* the bridge */
	GUARD_SAME_SLOT, /* as */
	GUARD_SAME_BUS,  /* as */
	GUARD_SAME_PF,   /* VF of the same PF as */
};

/* A device that will go, and why. */
struct guard_device {
	size_t device; /* index in facts */
	enum guard_origin origin;
	size_t because; /* the device that it goes with, index in facts */
};

struct guard_refusal {
	enum guard_rule rule;
	size_t device; /* index in facts; GUARD_FACTS: of no meaning */
	bool allowed;  /* by request->allowed */
	char *text;    /* "0000:01:00.0 holds ...: refused; --allow-mounted overrides" */
};

struct guard_result {
	struct guard_device *devices;
	struct guard_refusal *refusals; /* also those that are allowed */
	size_t n_devices, n_refusals;
	bool refused; /* one is not allowed */
};

/* Free with guard_result_done. */
void guard_check(const struct guard_request *request, struct guard_result *ret);
void guard_result_done(struct guard_result *result);
