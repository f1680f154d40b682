/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to sysfs, through the writer: some last for ever, and then another process has to
 * be the one that hangs. So do reads of attributes that the kernel shows under a lock which
 * an unplug may keep: driver_override, sriov_numvfs.
 */
#pragma once

#include "worker/meet.h"

struct puts {
	struct meet *meet;
	struct peer writer;
	int cpu;          /* the writer's, -1: any */
	int64_t limit_ns; /* of each batch */
	bool stuck;       /* the writer has not come back from one */
};

#define PUTS_INIT                                      \
	{                                              \
		.cpu = -1, .limit_ns = 10 * NS_PER_SEC \
	}

/* Starts the writer. Returns 0, or the exit status after it has said why not. */
int puts_open(struct puts *puts);
/* Another writer in place of one that hangs. As above. */
int puts_renew(struct puts *puts);

/* Adds to what puts_run() writes. */
struct put *puts_add(struct puts *puts, const char *path, const char *text);
/* Returns 0, the first error, or -ETIMEDOUT; then puts->stuck is set. */
int puts_run(struct puts *puts);

/* One write() of the whole text. As puts_run(). */
int puts_write(struct puts *puts, const char *path, const char *text);
/* Something else that may last for ever: 0 or -errno of act(text). As puts_run(). */
int puts_act(struct puts *puts, int (*act)(const char *text), const char *text);
/* As file_read(). */
int puts_query(struct puts *puts, const char *path, char *text, size_t size);
