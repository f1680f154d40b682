/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compositions that there are; kinds.c has their table. */
#pragma once

#include "board/target.h"

/* "virt:NAME". NULL: there is no board of this name. Silent. */
const struct board *virtual_board(const char *name);
int virtual_prepare(const char *name, const struct board_options *options) _must_check_;
/* Returns once QEMU has built the machine. */
int virtual_open(struct loop *loop, const struct target_spec *spec,
		 struct target **ret) _must_check_;

/*
 * A machine that runs already: "local", or "ssh:HOST" as ssh(1) takes it, with the rights to
 * read and write /dev/kmsg there. Its console is its kernel log, its control a shell of its
 * own; nobody switches its power.
 */
int running_open(struct loop *loop, const struct target_spec *spec,
		 struct target **ret) _must_check_;
