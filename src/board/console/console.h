/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A console on a stream file descriptor: bytes come out as fast as a serial line of the
 * chosen speed would bring them, what is typed waits until the other side takes it.
 */
#pragma once

#include "base/mem.h"
#include "base/text.h"
#include "os/loop.h"

struct console;

typedef void (*console_bytes_fn)(void *arg, const void *bytes, size_t n);

/* fd: nonblocking, stays the caller's. */
int console_new(struct loop *loop, int fd, console_bytes_fn on_bytes, void *arg,
		struct console **ret) _must_check_;
/* 0: as fast as it comes. */
void console_set_baud(struct console *console, unsigned int baud);
/* Queues bytes; -EPIPE when nobody is there any more. */
int console_type(struct console *console, struct text bytes) _must_check_;
/* Reads what has been written until now, at any speed. */
void console_drain(struct console *console);
void console_free(struct console *console);
