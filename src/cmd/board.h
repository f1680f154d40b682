/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "board/board.h"

/*
 * Starts the board and connects standard input and output with its console, until the user
 * leaves or, from a pipe, everything was typed and answered. Speaks; an exit status.
 */
int board_shell(const struct board *board, const struct board_options *options);
