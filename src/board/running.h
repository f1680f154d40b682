/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that runs already: "local", or "ssh:HOST" as ssh(1) takes it, with the rights to
 * read and write /dev/kmsg there. Its console is its kernel log, its control a shell of its
 * own; nobody switches its power.
 */
#pragma once

#include "board/parts.h"

int running_open(struct loop *loop, const struct target_spec *spec,
		 struct target **ret) _must_check_;
