/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device that a board is made to lose, and the places where it can be plugged in:
 * "[PLACE:]DEVICE[,NAME=VALUE...]", as in "edu", "port:e1000e" or "nvme-sriov".
 */
#pragma once

#include "base/mem.h"

#include <stddef.h>

struct board;

/* QEMU's name of it, for device_del. */
#define BOARD_DEVICE_ID "test"

/* Strings are owned; {0}: there is none. Free with board_device_done. */
struct board_device {
	char *words; /* QEMU's -device; NULL: none */
	char *bdf;   /* where the board finds it; a VF where the device has some */
	/* Further words of the command line, in front of it; NULL: none. Not owned. */
	const char *place, *kind;
};

/*
 * Silent; -EINVAL: *ret_why says what is wrong with the specification (not owned), or
 * -ENOENT: the board has no such place.
 */
int board_device_parse(const struct board *board, const char *specification,
		       struct board_device *ret, const char **ret_why) _must_check_;
void board_device_done(struct board_device *device);
