// SPDX-License-Identifier: GPL-2.0-or-later
#include "console.h"

#include "base/num.h"
#include "baud.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* While bytes flow, the line is looked at this often: the resolution of the loop. */
#define TICK_NS NS_PER_MSEC

struct console {
	struct loop *loop;
	int fd;
	bool ended;   /* end of file */
	bool ticking; /* the timer reads, not epoll */
	struct loop_io *io;
	struct loop_timer *tick;
	struct baud baud;
	struct strbuf typed;
	console_bytes_fn on_bytes;
	void *arg;
};

/* Waits for what is needed next. ticking: a timer does, until the line has bytes again. */
static void watch(struct console *console, bool ticking)
{
	console->ticking = ticking;
	loop_timer_set(console->tick, ticking ? loop_now_ns() + TICK_NS : 0);
	if (console->io)
		loop_io_events(console->io, (ticking ? 0 : EPOLLIN) |
						    (console->typed.n ? EPOLLOUT : 0));
}

static void end(struct console *console)
{
	console->ended = true;
	strbuf_reset(&console->typed);
	loop_timer_set(console->tick, 0);
	/* A hang-up is reported whatever is waited for. */
	loop_io_free(console->io);
	console->io = NULL;
}

/* Bytes read, 0: none are there, negative: nothing more will come. */
static ssize_t read_some(struct console *console, size_t max)
{
	char bytes[16384];
	ssize_t n = read(console->fd, bytes, max < sizeof(bytes) ? max : sizeof(bytes));

	if (n > 0)
		console->on_bytes(console->arg, bytes, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n == 0 ? -EPIPE : n < 0 ? -errno : n;
}

static void read_line(struct console *console)
{
	uint64_t now = loop_now_ns();
	size_t allowed = baud_allows(&console->baud, SIZE_MAX, now);
	ssize_t n = allowed ? read_some(console, allowed) : 0;

	if (n < 0) {
		end(console);
		return;
	}
	if (console->baud.bytes_per_s)
		baud_take(&console->baud, (size_t)n, now);
	/*
	 * A silent line wakes us; one that flows is looked at now and then. QEMU sends byte
	 * by byte, and while it wakes somebody for each, its machine stands still.
	 */
	watch(console, n > 0 || !allowed);
}

static void write_typed(struct console *console)
{
	/* No signal when the other side is gone; only sockets know how to. */
	ssize_t n = send(console->fd, console->typed.s, console->typed.n, MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK)
		n = write(console->fd, console->typed.s, console->typed.n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		end(console);
		return;
	}
	if (n > 0) {
		struct strbuf left = { 0 };

		strbuf_add(&left,
			   text_from((struct text){ console->typed.s, console->typed.n },
				     (size_t)n));
		strbuf_done(&console->typed);
		console->typed = left;
	}
}

void console_drain(struct console *console)
{
	/* Bounded: a writer that is still there could go on for ever. */
	for (int i = 0; i < 4096 && !console->ended; i++) {
		ssize_t n = read_some(console, SIZE_MAX);

		if (n < 0)
			end(console);
		if (n <= 0)
			return;
	}
}

static void on_io(void *arg, uint32_t events)
{
	struct console *console = arg;

	if (events & EPOLLOUT && console->typed.n)
		write_typed(console);
	/* What a machine that is gone has left behind comes over no line any more. */
	if (events & (EPOLLHUP | EPOLLERR))
		console_drain(console);
	else if (events & EPOLLIN)
		read_line(console);
	else if (!console->typed.n)
		loop_io_events(console->io, console->ticking ? 0 : EPOLLIN);
}

static void on_tick(void *arg)
{
	struct console *console = arg;

	if (!console->ended)
		read_line(console);
}

int console_new(struct loop *loop, int fd, console_bytes_fn on_bytes, void *arg,
		struct console **ret)
{
	struct console *console = xcalloc(1, sizeof(*console));
	int r;

	*console = (struct console){
		.loop = loop, .fd = fd, .on_bytes = on_bytes, .arg = arg
	};
	r = loop_io_add(loop, fd, EPOLLIN, on_io, console, &console->io);
	if (r < 0) {
		free(console);
		return r;
	}
	console->tick = loop_timer_add(loop, on_tick, console);
	*ret = console;
	return 0;
}

void console_set_baud(struct console *console, unsigned int baud)
{
	baud_set(&console->baud, baud, loop_now_ns());
	if (!console->ended)
		watch(console, false);
}

int console_type(struct console *console, struct text bytes)
{
	if (console->ended)
		return -EPIPE;
	strbuf_add(&console->typed, bytes);
	write_typed(console);
	if (console->ended)
		return -EPIPE;
	watch(console, console->ticking);
	return 0;
}

void console_free(struct console *console)
{
	if (!console)
		return;
	loop_io_free(console->io);
	loop_timer_free(console->tick);
	strbuf_done(&console->typed);
	free(console);
}
