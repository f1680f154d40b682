/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ends a program from outside, as a descriptor for the loop. */
#pragma once

#include "base/mem.h"

/*
 * Blocks SIGINT, SIGTERM and SIGHUP, which are read from the descriptor (signalfd(2)) from
 * now on. The descriptor does not block and is the caller's; or -errno.
 */
int signals_open(void) _must_check_;
