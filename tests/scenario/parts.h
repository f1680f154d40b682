/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a scripted target. Who includes this defines what its shell and its power
 * switch do.
 */
#pragma once

#include "board/parts.h"
#include "run/plan.h"

static int type(struct control *control, struct text bytes);
static int power(struct power *own);
static void close_target(struct target *t);

static int parts_run_worker(struct control *control, const char *command)
{
	return type(control, text_of(command));
}

static void parts_close_control(struct control *control)
{
	(void)control;
}

static void parts_close_power(struct power *own)
{
	(void)own;
}

/* Without a device and a worker of its own. */
static struct target parts_target(const struct plan *plan)
{
	static const struct power_ops power_ops = { power, power, power,
						    parts_close_power };
	static const struct control_ops control_ops = { type, parts_run_worker,
							parts_close_control };
	static struct power power_switch = { &power_ops };
	static struct control control = { .ops = &control_ops, .on_console = true };

	return (struct target){ .close = close_target,
				.open = true,
				.parts = target_parts(plan->target),
				.control = &control,
				.power = &power_switch,
				.wire.fd = -1,
				.name = plan->target };
}
