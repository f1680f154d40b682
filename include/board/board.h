/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual boards: QEMU machines with an emulated IOMMU, a kernel and a small initramfs,
 * both made from Debian's packages of the board's architecture and cached under
 * ${XDG_CACHE_HOME:-~/.cache}/iommu-stress.
 */
#pragma once

#include "base/mem.h"
#include "board/device.h"

#include <stdbool.h>
#include <stdint.h>

/* One kind of board; a const table in src/board/virt/board.c. */
struct board {
	const char *name;    /* "arm64": the target "virt:arm64" */
	const char *help;    /* one line: architecture and IOMMU */
	const char *arch;    /* Debian's name of the architecture */
	const char *qemu;    /* program */
	const char *package; /* Debian package of the program */
	const char *suite;   /* Debian suite whose kernel it runs by default */
	const char *nic;     /* default network device with its properties */
	const char *append;  /* kernel arguments: console, IOMMU */
	const char *slot;    /* QEMU device that is the network device's slot, or NULL */
	const char *plug;    /* "name=value": property of the device that puts it there */
	const char *device; /* default device to unplug, NULL: its network device is one */
	const char *machine; /* QEMU's words for machine, CPU and IOMMU devices */
	const char *kexec;   /* the same for kexec, NULL: as otherwise */
	/*
	 * Its port gives a character up that it cannot get rid of, and its driver waits for it
	 * 10 ms (from 7.2 on 0.2 ms): QEMU's 16550, drivers/tty/serial/8250. So it must
	 * always be rid of it at once.
	 */
	bool port_drops;
};

/* What the user may override; NULL, 0 or false: the board's own. */
struct board_options {
	const char *kernel, *initrd, *modules, *append, *nic, *suite;
	const char *device; /* to unplug: there is one with this or with worker only */
	const char *tap;    /* interface of this machine that its network leads to */
	unsigned int smp;   /* 2 */
	uint64_t memory;    /* bytes */
	bool kexec;         /* `kexec -e` on the board shall start its kernel again */
	bool update;        /* ask Debian's archive for a newer kernel */
	bool worker;        /* the worker and VFIO are on it, and a device to unplug */
	bool host_root;     /* it can read this machine's files, in /host */
};

/* Ready to start: files exist. Strings are owned; free with board_image_done. */
struct board_image {
	const struct board *board;
	char *kernel, *initrd;
	char *append;   /* the whole kernel command line */
	char *nic;      /* device and properties, with its MAC address */
	char *tap;      /* NULL: its network is the socket */
	uint8_t mac[6]; /* of the board's network device */
	unsigned int smp;
	uint64_t memory;
	bool kexec, host_root;
	struct board_device device; /* to unplug */
};

/* In the order of `board list`; NULL behind the last. */
const struct board *board_at(unsigned int index);
/* By name without "virt:", NULL when there is none. */
const struct board *board_find(const char *name);
/* Is the board's QEMU installed? Silent. */
bool board_has_qemu(const struct board *board);
/* Are kernel and initramfs of the board's own suite in the cache? Silent. */
bool board_is_prepared(const struct board *board);

/*
 * Makes or finds kernel and initramfs. What the cache holds is used without asking the
 * network (but for options->update). Speaks: progress while something is made, and on
 * failure one line that says what to install or pass, with -ENOENT (something is
 * missing), -EINVAL (an override does not fit the board), or what failed. Waits at most
 * 10 minutes for another process that prepares the same board.
 */
int board_prepare(const struct board *board, const struct board_options *options,
		  struct board_image *ret) _must_check_;
void board_image_done(struct board_image *image);

/* File descriptors that QEMU inherits, one end of a socket pair each. */
#define BOARD_FD_CONSOLE 10 /* stream: first serial port; or the directory of its pipes */
#define BOARD_FD_QMP     11 /* stream: QMP */
#define BOARD_FD_NET     12 /* datagram: Ethernet frames */
#define BOARD_FD_PRINTED 13 /* with port_drops: the pipe from that port */
#define BOARD_FD_TYPED   14 /* ... and to it */

/*
 * ${XDG_CACHE_HOME:-~/.cache}/iommu-stress/NAME; caller frees. Without HOME it is the home of
 * the user's account. A directory of it that others can write in is refused by board_prepare.
 */
char *board_cache_directory(const char *name);

/* The QEMU command line; free with board_argv_free. */
char **board_argv(const struct board_image *image);
void board_argv_free(char **argv);

/*
 * The network of every virtual board: addresses that exist only on that datagram socket, or
 * behind the tap interface that the user has chosen.
 * RFC 5737 and RFC 3849 keep them for documentation, so they can never be routed.
 */
#define BOARD_NET_TARGET_V4  "192.0.2.2"
#define BOARD_NET_PEER_V4    "192.0.2.1"
#define BOARD_NET_TARGET_V6  "2001:db8::2"
#define BOARD_NET_PEER_V6    "2001:db8::1"
#define BOARD_NET_TARGET_MAC "52:54:00:12:34:56" /* unless the device has its own */
#define BOARD_NET_PEER_MAC   "52:54:00:00:00:01"
