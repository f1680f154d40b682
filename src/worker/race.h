/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The coordinator of a race, and what it leaves as it was. */
#pragma once

#include "worker/pull.h"
#include "worker/puts.h"

#define MEMBERS_MAX 16

/* -- restore.c ---------------------------------------------------------------------------- */

/* What a device was before. */
struct saved {
	struct bdf bdf;
	char driver[64], override[64];
};

void saved_read(struct puts *puts, struct saved *saved, const struct bdf *bdf);
/* Returns 0 or -errno; writes nothing when nothing has to change. */
int saved_restore(struct puts *puts, const struct saved *saved);

/* What a race changes for all devices. */
enum setting { SETTING_AUTOPROBE, SETTING_EXPEDITED, SETTING_DEVKMSG, SETTINGS };
extern const struct setting_file {
	const char *key, *file;
} settings[SETTINGS];

/* Writes a whole line, which printk_devkmsg wants. Returns 0 or -errno. */
int setting_write(struct puts *puts, enum setting setting, const char *text);
/* What it is. As file_read(). */
int setting_read(struct puts *puts, enum setting setting, char *text, size_t size);

/*
 * The device is brought back if it is gone; -ENODEV: it does not come. uevents: descriptor
 * of uevent_open().
 */
int pull_bring_back(struct puts *puts, const struct pull *pull, int uevents,
		    int64_t until_ns);

/* -- the race ----------------------------------------------------------------------------- */

struct race {
	/* What is asked for. */
	struct pull pull;
	const struct holder_ops *ops;        /* of the holder */
	int64_t churn, autoprobe, expedited; /* 0: no */
	int64_t blocked_ns;
	char id[16];        /* of the device, as in a uevent's PCI_ID */
	const char *driver; /* while it is held; "" for none */
	/* What was before. */
	bool changed; /* something has to be put back */
	struct saved devices[1 + MEMBERS_MAX];
	size_t n_devices;
	char was[SETTINGS][32]; /* "": not changed */
	/* Who does it. */
	struct puts puts;
	struct holding holding;
	struct peer holder;
	int cpu_holder, uevents;
};

/* Does this machine have what it takes? Returns 0, or the status after it has said why. */
int race_check(const struct race *race);
/* The same for its group, which is there once a driver is bound. */
int race_check_group(const struct race *race);
/* Fills in two CPUs of those that may be used. */
int race_choose_cpus(struct race *race);

/* One attempt, as a line of input asks for it. */
struct shot {
	int64_t number, at_ns;
};

/* What became of the device. */
enum back { BACK_OK, BACK_GONE, BACK_MOVED, BACK_STUCK };
extern const char *const back_names[];

/* Returns 0 (results are data), or the exit status after it has said why it goes no further. */
int attempt_run(struct race *race, const struct shot *shot);
