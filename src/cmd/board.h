/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of a virtual board, for every command that can start one. */
#pragma once

#include "board/board.h"

#include <argp.h>

/* Input: struct board_options *, all zero. Strings point into argv. */
extern const struct argp board_argp;
/* For struct argp_child.header. */
#define BOARD_ARGP_HEADER "Virtual board:"

/*
 * The board that a target's name stands for: "virt:arm64", or "arm64". Speaks when there
 * is none: NULL.
 */
const struct board *board_of_target(const char *target);

/*
 * Starts the board and connects standard input and output with its console, until the user
 * leaves or, from a pipe, everything was typed and answered. Speaks; an exit status.
 */
int board_shell(const struct board *board, const struct board_options *options);
