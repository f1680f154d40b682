/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts of a target, gathered file by file: devices, disks, networks, holders. What
 * cannot be read becomes a line, too: the guards refuse what they do not know.
 */
#pragma once

#include "worker/internal.h"

#define LIST_SIZE 160

/* -- device.c ----------------------------------------------------------------------------- */

/* A PCI device, and what hangs on it: names with commas between them. */
struct facts_device {
	struct bdf bdf, parent; /* the bridge above, "" for none */
	char driver[64], net[LIST_SIZE], block[LIST_SIZE], cdev[32];
	char mac[LIST_SIZE];  /* of the interfaces in net */
	char open[LIST_SIZE]; /* processes that hold it through VFIO */
	int group;            /* -1: none */
};

struct facts_devices {
	struct facts_device *devices;
	size_t n;
};

extern struct facts_devices facts_devices;

/* 0 or -errno. */
int facts_find_devices(void);
/* Adds name behind a comma, if it fits and is not in it. */
void facts_list_add(char list[LIST_SIZE], const char *name);
/* The PCI device nearest to what this link or directory of /sys is; false: none. */
bool facts_pci_of(const char *path, struct bdf *bdf, char real[PATH_MAX]);
struct facts_device *facts_device_find(const struct bdf *bdf);

/* -- tell.c ------------------------------------------------------------------------------- */

/* Devices that an unknown may be about. */
enum facts_about {
	FACTS_ABOUT_BLOCK = 1 << 0,
	FACTS_ABOUT_NET = 1 << 1,
	FACTS_ABOUT_VFIO = 1 << 2, /* bound to a driver of VFIO */
};

/* A use, on its way down from a mount point or route to PCI devices. */
struct facts_use {
	const char *why, *rule; /* of the lines fact=use and fact=unknown */
	char at[201];
	char via[128]; /* what was passed so far */
	unsigned int depth;
};

/* Lines are about this device only; NULL: about all. */
void facts_only(const struct bdf *bdf);
void facts_begin(struct line *line, const char *kind);
void facts_end(struct line *line);
/* Is this new? Keeps it: the same fact is told once. */
bool facts_is_new(const char *format, ...) _printf_(1, 2);
void facts_tell_devices(void);
void facts_tell_use(const struct bdf *bdf, const struct facts_use *use, const char *what);
/* about: FACTS_ABOUT_*, one line for each such device. */
void facts_tell_unknown(unsigned int about, const char *rule, const char *what,
			const char *why);
/* Its way is lost. */
void facts_use_unknown(const struct facts_use *use, const char *what, const char *why);
/* The last line. */
void facts_tell_end(void);

/* What a use leads to, and the file that goes on from there. */
enum facts_kind {
	FACTS_BLOCK,     /* block.c: a disk or partition, as in /sys/class/block */
	FACTS_NUMBER,    /* the same, "MAJOR:MINOR" */
	FACTS_NODE,      /* the same, its device node */
	FACTS_FILE,      /* mount.c: the filesystem that a file is on */
	FACTS_INTERFACE, /* net.c: a network interface */
	FACTS_ADDRESS,   /* the same, the one that leads to an address */
};

struct facts_step {
	struct facts_step *next;
	enum facts_kind kind;
	struct facts_use use;
	char name[];
};

/* The use one step further down, behind `name`. */
struct facts_use facts_use_below(const struct facts_use *use, const char *name);
/* It is followed later: in this order, but before what is in the queue already. */
void facts_follow(const struct facts_use *use, enum facts_kind kind, const char *name);
/* The next one, or NULL; caller frees. */
struct facts_step *facts_next(void);

/* -- what follows: down to PCI devices, or to steps that are followed later --------------- */

void facts_down_block(const struct facts_use *use, const char *name);
void facts_down_number(const struct facts_use *use, const char *number);
void facts_down_node(const struct facts_use *use, const char *node);
/* Disks that md, dm and the like are made of, mounted or not. */
void facts_held(void);

void facts_down_file(const struct facts_use *use, const char *file);
void facts_mounts(void);
void facts_swaps(void);

void facts_down_interface(const struct facts_use *use, const char *name);
void facts_down_address(const struct facts_use *use, const char *address);
/* Is it an address of this host, which never leaves it? */
bool facts_is_loopback(const char *address);

/* The controller, and the address that it talks to; "": not known. */
struct facts_peer {
	char address[256], own[64];
};
void facts_routes(const struct facts_peer *peer);

/* Where routes lead: to an address, else by default, or with `all` anywhere. */
struct facts_to {
	int family;                   /* AF_INET, AF_INET6 */
	const void *address, *source; /* or NULL */
	bool all;
};
/*
 * Follows the interfaces of the best routes, as this kernel takes them, or as files of /proc
 * say. Returns how many there are; what cannot be read is told as unknown.
 */
size_t facts_route_kernel(const struct facts_use *use, const struct facts_to *to);
size_t facts_route_files(const struct facts_use *use, const struct facts_to *to);

/* Finds who holds devices: fills `open`; facts_opens tells about it. */
void facts_find_opens(void);
void facts_opens(void);

void facts_system(struct line *line);
