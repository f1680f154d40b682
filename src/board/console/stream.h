/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A console on a stream file descriptor: bytes come out as fast as a serial line of the
 * chosen speed would bring them, what is typed waits until the other side takes it.
 */
#pragma once

#include "board/parts.h"

/* fd: nonblocking, stays the caller's. */
int stream_open(struct loop *loop, int fd, struct target *target,
		struct console **ret) _must_check_;
/* Reads what has been written until now, at any speed. */
void stream_drain(struct console *console);
