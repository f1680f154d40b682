/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual board's first serial port: what QEMU inherits of it, and our ends. */
#pragma once

#include "board/board.h"
#include "os/child.h"

#define PORT_FDS_MAX 3

struct port {
	int in, out; /* ours: what the board prints, what is typed; the same for a socket */
	struct child_fd board[PORT_FDS_MAX]; /* for QEMU, until port_give_away() */
	size_t n_board;
};

/* No port is open. */
#define PORT_CLOSED                 \
	(struct port)               \
	{                           \
		.in = -1, .out = -1 \
	}

/* 0 or -errno. */
int port_open(const struct board *board, bool fast, struct port *ret) _must_check_;
/* QEMU has its ends. */
void port_give_away(struct port *port);
void port_close(struct port *port);
