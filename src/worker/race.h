/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The race: three processes. The coordinator waits for everything with a limit. The writer
 * does all writes that may last for ever. The holder has the device open. For the unplug
 * writer and holder spin on CPUs of their own until the same moment.
 */
#pragma once

#include "pull.h"
#include "worker/holder/holder.h"

#include <stdatomic.h>
#include <sys/types.h>

/* -- processes -------------------------------------------------------------------------- */

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

/* -- where they meet ----------------------------------------------------------------------- */

enum work { WORK_PUT, WORK_HOLD, WORK_RACE };

#define PUTS_MAX 4

struct put {
	bool query;    /* reads: then the answer is in text */
	bool optional; /* what becomes of it does not matter */
	char path[PATH_SIZE], text[64];
	int64_t done_at;
};

/* Shared memory. Times are CLOCK_MONOTONIC, 0: not yet. */
struct meet {
	/* The writer's. */
	enum work writer_work;
	/* Written one after the other, up to the first error. */
	struct put puts[PUTS_MAX];
	size_t n_puts;
	int put_error;
	/*
	 * After the unplug, if it took this file away and the holder has let go, the puts at
	 * once; empty: not so. put_at: when it began with them, 0: it did not.
	 */
	char gone[PATH_SIZE];
	int64_t put_at;
	char path[PATH_SIZE], text[64]; /* the unplug */
	bool outside;                   /* somebody else pulls: nothing is written */
	int write_error;
	_Atomic int64_t written_at, returned_at;
	/* The holder's. */
	_Atomic int holder_work;
	bool churn;
	int64_t at_ns; /* offset wanted */
	int hold_error, act_error;
	char word[16], why[400];
	/* closed_at: the request was answered, the device is closed */
	_Atomic int64_t requested_at, closed_at, acted_at, released_at;
	/* Both. */
	_Atomic int ready;  /* the holder is */
	_Atomic int64_t go; /* the moment; -1: there will be none */
	_Atomic int let_go; /* no more waiting */
};

void spin_until(int64_t at_ns);

/* Starts the process that writes. */
int writer_start(struct peer *writer, int cpu, struct meet *meet);

struct holding {
	struct meet *meet;
	struct holder holder;
};
int holding_start(struct peer *peer, int cpu, struct holding *holding);

/* -- the coordinator --------------------------------------------------------------------- */

#define MEMBERS_MAX 16

/* What a device was before. */
struct saved {
	struct bdf bdf;
	char driver[64], override[64];
};

struct race {
	struct pull pull;
	const struct holder_ops *ops;
	enum release release;
	bool churn, autoprobe, expedited;
	int64_t blocked_ns, limit_ns;
	char id[16];        /* of the device, as in a uevent's PCI_ID */
	const char *driver; /* while it is held; "" for none */
	struct saved devices[1 + MEMBERS_MAX];
	size_t n_devices;
	char was_autoprobe[8], was_devkmsg[32], was_expedited[8]; /* "": not changed */
	int cpu_writer, cpu_holder;
	int uevents;
	struct meet *meet;
	struct peer writer, holder;
	struct holding holding;
	bool changed; /* something has to be put back */
	bool stuck;
};

/* Adds to what race_put() writes; both also for file_write(), which is one such. */
struct put *race_put_add(struct race *race, const char *path, const char *text);
/* Returns 0, the first error, or -ETIMEDOUT; then race->stuck is set. */
int race_put(struct race *race);

/* race may be NULL: then for a command that only writes. 0, or the status after an error. */
int race_open_writer(struct race *race);
/* Another process in place of one that hangs. As above. */
int race_renew_writer(void);

/* For settings: printk_devkmsg wants a whole line. */
int put_line(const char *path, const char *text);
void saved_read(struct saved *saved, const struct bdf *bdf);
/* Returns 0 or -errno; writes nothing when nothing has to change. */
int saved_restore(const struct saved *saved);
/*
 * The device is brought back if it is gone; -ENODEV: it does not come. uevents: descriptor
 * of uevent_open().
 */
int pull_bring_back(const struct pull *pull, int uevents, int64_t until_ns);

/* Does this machine have what it takes? Returns 0, or the status after it has said why. */
int race_check(const struct race *race);
/* The same for its group, which is there once a driver is bound. */
int race_check_group(const struct race *race);
/* Fills in two CPUs of those that may be used. */
int race_choose_cpus(struct race *race);

struct attempt {
	int64_t number, at_ns;
};

/* Returns 0 (results are data), or the exit status after it has said why it goes no further. */
int attempt_run(struct race *race, const struct attempt *attempt);
