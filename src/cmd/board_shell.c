// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A shell on a virtual board. A person's terminal is connected with the console as it is,
 * like any serial terminal program does it. From a pipe, lines are typed once the board is
 * up, and the console is printed as clean text until a last marker comes back.
 */
#include "base/log.h"
#include "base/num.h"
#include "board.h"
#include "board/target.h"
#include "cmd.h"
#include "os/file.h"
#include "os/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#define KEY_LEAVE 0x1d /* Ctrl-], as telnet(1) has it */

/* Nobody waits at a pipe: a board that prints nothing for this long is left. */
#define PIPE_SILENCE_NS (60 * NS_PER_SEC)
/* Nor for one that prints for ever, but gives no shell. */
#define PIPE_BOOT_NS (120 * NS_PER_SEC)

/* What the board's shell writes when it is ready (target/embed/shrc). */
#define MARKER_UP  TEXT("iommu-stress: phase=up ")
#define MARKER_END TEXT("iommu-stress: phase=end")
/* A kernel's first words; one that was started by kexec resets no machine. */
#define BANNER TEXT("] Linux version ")

struct shell {
	struct loop *loop;
	struct target *target;
	struct loop_io *input, *signals;
	struct loop_timer *silence, *boot;
	struct strbuf typed; /* by the pipe, before the board was up */
	struct strbuf line;  /* the console's, growing */
	bool terminal;       /* a person at it */
	bool up, input_ended, finished;
	int status;
};

static void finish(struct shell *shell, int status)
{
	shell->finished = true;
	shell->status = status;
}

static bool is_finished(void *arg)
{
	return ((struct shell *)arg)->finished;
}

static void type(struct shell *shell, struct text line)
{
	int r = target_type(shell->target, line);

	/* Of a board that is gone we hear elsewhere. */
	if (r < 0)
		log_debug("typing failed: %s", strerror(-r));
}

/* The pipe's complete lines, in one go; behind its end the marker that we wait for. */
static void type_pending(struct shell *shell)
{
	struct text typed = { shell->typed.s, shell->typed.n };
	struct strbuf left = { 0 };

	while (typed.n && !shell->input_ended && typed.s[typed.n - 1] != '\n')
		typed.n--;
	strbuf_add(&left,
		   text_from((struct text){ shell->typed.s, shell->typed.n }, typed.n));
	typed = text_trim(typed);
	if (typed.n)
		type(shell, typed);
	strbuf_done(&shell->typed);
	shell->typed = left;
	if (shell->input_ended)
		/* stty waits until what was printed before has left the serial port. */
		type(shell, TEXT("stty -echo; mark phase=end"));
}

static void await_boot(struct shell *shell)
{
	if (!shell->terminal)
		loop_timer_set(shell->boot, loop_now_ns() + PIPE_BOOT_NS);
}

static void take_line(struct shell *shell, struct text line)
{
	char clean[4096];

	if (!shell->terminal) {
		text_clean(clean, sizeof(clean), line);
		puts(clean);
		fflush(stdout);
	}
	if (text_has(line, MARKER_END) && shell->input_ended)
		finish(shell, EXIT_PASS);
	if (text_has(line, BANNER)) {
		shell->up = false;
		await_boot(shell);
	}
	if (!text_has(line, MARKER_UP))
		return;
	shell->up = true;
	loop_timer_set(shell->boot, 0);
	if (shell->terminal)
		type(shell, TEXT("interactive"));
	else
		type_pending(shell);
}

static void on_console(void *arg, const void *bytes, size_t n)
{
	struct shell *shell = arg;
	const char *p = bytes;

	if (shell->terminal)
		(void)!file_write_all(STDOUT_FILENO, bytes, n);
	else
		loop_timer_set(shell->silence, loop_now_ns() + PIPE_SILENCE_NS);
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n') {
			take_line(shell, (struct text){ shell->line.s, shell->line.n });
			strbuf_reset(&shell->line);
		} else if (shell->line.n < 2048) {
			strbuf_add(&shell->line, (struct text){ p + i, 1 });
		}
	}
}

static void on_power(void *arg, const char *event)
{
	struct shell *shell = arg;

	if (!strcmp(event, "shutdown"))
		finish(shell, EXIT_PASS);
}

/* -- the terminal --------------------------------------------------------------------- */

/* The user's terminal before it was ours. */
static struct termios saved_terminal;

static void terminal_restore(void)
{
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_terminal);
}

/* Every key goes to the board. False: standard input is no terminal. */
static bool terminal_take(void)
{
	struct termios raw;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &saved_terminal) < 0)
		return false;
	raw = saved_terminal;
	cfmakeraw(&raw);
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

/* -- what the board does -------------------------------------------------------------- */

static void on_gone(void *arg, const char *reason)
{
	const struct shell *shell = arg;

	if (shell->terminal)
		terminal_restore();
	log_error("%s", reason);
	finish(arg, EXIT_INVALID);
}

static void on_silence(void *arg)
{
	log_error("the board's console is silent for %d s",
		  (int)(PIPE_SILENCE_NS / NS_PER_SEC));
	finish(arg, EXIT_INVALID);
}

static void on_no_boot(void *arg)
{
	log_error("no shell on the board's console for %d s",
		  (int)(PIPE_BOOT_NS / NS_PER_SEC));
	finish(arg, EXIT_INVALID);
}

static void on_signal(void *arg, uint32_t events)
{
	(void)events;
	finish(arg, EXIT_INTERRUPTED);
}

static void take_keys(struct shell *shell, const char *bytes, size_t n)
{
	const char *leave = memchr(bytes, KEY_LEAVE, n);

	if (leave) {
		finish(shell, EXIT_PASS);
		return;
	}
	if (target_type_raw(shell->target, (struct text){ bytes, n }) < 0)
		finish(shell, EXIT_INVALID);
}

/* False at the end of it. */
static bool read_input(struct shell *shell)
{
	char bytes[4096];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0 && shell->terminal)
		take_keys(shell, bytes, (size_t)n);
	else if (n > 0)
		strbuf_add(&shell->typed, (struct text){ bytes, (size_t)n });
	return n > 0;
}

static void on_input(void *arg, uint32_t events)
{
	struct shell *shell = arg;

	(void)events;
	if (!read_input(shell)) {
		shell->input_ended = true;
		loop_io_free(shell->input);
		shell->input = NULL;
		if (shell->terminal)
			finish(shell, EXIT_PASS);
	}
	if (shell->up && !shell->terminal)
		type_pending(shell);
}

static int watch_input(struct shell *shell)
{
	int r = loop_io_add(shell->loop, STDIN_FILENO, EPOLLIN, on_input, shell,
			    &shell->input);

	/* epoll takes no plain files, which never make anybody wait. */
	while (r == -EPERM && !shell->input_ended)
		shell->input_ended = !read_input(shell);
	return r == -EPERM ? 0 : r;
}

/* -- the session ---------------------------------------------------------------------- */

static int converse(struct shell *shell)
{
	_cleanup_close_ int signal_fd = signals_open();
	int r = loop_io_add(shell->loop, signal_fd, EPOLLIN, on_signal, shell,
			    &shell->signals);

	if (r == 0)
		r = watch_input(shell);
	if (r == 0) {
		shell->silence = loop_timer_add(shell->loop, on_silence, shell);
		shell->boot = loop_timer_add(shell->loop, on_no_boot, shell);
		if (!shell->terminal)
			loop_timer_set(shell->silence, loop_now_ns() + PIPE_SILENCE_NS);
		await_boot(shell);
		r = loop_until(shell->loop, is_finished, shell, UINT64_MAX);
	}
	loop_timer_free(shell->silence);
	loop_timer_free(shell->boot);
	loop_io_free(shell->input);
	loop_io_free(shell->signals);
	if (r < 0) {
		log_errno(r, "cannot talk to the board");
		return EXIT_INVALID;
	}
	return shell->status;
}

static int open_and_converse(struct shell *shell, const struct board *board,
			     const struct board_options *options)
{
	const char *directory = getenv("TMPDIR") ?: "/tmp";
	_cleanup_free_ char *log = xasprintf("%s/iommu-stress-qemu.XXXXXX", directory);
	_cleanup_free_ char *name = xasprintf("virt:%s", board->name);
	_cleanup_close_ int log_fd = -1;
	const struct target_spec spec = { .name = name,
					  .board = options,
					  .log_path = log,
					  .events = { .on_console = on_console,
						      .on_power = on_power,
						      .on_gone = on_gone,
						      .arg = shell } };
	int r;

	if (target_prepare(name, options) < 0)
		return EXIT_USAGE;
	log_fd = mkostemp(log, O_CLOEXEC);
	if (log_fd < 0) {
		log_errno(-errno, "cannot make a file in %s", directory);
		return EXIT_INVALID;
	}
	r = target_open(shell->loop, &spec, &shell->target);
	(void)unlink(log);
	if (r < 0)
		return r == -ENOENT || r == -EINVAL ? EXIT_USAGE : EXIT_INVALID;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		log_notice("%s: Ctrl-] ends it", board->name);
	shell->terminal = terminal_take();
	r = converse(shell);
	if (shell->terminal)
		terminal_restore();
	target_close(shell->target);
	return r;
}

int board_shell(const struct board *board, const struct board_options *options)
{
	struct shell shell = { 0 };
	int r = loop_new(&shell.loop);

	if (r < 0) {
		log_errno(r, "cannot start");
		return EXIT_INVALID;
	}
	r = open_and_converse(&shell, board, options);
	loop_free(shell.loop);
	strbuf_done(&shell.typed);
	strbuf_done(&shell.line);
	return r;
}
