// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes that do what may hang. */
#include "peer.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Who reads our output must not wait for a process that never ends. */
static void detach_files(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
}

static void child_init(pid_t parent, int cpu, const char *name)
{
	const struct sched_param batch = { 0 };
	cpu_set_t cpus;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, name);
	if (getppid() != parent)
		_exit(1);
	detach_files();
	if (cpu < 0)
		return;
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	/*
	 * One that is woken shall not take the CPU from who wakes it and has the other one
	 * to wake: it would spin there for milliseconds, waiting for that one.
	 */
	sched_setscheduler(0, SCHED_BATCH, &batch);
	/* A page fault would cost more than the offset is worth. */
	mlockall(MCL_CURRENT);
}

static void peer_close(struct peer *peer)
{
	fd_close(&peer->pidfd);
	fd_close(&peer->to);
	fd_close(&peer->from);
	peer->pid = 0;
}

int peer_start(struct peer *peer, const struct peer_role *role, void *arg)
{
	pid_t parent = getpid();
	int err;

	peer->pidfd = -1;
	peer->to = eventfd(0, EFD_CLOEXEC);
	peer->from = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	peer->pid = peer->to < 0 || peer->from < 0 ? -1 : fork();
	if (peer->pid == 0) {
		child_init(parent, role->cpu, role->name);
		role->run(peer, arg);
		_exit(0);
	}
	if (peer->pid > 0)
		peer->pidfd = (int)syscall(SYS_pidfd_open, peer->pid, 0);
	if (peer->pidfd >= 0)
		return 0;
	err = -errno;
	if (peer->pid > 0) {
		kill(peer->pid, SIGKILL);
		waitpid(peer->pid, NULL, 0);
	}
	peer_close(peer);
	return err;
}

void peer_kick(const struct peer *peer)
{
	eventfd_write(peer->to, 1);
}

void peer_next(const struct peer *self)
{
	eventfd_t count;

	while (eventfd_read(self->to, &count) < 0)
		if (errno != EINTR)
			_exit(1);
}

void peer_answer(const struct peer *self)
{
	eventfd_write(self->from, 1);
}

bool peer_answered(const struct peer *peer)
{
	eventfd_t count;

	return eventfd_read(peer->from, &count) == 0;
}

bool peer_ended(const struct peer *peer)
{
	struct pollfd pollfd = { .fd = peer->pidfd, .events = POLLIN };

	return poll(&pollfd, 1, 0) > 0;
}

int peer_wait(const struct peer *peer, int64_t until_ns)
{
	for (;;) {
		struct pollfd pollfds[] = {
			{ .fd = peer->from, .events = POLLIN },
			{ .fd = peer->pidfd, .events = POLLIN },
		};
		bool over = now_ns() >= until_ns;

		if (poll_until(pollfds, 2, until_ns) < 0 && errno != EINTR)
			return -errno;
		if (peer_answered(peer))
			return 0;
		if (peer_ended(peer))
			return -EPIPE;
		if (over)
			return -ETIMEDOUT;
	}
}

int peer_stop(struct peer *peer, int64_t until_ns)
{
	struct pollfd pollfd = { .fd = peer->pidfd, .events = POLLIN };
	int ready;

	if (peer->pid <= 0)
		return 0;
	kill(peer->pid, SIGKILL);
	do
		ready = poll_until(&pollfd, 1, until_ns);
	while (ready < 0 && errno == EINTR);
	if (ready > 0)
		waitpid(peer->pid, NULL, 0);
	peer_close(peer);
	return ready > 0 ? 0 : -ETIMEDOUT;
}
