/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: epoll and timers in one thread. Handlers record and return; only the
 * scenario waits, with loop_until, and always with a deadline. Time comes from
 * clock_gettime(CLOCK_BOOTTIME) and waiting from epoll_wait alone, so that a test can
 * replace these two and play hours in milliseconds.
 */
#pragma once

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_io;
struct loop_timer;

typedef void (*loop_io_fn)(void *arg, uint32_t epoll_events);
typedef void (*loop_timer_fn)(void *arg);
typedef bool (*loop_condition_fn)(void *arg);

/* Nanoseconds of CLOCK_BOOTTIME: never steps, counts while the controller is suspended. */
uint64_t loop_now_ns(void);

int loop_new(struct loop **ret) _must_check_;
/* Everything added must have been freed before. NULL is accepted. */
void loop_free(struct loop *loop);

/* Calls fn for events (EPOLLIN ...) of fd, which stays the caller's. */
int loop_io_add(struct loop *loop, int fd, uint32_t events, loop_io_fn fn, void *arg,
		struct loop_io **ret) _must_check_;
/* 0: for nothing, not even for errors and hangups, until it is called again. */
void loop_io_events(struct loop_io *io, uint32_t events);
/* Allowed from within any handler, also io's own. NULL is accepted. */
void loop_io_free(struct loop_io *io);

/* A timer is off until it is set; it fires once a setting. */
struct loop_timer *loop_timer_add(struct loop *loop, loop_timer_fn fn, void *arg);
/* deadline_ns on loop_now_ns' clock; 0 = off. */
void loop_timer_set(struct loop_timer *timer, uint64_t deadline_ns);
void loop_timer_free(struct loop_timer *timer);

/*
 * Dispatches until condition(arg) holds: 0. -ETIMEDOUT once deadline_ns has passed
 * (the condition is looked at one last time), -EINTR after loop_interrupt, else -errno of
 * epoll_wait. Must not be called from a handler.
 */
int loop_until(struct loop *loop, loop_condition_fn condition, void *arg,
	       uint64_t deadline_ns) _must_check_;
/* From now on every loop_until ends with -EINTR. */
void loop_interrupt(struct loop *loop);
bool loop_interrupted(const struct loop *loop);
