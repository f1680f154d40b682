/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans without an end of their own: what a scenario's options are kept in is static. */
#pragma once

#include "run/plan.h"
#include "scenario/table.h"

#include <stdlib.h>
#include <string.h>

/* Of one scenario at a time: its options are those of the last call. */
static inline struct plan test_plan(const struct scenario *scenario)
{
	static long own[64];
	struct plan plan;

	plan_init(&plan, scenario);
	if (scenario->plan_size > sizeof(own))
		abort();
	if (plan.own) {
		memcpy(own, plan.own, scenario->plan_size);
		free(plan.own);
		plan.own = own;
	}
	return plan;
}
