/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that do what may hang. */
#pragma once

#include "worker/internal.h"

#include <sys/types.h>

struct peer {
	pid_t pid; /* 0: there is none */
	int pidfd;
	int to, from; /* eventfds: work, answer */
};

struct peer_role {
	const char *name; /* of the process, at most 15 bytes */
	int cpu;          /* the only one that it may use; -1: any */
	/* In the new process; never returns. */
	void (*run)(struct peer *self, void *arg);
};

/* The process ends with this one, however that ends. Returns 0 or -errno. */
int peer_start(struct peer *peer, const struct peer_role *role, void *arg);
void peer_kick(const struct peer *peer);
/* Returns 0 when it has answered, -EPIPE when it has ended, or -ETIMEDOUT. */
int peer_wait(const struct peer *peer, int64_t until_ns);
/* Has it answered? Does not wait. */
bool peer_answered(const struct peer *peer);
bool peer_ended(const struct peer *peer);
/* SIGKILL; -ETIMEDOUT: it has not ended until then, and is left to itself. */
int peer_stop(struct peer *peer, int64_t until_ns);
/* The new process's side: waits for work, answers. */
void peer_next(const struct peer *self);
void peer_answer(const struct peer *self);
