/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shell on the target's console: what is typed goes there, and so does what it prints. */
#pragma once

#include "board/parts.h"

struct control *console_shell_open(struct target *target);
