/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual board as a target: "virt:NAME". */
#pragma once

#include "board/target.h"

/* NULL: there is no board of this name. Silent. */
const struct board *virtual_board(const char *name);
int virtual_prepare(const char *name, const struct board_options *options) _must_check_;
/* Returns once QEMU has built the machine. */
int virtual_open(struct loop *loop, const struct target_spec *spec,
		 struct target **ret) _must_check_;
