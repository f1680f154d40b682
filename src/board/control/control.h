/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways to a target's shell that there are, a file each. */
#pragma once

#include "board/parts.h"

struct machine;

/* On the target's console: what is typed goes there, and so does what it prints. */
struct control *console_shell_open(struct target *target);

/*
 * A shell of its own on a machine that runs already. m is borrowed. dir: the shell takes it
 * away at its end; NULL: nothing. Speaks.
 */
int shell_open(struct target *target, const struct machine *m, const char *dir,
	       struct control **ret) _must_check_;
