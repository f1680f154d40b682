// SPDX-License-Identifier: GPL-2.0-or-later
#include "os/child.h"

#include "base/num.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Descriptors for a child are first copied up here: its number of one may be our number of
 * another, which would be gone by the time it is its turn.
 */
#define COPIES_FROM 512

struct child {
	pid_t pid;
	int pid_fd, input_fd, output_fd;
	bool running;
	struct loop_io *exit_io, *output_io;
	child_line_fn on_line;
	child_exit_fn on_exit;
	void *arg;
	char line[CHILD_LINE_MAX];
	size_t line_len;
};

/* What the child gets as 0, 1, 2; -1: /dev/null (0, 1) or ours (2). */
struct stdio_fds {
	int input, output, error;
};

static int set_actions(posix_spawn_file_actions_t *actions, const struct child_spec *spec,
		       const struct stdio_fds *stdio)
{
	int r = 0;

	r = stdio->input < 0 ? posix_spawn_file_actions_addopen(actions, 0, "/dev/null",
								O_RDONLY, 0) :
			       posix_spawn_file_actions_adddup2(actions, stdio->input, 0);
	if (!r)
		r = stdio->output < 0 ?
			    posix_spawn_file_actions_addopen(actions, 1, "/dev/null",
							     O_WRONLY, 0) :
			    posix_spawn_file_actions_adddup2(actions, stdio->output, 1);
	if (!r && stdio->error >= 0)
		r = posix_spawn_file_actions_adddup2(actions, stdio->error, 2);
	for (size_t i = 0; !r && i < spec->n_fds; i++)
		r = posix_spawn_file_actions_adddup2(actions, spec->fds[i].fd,
						     COPIES_FROM + (int)i);
	for (size_t i = 0; !r && i < spec->n_fds; i++)
		r = posix_spawn_file_actions_adddup2(actions, COPIES_FROM + (int)i,
						     spec->fds[i].as);
	for (size_t i = 0; !r && i < spec->n_fds; i++)
		r = posix_spawn_file_actions_addclose(actions, COPIES_FROM + (int)i);
	return r;
}

/* Default signals and an empty mask: the controller blocks what its signalfd reads. */
static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	/* Its own group: ^C in the terminal is ours to handle, not the children's. */
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
						     POSIX_SPAWN_SETSIGDEF |
						     POSIX_SPAWN_SETPGROUP);
}

static int spawn(const struct child_spec *spec, const struct stdio_fds *stdio,
		 pid_t *ret_pid)
{
	static const char *const wrapper[] = { "setpriv", "--pdeathsig", "KILL" };
	_cleanup_free_ const char **argv = NULL;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	size_t n = 0, skip = spec->die_with_us ? ARRAY_SIZE(wrapper) : 0;
	int r;

	while (spec->argv[n])
		n++;
	argv = xcalloc(n + skip + 1, sizeof(*argv));
	memcpy(argv, wrapper, skip * sizeof(*argv));
	memcpy(argv + skip, spec->argv, n * sizeof(*argv));

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	set_attributes(&attributes);
	r = set_actions(&actions, spec, stdio);
	if (!r)
		r = posix_spawnp(ret_pid, argv[0], &actions, &attributes,
				 (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static void take_output(struct child *child, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool full = child->line_len == sizeof(child->line);
		bool ends = bytes[i] == '\n';

		if (!ends && !full)
			child->line[child->line_len++] = bytes[i];
		if (!full && (ends || child->line_len == sizeof(child->line)))
			child->on_line(child->arg,
				       (struct text){ child->line, child->line_len });
		if (ends)
			child->line_len = 0;
	}
}

static void close_output(struct child *child)
{
	loop_io_free(child->output_io);
	child->output_io = NULL;
	if (child->output_fd >= 0)
		close(child->output_fd);
	child->output_fd = -1;
}

/* False at end of file. */
static bool read_output(struct child *child)
{
	char bytes[4096];
	ssize_t n = read(child->output_fd, bytes, sizeof(bytes));

	if (n > 0)
		take_output(child, bytes, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_output(void *arg, uint32_t events)
{
	struct child *child = arg;

	(void)events;
	if (!read_output(child))
		close_output(child);
}

static void on_pidfd(void *arg, uint32_t events)
{
	struct child *child = arg;
	int status = 0;

	(void)events;
	if (waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	child->running = false;
	loop_io_free(child->exit_io);
	child->exit_io = NULL;
	/* What it wrote last may still be in the pipe; a grandchild may hold it open. */
	for (int i = 0; child->output_fd >= 0 && i < 64; i++) {
		struct pollfd ready = { .fd = child->output_fd, .events = POLLIN };

		if (poll(&ready, 1, 0) <= 0 || !read_output(child))
			break;
	}
	close_output(child);
	if (child->on_exit)
		child->on_exit(child->arg, status);
}

static int watch(struct loop *loop, struct child *child)
{
	int r;

	child->pid_fd = pidfd_open(child->pid, 0);
	if (child->pid_fd < 0)
		return -errno;
	r = loop_io_add(loop, child->pid_fd, EPOLLIN, on_pidfd, child, &child->exit_io);
	if (r == 0 && child->output_fd >= 0)
		r = loop_io_add(loop, child->output_fd, EPOLLIN, on_output, child,
				&child->output_io);
	return r;
}

int child_start(struct loop *loop, const struct child_spec *spec, struct child **ret)
{
	_cleanup_close_ int in_read = -1, out_write = -1, error_fd = -1;
	struct child *child = xcalloc(1, sizeof(*child));
	int pipe_fds[2], r;

	*child = (struct child){ .pid = -1,
				 .pid_fd = -1,
				 .input_fd = -1,
				 .output_fd = -1,
				 .on_line = spec->on_line,
				 .on_exit = spec->on_exit,
				 .arg = spec->arg };
	r = -EMFILE;
	if (spec->want_input) {
		if (pipe2(pipe_fds, O_CLOEXEC) < 0)
			goto fail;
		in_read = pipe_fds[0];
		child->input_fd = pipe_fds[1];
		fcntl(child->input_fd, F_SETFL, O_NONBLOCK);
	}
	if (spec->on_line) {
		if (pipe2(pipe_fds, O_CLOEXEC) < 0)
			goto fail;
		child->output_fd = pipe_fds[0];
		out_write = pipe_fds[1];
		fcntl(child->output_fd, F_SETFL, O_NONBLOCK);
	}
	if (spec->error_path) {
		r = file_open_at(AT_FDCWD, spec->error_path,
				 O_WRONLY | O_CREAT | O_APPEND, &error_fd);
		if (r < 0)
			goto fail;
	}
	r = spawn(spec, &(struct stdio_fds){ in_read, out_write, error_fd }, &child->pid);
	if (r < 0)
		goto fail;
	child->running = true;
	r = watch(loop, child);
	if (r < 0)
		goto fail;
	*ret = child;
	return 0;
fail:
	child->on_exit = NULL;
	child_free(child);
	return r;
}

pid_t child_pid(const struct child *child)
{
	return child->pid;
}

int child_write(struct child *child, struct text line)
{
	char bytes[CHILD_LINE_MAX];
	ssize_t n;

	if (child->input_fd < 0)
		return -EPIPE;
	if (line.n + 1 > sizeof(bytes))
		return -EMSGSIZE;
	memcpy(bytes, line.s, line.n);
	bytes[line.n] = '\n';
	/* At most PIPE_BUF in practice, so all or nothing. */
	n = write(child->input_fd, bytes, line.n + 1);
	return n < 0 ? -errno : 0;
}

void child_close_input(struct child *child)
{
	if (child->input_fd >= 0)
		close(child->input_fd);
	child->input_fd = -1;
}

static bool ended_within(struct child *child, int ms)
{
	struct pollfd ready = { .fd = child->pid_fd, .events = POLLIN };

	if (child->pid_fd >= 0 && poll(&ready, 1, ms) <= 0)
		return false;
	return waitpid(child->pid, NULL, child->pid_fd >= 0 ? WNOHANG : 0) == child->pid;
}

bool child_finish(struct child *child, unsigned int limit_ms)
{
	child_close_input(child);
	if (child->running && ended_within(child, (int)limit_ms)) {
		/* Reaped here: nobody is left to be told. */
		loop_io_free(child->exit_io);
		child->exit_io = NULL;
		child->running = false;
	}
	return !child->running;
}

void child_free(struct child *child)
{
	if (!child)
		return;
	loop_io_free(child->exit_io);
	child_close_input(child);
	if (child->running && child->pid_fd < 0) {
		/* Nothing to wait on with a limit: no grace either. */
		kill(child->pid, SIGKILL);
		(void)ended_within(child, 0);
	} else if (child->running) {
		kill(child->pid, SIGTERM);
		if (!ended_within(child, 2000)) {
			kill(child->pid, SIGKILL);
			(void)ended_within(child, 2000);
		}
	}
	close_output(child);
	if (child->pid_fd >= 0)
		close(child->pid_fd);
	free(child);
}

char *child_describe_status(char *buffer, size_t size, int status)
{
	if (WIFSIGNALED(status))
		snprintf(buffer, size, "signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(buffer, size, "exit status %d", WEXITSTATUS(status));
	return buffer;
}
