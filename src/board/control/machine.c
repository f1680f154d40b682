// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine.h"

#include "base/log.h"
#include "os/child.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* More of what a command complains about is not looked at. */
#define ERRORS_MAX (1 << 20)
/* Facts of a machine with thousands of functions have less. */
#define ANSWER_MAX (8 << 20)

struct machine machine_of(struct loop *loop, const char *name)
{
	return (struct machine){ .loop = loop,
				 .name = name,
				 .host = !strncmp(name, "ssh:", 4) ? name + 4 : NULL };
}

/*
 * ssh must neither ask (nobody is there) nor wait for ever for a host that has gone. The
 * words of a command are passed through a shell there: none of ours needs quoting.
 */
static void machine_argv(const struct machine *m, const char *const *command,
			 const char *argv[MACHINE_ARGV_MAX])
{
	static const char *const ssh[] = {
		"ssh", "-T",
		"-o",  "BatchMode=yes",
		"-o",  "ConnectTimeout=10",
		"-o",  "ServerAliveInterval=5",
		"-o",  "ServerAliveCountMax=3",
	};
	size_t n = 0;

	for (size_t i = 0; m->host && i < ARRAY_SIZE(ssh); i++)
		argv[n++] = ssh[i];
	if (m->host) {
		argv[n++] = "--";
		argv[n++] = m->host;
	}
	while (*command && n < MACHINE_ARGV_MAX - 1)
		argv[n++] = *command++;
	argv[n] = NULL;
}

int machine_start(const struct machine *m, const char *const *command,
		  const struct child_spec *spec, struct child **ret)
{
	const char *argv[MACHINE_ARGV_MAX];
	struct child_spec whole = *spec;

	machine_argv(m, command, argv);
	log_command(argv);
	whole.argv = argv;
	whole.error_path = m->log_path;
	whole.die_with_us = whole.want_input = true;
	return child_start(m->loop, &whole, ret);
}

struct text answer_last(const struct answer *answer)
{
	return text_last_line(
		(struct text){ answer->lines.s ? answer->lines.s : "", answer->lines.n });
}

void last_words(const char *path, char *buffer, size_t size)
{
	_cleanup_free_ char *bytes = NULL;
	struct text line, ssh = TEXT("ssh: ");
	size_t n = 0;

	buffer[0] = '\0';
	if (file_read(path, ERRORS_MAX, &bytes, &n) < 0)
		return;
	/* machine_run()'s is as large as it may become. */
	line = text_last_line((struct text){ bytes, strnlen(bytes, n) });
	line = text_starts(line, ssh) ? text_from(line, ssh.n) : line;
	/* It goes into sentences. */
	line.n -= line.n && line.s[line.n - 1] == '.';
	text_clean(buffer, size, line);
}

static void on_line(void *arg, struct text line)
{
	struct answer *answer = arg;

	answer->too_long |= line.n == CHILD_LINE_MAX ||
			    answer->lines.n + line.n > ANSWER_MAX;
	/* What else comes is not waited for. */
	answer->ended |= answer->too_long;
	if (answer->too_long)
		return;
	strbuf_add(&answer->lines, line);
	strbuf_add(&answer->lines, TEXT("\n"));
}

static void on_exit_status(void *arg, int status)
{
	struct answer *answer = arg;

	answer->ended = true;
	answer->status = status;
}

static bool has_ended(void *arg)
{
	return ((struct answer *)arg)->ended;
}

static int wait_answer(const struct machine *m, struct child *child, uint64_t limit_ns,
		       struct answer *ret)
{
	int e = loop_until(m->loop, has_ended, ret, loop_now_ns() + limit_ns);

	child_free(child);
	if (e == -ETIMEDOUT)
		log_error("%s does not answer", m->name);
	if (e == 0 && ret->too_long) {
		log_error(
			"%s answers with a line of more than %d KB, or more than %d MB in "
			"all, which nothing that was asked for has: does its login shell "
			"print by itself?",
			m->name, CHILD_LINE_MAX >> 10, ANSWER_MAX >> 20);
		return -EMSGSIZE;
	}
	return e;
}

/* What is written beyond its size is refused, so that it takes no more memory. */
static int open_errors(void)
{
	int fd = memfd_create("errors", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, ERRORS_MAX) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0)
		mem_close_fd(&fd);
	return fd;
}

int machine_run(const struct machine *m, const char *const *command, int input,
		uint64_t limit_ns, struct answer *ret)
{
	const char *argv[MACHINE_ARGV_MAX];
	_cleanup_close_ int errors = open_errors();
	const struct child_fd fds[] = { { errors, 2 }, { input, 0 } };
	char path[32];
	struct child_spec spec = { .argv = argv,
				   .fds = fds,
				   .n_fds = input >= 0 ? 2 : 1,
				   .on_line = on_line,
				   .on_exit = on_exit_status,
				   .arg = ret,
				   .die_with_us = true };
	struct child *child;
	int e;

	if (errors < 0)
		return log_errno(-errno, "cannot start %s", command[0]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", errors);
	machine_argv(m, command, argv);
	log_command(argv);
	e = child_start(m->loop, &spec, &child);
	if (e < 0)
		return log_errno(e, "cannot start %s", argv[0]);
	e = wait_answer(m, child, limit_ns, ret);
	if (e < 0)
		return e;
	last_words(path, ret->why, sizeof(ret->why));
	if (!WIFEXITED(ret->status)) {
		char how[64];

		log_error("%s: %s ended by %s", m->name, argv[0],
			  child_describe_status(how, sizeof(how), ret->status));
		return -EIO;
	}
	e = WEXITSTATUS(ret->status);
	if (m->host && e == SSH_FAILED) {
		log_error("%s cannot be reached: %s", m->name,
			  ret->why[0] ? ret->why : "ssh does not say why");
		e = -EHOSTUNREACH;
	}
	return e;
}

int machine_ask(const struct machine *m, const char *line, int input, uint64_t limit_ns,
		struct answer *ret)
{
	const char *const command[] = { line, NULL };
	int e = machine_run(m, command, input, limit_ns, ret);

	if (e <= 0)
		return e;
	if (ret->why[0])
		log_error("%s: %s", m->name, ret->why);
	else
		log_error("%s: `%s` ended by exit status %d", m->name, line, e);
	return -EIO;
}
