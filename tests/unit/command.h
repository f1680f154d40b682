/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a subcommand as the program does, in a process of its own, and keeps what it says. */
#pragma once

#include "cmd/cmd.h"
#include "os/file.h"

#include <argp.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Of the last command. */
static char *out, *err;

static inline void command_forget(void)
{
	free(out);
	free(err);
	out = err = NULL;
}

static inline void command_redirect(const char *directory, const char *name, int as)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
	int fd = open(name[0] == '/' ? name : path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || dup2(fd, as) < 0)
		_exit(99);
	close(fd);
}

static inline void command_take(const char *directory, const char *name, char **ret)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", directory, name);

	assert_int_equal(file_read(path, 1 << 20, ret, NULL), 0);
}

/*
 * Exit status of the command, whose standard output goes to the file `to` in the directory, or
 * to an absolute path; err holds what it said.
 */
static inline int command_run_to(const struct command *command, const char *directory,
				 const char *to, const char *arguments)
{
	_cleanup_free_ char *words = xstrdup(arguments);
	_cleanup_free_ char *name = xasprintf("iommu-stress %s", command->name);
	char *argv[9] = { name };
	int argc = 1, status;
	pid_t pid;

	for (char *word = strtok(words, " "); word && argc < 8; word = strtok(NULL, " "))
		argv[argc++] = word;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		command_redirect(directory, to, STDOUT_FILENO);
		command_redirect(directory, "err", STDERR_FILENO);
		argp_err_exit_status = EXIT_USAGE;
		exit(command->run(argc, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	command_forget();
	command_take(directory, "err", &err);
	return WEXITSTATUS(status);
}
