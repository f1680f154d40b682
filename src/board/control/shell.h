/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shell of its own on a machine that runs already, which reads what is typed. */
#pragma once

#include "board/parts.h"
#include "machine.h"

/* m is borrowed. dir: the shell takes it away at its end; NULL: nothing. Speaks. */
int shell_open(struct target *target, const struct machine *m, const char *dir,
	       struct control **ret) _must_check_;
