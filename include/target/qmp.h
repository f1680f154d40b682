/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's machine protocol, as much of it as a power switch needs. Speaks of refusals. */
#pragma once

#include "base/mem.h"
#include "os/loop.h"

#include <stdbool.h>

struct qmp;

/* event: QEMU's name ("RESET"); by_guest: the guest asked for it. */
typedef void (*qmp_event_fn)(void *arg, const char *event, bool by_guest);

/* fd: a connected stream socket, nonblocking, which stays the caller's. */
int qmp_new(struct loop *loop, int fd, qmp_event_fn on_event, void *arg,
	    struct qmp **ret) _must_check_;
/* QEMU has built the machine and takes commands. */
bool qmp_is_ready(const struct qmp *qmp);
/* A command without arguments: "system_reset". What comes of it is an event. */
int qmp_send(struct qmp *qmp, const char *command) _must_check_;
void qmp_free(struct qmp *qmp);
