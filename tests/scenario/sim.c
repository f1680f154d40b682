// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/sim.h"

#include <sys/epoll.h>
#include <time.h>

#define START_NS UINT64_C(1000000000000)

static uint64_t now_ns = START_NS;

int __real_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms);
int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

void sim_start(void)
{
	now_ns = START_NS;
}

uint64_t sim_now_ns(void)
{
	return now_ns;
}

void sim_jump(uint64_t ns)
{
	now_ns += ns;
}

/* What is ready now is served first; else the whole wait passes at once. */
int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	int n = __real_epoll_wait(fd, events, max, 0);

	if (n == 0 && timeout_ms > 0)
		now_ns += (uint64_t)timeout_ms * 1000000;
	return n;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	if (clock != CLOCK_BOOTTIME)
		return __real_clock_gettime(clock, ret);
	ret->tv_sec = (time_t)(now_ns / 1000000000);
	ret->tv_nsec = (long)(now_ns % 1000000000);
	return 0;
}
