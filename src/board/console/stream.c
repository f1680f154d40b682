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

struct stream {
	struct console console;
	struct target *target;
	int fd;
	bool ended;   /* end of file */
	bool ticking; /* the timer reads, not epoll */
	struct loop_io *io;
	struct loop_timer *tick;
	struct baud baud;
	struct strbuf typed;
};

static struct stream *stream_of(struct console *console)
{
	return (struct stream *)console;
}

/* Waits for what is needed next. ticking: a timer does, until the line has bytes again. */
static void watch(struct stream *s, bool ticking)
{
	s->ticking = ticking;
	loop_timer_set(s->tick, ticking ? loop_now_ns() + TICK_NS : 0);
	if (s->io)
		loop_io_events(s->io,
			       (ticking ? 0 : EPOLLIN) | (s->typed.n ? EPOLLOUT : 0));
}

static void end(struct stream *s)
{
	s->ended = true;
	strbuf_reset(&s->typed);
	loop_timer_set(s->tick, 0);
	/* A hang-up is reported whatever is waited for. */
	loop_io_free(s->io);
	s->io = NULL;
}

/* Bytes read, 0: none are there, negative: nothing more will come. */
static ssize_t read_some(struct stream *s, size_t max)
{
	char bytes[16384];
	ssize_t n = read(s->fd, bytes, max < sizeof(bytes) ? max : sizeof(bytes));

	if (n > 0)
		target_heard(s->target, bytes, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n == 0 ? -EPIPE : n < 0 ? -errno : n;
}

static void read_line(struct stream *s)
{
	uint64_t now = loop_now_ns();
	size_t allowed = baud_allows(&s->baud, SIZE_MAX, now);
	ssize_t n = allowed ? read_some(s, allowed) : 0;

	if (n < 0) {
		end(s);
		return;
	}
	if (s->baud.bytes_per_s)
		baud_take(&s->baud, (size_t)n, now);
	/*
	 * A silent line wakes us; one that flows is looked at now and then. QEMU sends byte
	 * by byte, and while it wakes somebody for each, its machine stands still.
	 */
	watch(s, n > 0 || !allowed);
}

static void write_typed(struct stream *s)
{
	/* No signal when the other side is gone; only sockets know how to. */
	ssize_t n = send(s->fd, s->typed.s, s->typed.n, MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK)
		n = write(s->fd, s->typed.s, s->typed.n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		end(s);
		return;
	}
	if (n > 0) {
		struct strbuf left = { 0 };

		strbuf_add(&left,
			   text_from((struct text){ s->typed.s, s->typed.n }, (size_t)n));
		strbuf_done(&s->typed);
		s->typed = left;
	}
}

void stream_drain(struct console *console)
{
	struct stream *s = stream_of(console);

	/* Bounded: a writer that is still there could go on for ever. */
	for (int i = 0; i < 4096 && !s->ended; i++) {
		ssize_t n = read_some(s, SIZE_MAX);

		if (n < 0)
			end(s);
		if (n <= 0)
			return;
	}
}

static void on_io(void *arg, uint32_t events)
{
	struct stream *s = arg;

	if (events & EPOLLOUT && s->typed.n)
		write_typed(s);
	/* What a machine that is gone has left behind comes over no line any more. */
	if (events & (EPOLLHUP | EPOLLERR))
		stream_drain(&s->console);
	else if (events & EPOLLIN)
		read_line(s);
	else if (!s->typed.n)
		loop_io_events(s->io, s->ticking ? 0 : EPOLLIN);
}

static void on_tick(void *arg)
{
	struct stream *s = arg;

	if (!s->ended)
		read_line(s);
}

static int stream_write(struct console *console, struct text bytes)
{
	struct stream *s = stream_of(console);

	if (s->ended)
		return -EPIPE;
	strbuf_add(&s->typed, bytes);
	write_typed(s);
	if (s->ended)
		return -EPIPE;
	watch(s, s->ticking);
	return 0;
}

static void stream_set_speed(struct console *console, unsigned int baud)
{
	struct stream *s = stream_of(console);

	baud_set(&s->baud, baud, loop_now_ns());
	if (!s->ended)
		watch(s, false);
}

static void stream_close(struct console *console)
{
	struct stream *s = stream_of(console);

	loop_io_free(s->io);
	loop_timer_free(s->tick);
	strbuf_done(&s->typed);
	free(s);
}

static const struct console_ops stream_ops = {
	.write = stream_write,
	.set_speed = stream_set_speed,
	.close = stream_close,
};

int stream_open(struct loop *loop, int fd, struct target *target, struct console **ret)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	int r;

	*s = (struct stream){ .console.ops = &stream_ops, .target = target, .fd = fd };
	r = loop_io_add(loop, fd, EPOLLIN, on_io, s, &s->io);
	if (r < 0) {
		free(s);
		return r;
	}
	s->tick = loop_timer_add(loop, on_tick, s);
	*ret = &s->console;
	return 0;
}
