/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts of a target, gathered file by file: devices, disks, networks, holders. What
 * cannot be read becomes a line, too: the guards refuse what they do not know.
 */
#pragma once

#include "worker/internal.h"

#define LIST_SIZE 160

/* A PCI device, and what hangs on it: names with commas between them. */
struct facts_device {
	struct bdf bdf, parent; /* the bridge above, "" for none */
	char driver[64], net[LIST_SIZE], block[LIST_SIZE], cdev[32];
	char open[LIST_SIZE]; /* processes that hold it through VFIO */
	int group;            /* -1: none */
};

struct facts_devices {
	struct facts_device *devices;
	size_t n;
};

/* Devices that an unknown may be about. */
enum facts_about {
	FACTS_ABOUT_BLOCK = 1 << 0,
	FACTS_ABOUT_NET = 1 << 1,
	FACTS_ABOUT_VFIO = 1 << 2, /* bound to a driver of VFIO */
};

/* A use, on its way down from a mount point or route to PCI devices. */
struct facts_use {
	const char *why, *rule; /* of the lines fact=use and fact=unknown */
	const char *at;
	char via[128]; /* what was passed so far */
	unsigned int depth;
};

/* Stacks of disks and networks are not deeper than this. */
#define FACTS_DEPTH_MAX 16

/* -- device.c  */

extern struct facts_devices facts_devices;

/* 0 or -errno. */
int facts_find_devices(void);
void facts_tell_device(const struct facts_device *device);
/* A number in a file of the device; 0 when it has none. */
int64_t facts_number_of(const struct bdf *bdf, const char *name);
/* "key=-" for an empty value. */
void facts_add_name(struct line *line, const char *key, const char *value);
/* Adds name behind a comma, if it fits and is not in it. */
void facts_list_add(char list[LIST_SIZE], const char *name);
/* The PCI device nearest to what this link or directory of /sys is; false: none. */
bool facts_pci_of(const char *path, struct bdf *bdf, char real[PATH_MAX]);
struct facts_device *facts_device_find(const struct bdf *bdf);

/* -- facts.c ------------------------------------------------------------------------------ */

void facts_begin(struct line *line, const char *kind);
void facts_end(struct line *line);
/* Is this new? Keeps it: the same fact is told once. */
bool facts_is_new(const char *format, ...) _printf_(1, 2);

void facts_tell_use(const struct bdf *bdf, const struct facts_use *use, const char *what);
/* about: FACTS_ABOUT_*, one line for each such device. */
void facts_tell_unknown(unsigned int about, const char *rule, const char *what,
			const char *why);
/* The use one step further down, behind `name`. */
struct facts_use facts_use_below(const struct facts_use *use, const char *name);
/* Its way is lost. */
void facts_use_unknown(const struct facts_use *use, const char *what, const char *why);

/* -- block.c  */

/* Down from a disk or partition (its name in /sys/class/block) to PCI devices. */
void facts_use_block(const struct facts_use *use, const char *name);
/* The same from its number. */
void facts_use_number(const struct facts_use *use, unsigned int major,
		      unsigned int minor);
/* The same from its device node. */
void facts_use_node(const struct facts_use *use, const char *node);
/* Disks that md, dm and the like are made of, mounted or not. */
void facts_held(void);

/* -- mount.c  */

/* Down from the filesystem that a file is on. */
void facts_use_file(const struct facts_use *use, const char *file);
void facts_mounts(void);
void facts_swaps(void);

/* -- net.c  */

/* Down from a network interface. */
void facts_use_interface(const struct facts_use *use, const char *name);
/* Down from the interface that leads to this address. */
void facts_use_address(const struct facts_use *use, const char *address);
/* address: of the controller, or NULL. */
void facts_routes(const char *address);
/* Address of the controller, from the ssh session that this is in; NULL: none is known. */
const char *facts_find_peer(void);

/* -- open.c  */

/* Finds who holds devices: fills `open`; facts_opens tells about it. */
void facts_find_opens(void);
void facts_opens(void);

/* -- system.c  */

void facts_system(struct line *line);
