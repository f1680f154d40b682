// SPDX-License-Identifier: GPL-2.0-or-later
#include "port.h"

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What QEMU may write ahead of us. The kernel counts about 768 bytes for each write of one
 * byte, so this is room for some 30: no more than a UART's FIFO would hide.
 */
#define CONSOLE_SEND_BUFFER 12000
/* A board whose device is unplugged is not slowed down. */
#define CONSOLE_FAST_BUFFER (1 << 20)
/* Whole boots of the most talkative kernel; any user may have as much. */
#define PIPE_SIZE (1 << 20)

static int open_socket(bool fast, struct port *port)
{
	int pair[2], size = fast ? CONSOLE_FAST_BUFFER : CONSOLE_SEND_BUFFER / 2;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	port->in = port->out = pair[0];
	port->board[port->n_board++] = (struct child_fd){ pair[1], BOARD_FD_CONSOLE };
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

/*
 * QEMU knows pipes by their names alone: that of a directory, which it inherits too, and of
 * links in it. They are the same for all boards, so they stay in the cache.
 */
static int open_names(struct port *port)
{
	static const struct {
		const char *name;
		int fd;
	} links[] = { { "console.in", BOARD_FD_TYPED },
		      { "console.out", BOARD_FD_PRINTED } };
	_cleanup_free_ char *dir = board_cache_directory("console");
	int r = file_make_directories(dir), fd;

	if (r == 0)
		r = file_open_own_directory(AT_FDCWD, dir, 0, &fd);
	if (r < 0)
		return r;
	port->board[port->n_board++] = (struct child_fd){ fd, BOARD_FD_CONSOLE };
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		_cleanup_free_ char *to = xasprintf("/proc/self/fd/%d", links[i].fd);

		if (symlinkat(to, fd, links[i].name) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int open_pipes(struct port *port)
{
	int printed[2], typed[2];

	if (pipe2(printed, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	port->in = printed[0];
	port->board[port->n_board++] = (struct child_fd){ printed[1], BOARD_FD_PRINTED };
	/* What is refused leaves the usual 64 KB. */
	(void)!fcntl(printed[0], F_SETPIPE_SZ, PIPE_SIZE);
	if (pipe2(typed, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	port->out = typed[1];
	port->board[port->n_board++] = (struct child_fd){ typed[0], BOARD_FD_TYPED };
	return open_names(port);
}

int port_open(const struct board *board, bool fast, struct port *ret)
{
	int r;

	*ret = PORT_CLOSED;
	r = board->port_drops ? open_pipes(ret) : open_socket(fast, ret);
	if (r < 0)
		port_close(ret);
	return r;
}

void port_give_away(struct port *port)
{
	for (size_t i = 0; i < port->n_board; i++)
		mem_close_fd(&port->board[i].fd);
	port->n_board = 0;
}

void port_close(struct port *port)
{
	port_give_away(port);
	if (port->out != port->in)
		mem_close_fd(&port->out);
	mem_close_fd(&port->in);
	port->out = -1;
}
