// SPDX-License-Identifier: GPL-2.0-or-later
#include "console.h"

#include "base/num.h"
#include "baud.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* While bytes flow, the line is looked at this often: the resolution of the loop. */
#define TICK_NS NS_PER_MSEC
/* A pipe's last page may be full before its bytes are as many as they could be. */
#define PAGE_BYTES 4096
/* A machine that ends tells so itself, and why. One that goes on is not observed any more. */
#define END_NS (2 * NS_PER_SEC)

struct stream {
	struct console console;
	struct target *target;
	int in, out;
	int room;     /* of a pipe; 0: a socket, which never says that it was full */
	bool ended;   /* nothing more will come */
	int error;    /* why; -EPIPE: end of file, or nobody reads */
	bool ticking; /* the timer reads, not epoll */
	struct loop_io *io, *out_io; /* out_io NULL: io serves both directions */
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
	if (s->out_io)
		loop_io_events(s->out_io, s->typed.n ? EPOLLOUT : 0);
	if (s->io)
		loop_io_events(s->io, (ticking ? 0 : EPOLLIN) |
					      (s->typed.n && !s->out_io ? EPOLLOUT : 0));
}

static void end(struct stream *s, int error)
{
	s->ended = true;
	s->error = error;
	strbuf_reset(&s->typed);
	loop_timer_set(s->tick, loop_now_ns() + END_NS);
	/* A hang-up is reported whatever is waited for. */
	loop_io_free(s->io);
	if (s->out_io)
		loop_io_free(s->out_io);
	s->io = s->out_io = NULL;
}

/* Who found a pipe full has thrown away what it had. */
static void look_for_loss(const struct stream *s)
{
	int waiting = 0;

	if (s->room && ioctl(s->in, FIONREAD, &waiting) == 0 &&
	    waiting > s->room - PAGE_BYTES)
		target_lost(s->target);
}

/* Bytes read, 0: none are there, negative: nothing more will come (-EPIPE: end of file). */
static ssize_t read_some(struct stream *s, size_t max)
{
	char bytes[16384];
	ssize_t n;

	look_for_loss(s);
	n = read(s->in, bytes, max < sizeof(bytes) ? max : sizeof(bytes));
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
		end(s, (int)n);
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
	ssize_t n = send(s->out, s->typed.s, s->typed.n, MSG_NOSIGNAL);

	if (n < 0 && errno == ENOTSOCK)
		n = write(s->out, s->typed.s, s->typed.n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		end(s, -errno);
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
			end(s, (int)n);
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
	char reason[96];

	if (!s->ended) {
		read_line(s);
		return;
	}
	snprintf(reason, sizeof(reason), "the console ended, though nobody said why: %s",
		 s->error == -EPIPE ? "end of file" : strerror(-s->error));
	target_ended(s->target, reason);
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
	if (s->out_io)
		loop_io_free(s->out_io);
	loop_timer_free(s->tick);
	strbuf_done(&s->typed);
	free(s);
}

static const struct console_ops stream_ops = {
	.write = stream_write,
	.set_speed = stream_set_speed,
	.close = stream_close,
};

int stream_open(struct loop *loop, int in, int out, struct target *target)
{
	struct stream *s = xcalloc(1, sizeof(*s));
	int r;

	*s = (struct stream){
		.console.ops = &stream_ops, .target = target, .in = in, .out = out
	};
	r = loop_io_add(loop, in, EPOLLIN, on_io, s, &s->io);
	if (r == 0 && out != in)
		r = loop_io_add(loop, out, 0, on_io, s, &s->out_io);
	if (r < 0) {
		loop_io_free(s->io);
		free(s);
		return r;
	}
	if (out != in)
		s->room = fcntl(in, F_GETPIPE_SZ);
	s->tick = loop_timer_add(loop, on_tick, s);
	target->console = &s->console;
	return 0;
}
