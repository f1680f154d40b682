/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The consoles that there are, a file each. */
#pragma once

#include "board/parts.h"

struct machine;

/*
 * A stream: bytes come out as fast as a serial line of the chosen speed would bring them,
 * what is typed waits until the other side takes it. in, out: nonblocking, stay the
 * caller's; the same for a socket. It becomes the target's console.
 */
int stream_open(struct loop *loop, int in, int out, struct target *target) _must_check_;
/* Reads what has been written until now, at any speed. */
void stream_drain(struct console *console);

/*
 * The kernel log of a machine that runs already, followed by the worker, which is there.
 * Returns once it is followed: what is typed before would not show in it. m is borrowed.
 * Speaks.
 */
int kmsg_open(struct target *target, const struct machine *m,
	      struct console **ret) _must_check_;
