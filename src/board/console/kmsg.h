/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A console that is the kernel log of a machine that runs already, followed by the worker. */
#pragma once

#include "board/control/machine.h"
#include "board/parts.h"

/*
 * Returns once the log is followed: what is typed before would not show in it. m is
 * borrowed, the target's worker is there. Speaks.
 */
int kmsg_open(struct target *target, const struct machine *m,
	      struct console **ret) _must_check_;
