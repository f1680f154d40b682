/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child processes: everything that can block, spin or get stuck lives in one. Started by
 * posix_spawn with an argv (never a shell string), watched through a pidfd, read line by
 * line, and owned: child_free ends and reaps it.
 */
#pragma once

#include "base/text.h"
#include "os/loop.h"

#include <sys/types.h>

struct child;

/* Longer lines are cut, and told before their end, which may never come. */
#define CHILD_LINE_MAX 65536

/*
 * A line of the child's standard output, without its newline. Valid during the call. One of
 * CHILD_LINE_MAX bytes is a longer one.
 */
typedef void (*child_line_fn)(void *arg, struct text line);
/* status as of waitpid(2). Called once, after the last line. */
typedef void (*child_exit_fn)(void *arg, int status);

/* The child's file descriptor `as` is this process' `fd`. */
struct child_fd {
	int fd, as;
};

struct child_spec {
	const char *const *argv;    /* argv[0] is looked up in PATH */
	const struct child_fd *fds; /* besides 0, 1 and 2 */
	size_t n_fds;
	const char *error_path; /* appends standard error there; NULL: ours */
	child_line_fn on_line;  /* NULL: standard output is thrown away */
	child_exit_fn on_exit;  /* NULL: nobody wants to know */
	void *arg;
	bool die_with_us; /* the kernel kills it when we are killed (setpriv(1)) */
	bool want_input;  /* its standard input is a pipe: child_write; else /dev/null */
};

int child_start(struct loop *loop, const struct child_spec *spec,
		struct child **ret) _must_check_;
pid_t child_pid(const struct child *child);
/* Writes all of line and a newline to its standard input, or -errno (-EAGAIN: full). */
int child_write(struct child *child, struct text line) _must_check_;
/* End of file on its standard input. */
void child_close_input(struct child *child);
/*
 * End of file on its standard input, then its end is awaited, without the loop and without
 * on_exit. False: it goes on.
 */
bool child_finish(struct child *child, unsigned int limit_ms);
/* SIGTERM, 2 s later SIGKILL, 2 s later it is given up (D state) and left to init. */
void child_free(struct child *child);

/* "exit status 3", "signal 9 (Killed)". Returns buffer. */
char *child_describe_status(char *buffer, size_t size, int status);
