/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's machine protocol, as much of it as a power switch and a hand at a slot need. */
#pragma once

#include "base/mem.h"
#include "os/loop.h"

#include <stdbool.h>

struct qmp;

/* As an event: a line without an end has come, and QEMU is not listened to any more. */
#define QMP_BROKEN "BROKEN"

/*
 * event: QEMU's name ("RESET"); by_guest: the guest asked for it; device: the id of the
 * device that it is about, or NULL.
 */
typedef void (*qmp_event_fn)(void *arg, const char *event, bool by_guest,
			     const char *device);
/* error: why QEMU refuses the command, NULL: it was done. */
typedef void (*qmp_reply_fn)(void *arg, const char *error);

struct qmp_call {
	const char *command;
	/* "name=value,name=value", as QEMU's command line has it; values are strings. */
	const char *arguments;
	qmp_reply_fn on_reply;
	void *arg;
};

/* fd: a connected stream socket, nonblocking, which stays the caller's. */
int qmp_new(struct loop *loop, int fd, qmp_event_fn on_event, void *arg,
	    struct qmp **ret) _must_check_;
/* QEMU has built the machine and takes commands. */
bool qmp_is_ready(const struct qmp *qmp);
/*
 * A command without arguments: "system_reset". What comes of it is an event; of a refusal
 * it speaks.
 */
int qmp_send(struct qmp *qmp, const char *command) _must_check_;
/* A command and its answer; -EBUSY: that of the one before has not come. */
int qmp_call(struct qmp *qmp, const struct qmp_call *call) _must_check_;
/* What QEMU has sent by now is taken. NULL is accepted. */
void qmp_catch_up(struct qmp *qmp);
void qmp_free(struct qmp *qmp);
