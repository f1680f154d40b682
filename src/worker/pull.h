/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a device is taken away and brought back, and how drivers are changed. */
#pragma once

#include "worker/puts.h"

struct method {
	const char *name;
	/*
	 * Files and what is written to them. {device}, {bus}, {slot}, {pf}, {numvfs} and
	 * {bridge} stand for what `struct pull` says. pull_file NULL: somebody else pulls.
	 * back_file NULL: there is nothing to bring back.
	 */
	const char *pull_file, *pull_text;
	const char *back_file, *back_text;
	const char *gone, *back; /* uevents of the device, NULL if there are none */
	const char *needs;       /* a key without a default, or NULL */
};

/* What is pulled, and with what. */
struct pull {
	const struct method *method;
	struct bdf device;
	char slot[64], numvfs[16];
	struct bdf pf, bridge;
};

extern const struct method methods[];
/* The method's name, as in `methods`; NULL if there is none. */
const struct method *method_find(const char *name);

/*
 * From the keys device, method, slot, pf, numvfs and bridge; what is absent is found in
 * sysfs if the device is there. Returns 0, or the exit status after it has said why not.
 */
int pull_parse(struct puts *puts, struct pull *pull, const struct args *args);
/* Does the kernel have what the method needs? As above. */
int pull_check(const struct pull *pull);
/* The keys of pull_parse(), for command tables. */
#define PULL_KEYS "device method slot pf numvfs bridge"

/* The file that is written to, and the text; false: there is none. */
bool pull_file(const struct pull *pull, struct path *path, char *text, size_t size);
bool pull_back_file(const struct pull *pull, struct path *path, char *text, size_t size);
/* Takes away, brings back: one write. Return 0 or -errno. */
int pull_unplug(struct puts *puts, const struct pull *pull);
int pull_replug(struct puts *puts, const struct pull *pull);
/* Is it gone, as this method makes it? */
bool pull_is_gone(const struct pull *pull);

/* All return 0 or -errno, and write nothing when nothing has to change. */
int device_unbind(struct puts *puts, const struct bdf *bdf);
/* Also what is bound to another driver. -ENODEV: the driver does not take it. */
int device_bind(struct puts *puts, const struct bdf *bdf, const char *driver);
/* One that has none, through the driver's own file. */
int device_bind_file(struct puts *puts, const struct bdf *bdf, const char *driver);
/* override: "" for none. */
int device_override(struct puts *puts, const struct bdf *bdf, const char *override);
/* "" for none, and when it cannot be read. Returns 0 or -errno. */
int device_override_read(struct puts *puts, const struct bdf *bdf, char *override,
			 size_t size);

/* -- modules of drivers -------------------------------------------------------------------- */

/* Of the driver that a device has; "" if it is built in, or there is none. */
void module_of(const struct bdf *bdf, char *name, size_t size);
bool module_is_loaded(const char *name);
/*
 * Does it serve nothing but this device? Returns 0, or the exit status after it has said
 * why not.
 */
int module_check(const char *name, const struct bdf *bdf);

/* For puts_act(). */
int module_unload(const char *name);
/* Through modprobe(8). */
int module_load(const char *name);

/* -- uevents ---------------------------------------------------------------------------- */

struct uevent {
	char action[16];
	struct bdf bdf;
	char id[16]; /* PCI_ID=, "1234:11E8" */
};

/* Returns the descriptor or -errno. */
int uevent_open(void);
/* One message as the kernel sends it. Returns 0, or -EINVAL if it is about no PCI device. */
int uevent_parse(const char *message, size_t n, struct uevent *event);
/* The next one about a PCI device. Returns 0, -ETIMEDOUT, or another -errno. */
int uevent_next(int fd, struct uevent *event, int64_t until_ns);
/* Forgets those that came. */
void uevent_drain(int fd);
