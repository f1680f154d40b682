// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Freed sources are only marked while events are being dispatched, and swept after it: an
 * epoll batch may hold a later event for a source that an earlier handler has freed.
 */
#include "os/loop.h"

#include "base/num.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

struct loop_io {
	struct loop *loop;
	struct loop_io *next;
	int fd;
	uint32_t events;
	loop_io_fn fn; /* NULL: freed, waiting for the sweep */
	void *arg;
};

struct loop_timer {
	struct loop *loop;
	struct loop_timer *next;
	uint64_t deadline_ns;
	loop_timer_fn fn;
	void *arg;
};

struct loop {
	int epoll_fd;
	bool interrupted, dispatching, sweep;
	struct loop_io *ios;
	struct loop_timer *timers;
};

uint64_t loop_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

int loop_new(struct loop **ret)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->epoll_fd = fd;
	return 0;
}

static void sweep(struct loop *loop)
{
	for (struct loop_io **io = &loop->ios; *io;) {
		struct loop_io *gone = *io;

		if (gone->fn) {
			io = &gone->next;
			continue;
		}
		*io = gone->next;
		free(gone);
	}
	for (struct loop_timer **timer = &loop->timers; *timer;) {
		struct loop_timer *gone = *timer;

		if (gone->fn) {
			timer = &gone->next;
			continue;
		}
		*timer = gone->next;
		free(gone);
	}
	loop->sweep = false;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	sweep(loop);
	assert(!loop->ios && !loop->timers);
	close(loop->epoll_fd);
	free(loop);
}

int loop_io_add(struct loop *loop, int fd, uint32_t events, loop_io_fn fn, void *arg,
		struct loop_io **ret)
{
	struct loop_io *io = xcalloc(1, sizeof(*io));
	struct epoll_event event = { .events = events, .data.ptr = io };

	if (events && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		int r = -errno;

		free(io);
		return r;
	}
	*io = (struct loop_io){ .loop = loop,
				.next = loop->ios,
				.fd = fd,
				.events = events,
				.fn = fn,
				.arg = arg };
	loop->ios = io;
	*ret = io;
	return 0;
}

/*
 * What waits for nothing is taken out of the set: the kernel would look it up whenever
 * something happens, which a socket that is sent from by the hundred thousand feels.
 */
void loop_io_events(struct loop_io *io, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = io };
	int how = !events ? EPOLL_CTL_DEL : io->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (events == io->events)
		return;
	io->events = events;
	/* Changing what an added fd waits for can only fail by a bug of ours. */
	if (epoll_ctl(io->loop->epoll_fd, how, io->fd, &event) < 0)
		assert(!"epoll_ctl");
}

static void sweep_soon(struct loop *loop)
{
	if (loop->dispatching)
		loop->sweep = true;
	else
		sweep(loop);
}

void loop_io_free(struct loop_io *io)
{
	if (!io)
		return;
	if (io->events)
		epoll_ctl(io->loop->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL);
	io->fn = NULL;
	sweep_soon(io->loop);
}

struct loop_timer *loop_timer_add(struct loop *loop, loop_timer_fn fn, void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	*timer = (struct loop_timer){
		.loop = loop, .next = loop->timers, .fn = fn, .arg = arg
	};
	loop->timers = timer;
	return timer;
}

void loop_timer_set(struct loop_timer *timer, uint64_t deadline_ns)
{
	timer->deadline_ns = deadline_ns;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	timer->fn = NULL;
	timer->deadline_ns = 0;
	sweep_soon(timer->loop);
}

static uint64_t next_deadline(const struct loop *loop, uint64_t limit)
{
	for (const struct loop_timer *t = loop->timers; t; t = t->next)
		if (t->deadline_ns && t->deadline_ns < limit)
			limit = t->deadline_ns;
	return limit;
}

static void run_timers(struct loop *loop, uint64_t now)
{
	for (struct loop_timer *t = loop->timers; t; t = t->next)
		if (t->deadline_ns && t->deadline_ns <= now) {
			t->deadline_ns = 0;
			t->fn(t->arg);
		}
}

static int wait_ms(uint64_t now, uint64_t deadline)
{
	uint64_t ms;

	if (deadline <= now)
		return 0;
	/* Rounded up: waking early would spin until the deadline. */
	ms = (deadline - now + NS_PER_MSEC - 1) / NS_PER_MSEC;
	return ms > 60000 ? 60000 : (int)ms;
}

static int dispatch(struct loop *loop, uint64_t deadline_ns)
{
	struct epoll_event events[16];
	int timeout = wait_ms(loop_now_ns(), next_deadline(loop, deadline_ns));
	int n = epoll_wait(loop->epoll_fd, events, ARRAY_SIZE(events), timeout);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	loop->dispatching = true;
	for (int i = 0; i < n; i++) {
		struct loop_io *io = events[i].data.ptr;

		if (io->fn)
			io->fn(io->arg, events[i].events);
	}
	run_timers(loop, loop_now_ns());
	loop->dispatching = false;
	if (loop->sweep)
		sweep(loop);
	return 0;
}

int loop_until(struct loop *loop, loop_condition_fn condition, void *arg,
	       uint64_t deadline_ns)
{
	assert(!loop->dispatching);
	for (;;) {
		int r;

		if (condition(arg))
			return 0;
		if (loop->interrupted)
			return -EINTR;
		if (loop_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
		r = dispatch(loop, deadline_ns);
		if (r < 0)
			return r;
	}
}

void loop_interrupt(struct loop *loop)
{
	loop->interrupted = true;
}

bool loop_interrupted(const struct loop *loop)
{
	return loop->interrupted;
}
