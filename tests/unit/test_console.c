// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"
#include "board/console/baud.h"
#include "board/console/console.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define START (1000 * NS_PER_SEC)

/* -- the line's arithmetic ------------------------------------------------------------ */

static void no_limit_allows_everything(void **state)
{
	struct baud line;

	(void)state;
	baud_set(&line, 0, START);
	assert_true(baud_allows(&line, SIZE_MAX, START) == SIZE_MAX);
	baud_take(&line, 1 << 20, START);
	assert_int_equal(baud_allows(&line, 5, START), 5);
}

static void a_silent_line_holds_a_fifo(void **state)
{
	struct baud line;

	(void)state;
	baud_set(&line, 115200, START);
	assert_int_equal(baud_allows(&line, SIZE_MAX, START), BAUD_FIFO);
	assert_int_equal(baud_allows(&line, SIZE_MAX, START + 3600 * NS_PER_SEC),
			 BAUD_FIFO);
	baud_take(&line, BAUD_FIFO, START);
	assert_int_equal(baud_allows(&line, SIZE_MAX, START), 0);
}

/* Reads whatever is allowed, each step_ns for one second. */
static size_t bytes_in_a_second(unsigned int baud, uint64_t step_ns)
{
	struct baud line;
	size_t sum = 0;

	baud_set(&line, baud, START);
	for (uint64_t t = START; t < START + NS_PER_SEC; t += step_ns) {
		size_t n = baud_allows(&line, SIZE_MAX, t);

		baud_take(&line, n, t);
		sum += n;
	}
	return sum;
}

static void speed_is_kept_at_any_pace(void **state)
{
	static const uint64_t steps[] = { 10000, 87000, 333333, NS_PER_MSEC,
					  2 * NS_PER_MSEC };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_in_range(bytes_in_a_second(115200, steps[i]), 11450,
				11520 + BAUD_FIFO);
		assert_in_range(bytes_in_a_second(9600, steps[i]), 950, 960 + BAUD_FIFO);
	}
	/* Looked at too seldom, its FIFO overflows: slower, never faster. */
	assert_in_range(bytes_in_a_second(115200, 10 * NS_PER_MSEC), 3000, 3300);
	/* The slowest there is: a byte a second. */
	assert_in_range(bytes_in_a_second(1, NS_PER_MSEC), BAUD_FIFO, BAUD_FIFO + 1);
}

/* -- the console over a socket --------------------------------------------------------- */

struct fixture {
	struct loop *loop;
	struct target target;
	struct console *console;
	int ours, board;
	size_t n;
	char last;
	char gone[128];
	unsigned int losses;
};

static void on_gone(void *arg, const char *reason)
{
	struct fixture *f = arg;

	snprintf(f->gone, sizeof(f->gone), "%s", reason);
}

static void on_loss(void *arg)
{
	((struct fixture *)arg)->losses++;
}

static bool is_gone(void *arg)
{
	return ((struct fixture *)arg)->gone[0];
}

static void on_bytes(void *arg, const void *bytes, size_t n)
{
	struct fixture *f = arg;

	f->n += n;
	f->last = ((const char *)bytes)[n - 1];
}

static int set_up(void **state)
{
	static struct fixture f;
	int pair[2];

	f = (struct fixture){ 0 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	f.ours = pair[0];
	f.board = pair[1];
	*state = &f;
	if (loop_new(&f.loop) < 0)
		return -1;
	f.target = (struct target){ .open = true,
				    .events = { .on_console = on_bytes,
						.on_gone = on_gone,
						.on_loss = on_loss,
						.arg = &f } };
	if (stream_open(f.loop, f.ours, f.ours, &f.target) < 0)
		return -1;
	f.console = f.target.console;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	f->console->ops->close(f->console);
	loop_free(f->loop);
	close(f->ours);
	if (f->board >= 0)
		close(f->board);
	return 0;
}

static void print(struct fixture *f, size_t n)
{
	static char bytes[4096];

	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(send(f->board, bytes, n, MSG_NOSIGNAL), n);
}

static bool has_1000(void *arg)
{
	return ((struct fixture *)arg)->n >= 1000;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void wait_ms(struct fixture *f, unsigned int ms)
{
	assert_int_equal(loop_until(f->loop, never, f, loop_now_ns() + ms * NS_PER_MSEC),
			 -ETIMEDOUT);
}

static void bytes_come_at_the_speed(void **state)
{
	struct fixture *f = *state;
	uint64_t start = loop_now_ns(), took;

	f->console->ops->set_speed(f->console, 38400);
	print(f, 1000);
	assert_int_equal(loop_until(f->loop, has_1000, f, start + 30 * NS_PER_SEC), 0);
	took = loop_now_ns() - start;
	/* 968 bytes behind a full FIFO; a busy machine may be later, but never earlier. */
	assert_true(took >= 968 * NS_PER_SEC / 3840 - 10 * NS_PER_MSEC);
}

static void letting_go_brings_the_rest(void **state)
{
	struct fixture *f = *state;

	f->console->ops->set_speed(f->console, 300);
	print(f, 1000);
	wait_ms(f, 50);
	assert_in_range(f->n, 1, 40);
	f->console->ops->set_speed(f->console, 0);
	assert_int_equal(loop_until(f->loop, has_1000, f, loop_now_ns() + 5 * NS_PER_SEC),
			 0);
}

static void a_board_that_is_gone_left_all_it_said(void **state)
{
	struct fixture *f = *state;

	f->console->ops->set_speed(f->console, 300);
	print(f, 1000);
	close(f->board);
	f->board = -1;
	assert_int_equal(loop_until(f->loop, has_1000, f, loop_now_ns() + 5 * NS_PER_SEC),
			 0);
	assert_int_equal(f->console->ops->write(f->console, TEXT("too late")), -EPIPE);
	/* Unless somebody says that the machine has ended, nobody knows whether it has. */
	assert_int_equal(loop_until(f->loop, is_gone, f, loop_now_ns() + 30 * NS_PER_SEC),
			 0);
	assert_non_null(strstr(f->gone, "end of file"));
}

/* A pipe that was full has lost what was written then; one that had room has not. */
static void a_full_pipe_is_told(void **state)
{
	struct fixture *f = *state;
	int pair[2], typed[2];
	char bytes[4096] = { 'x' };
	size_t sum = 0;
	ssize_t n;

	assert_int_equal(pipe2(pair, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(pipe2(typed, O_NONBLOCK | O_CLOEXEC), 0);
	f->console->ops->close(f->console);
	assert_int_equal(stream_open(f->loop, pair[0], typed[1], &f->target), 0);
	f->console = f->target.console;
	assert_int_equal(write(pair[1], bytes, 1000), 1000);
	assert_int_equal(loop_until(f->loop, has_1000, f, loop_now_ns() + 5 * NS_PER_SEC),
			 0);
	assert_int_equal(f->losses, 0);
	while ((n = write(pair[1], bytes, sizeof(bytes))) > 0)
		sum += (size_t)n;
	stream_drain(f->console);
	assert_int_equal(f->n, 1000 + sum);
	assert_in_range(f->losses, 1, 4096);
	/* What is typed goes its own way. */
	assert_int_equal(f->console->ops->write(f->console, TEXT("hello")), 0);
	assert_int_equal(read(typed[0], bytes, sizeof(bytes)), 5);
	f->console->ops->close(f->console);
	assert_int_equal(stream_open(f->loop, f->ours, f->ours, &f->target), 0);
	f->console = f->target.console;
	for (int i = 0; i < 2; i++) {
		close(pair[i]);
		close(typed[i]);
	}
}

static void draining_ignores_the_speed(void **state)
{
	struct fixture *f = *state;

	f->console->ops->set_speed(f->console, 300);
	print(f, 1000);
	stream_drain(f->console);
	assert_int_equal(f->n, 1000);
}

static void what_is_typed_waits_for_the_board(void **state)
{
	struct fixture *f = *state;
	char line[512], got[4096];
	size_t sum = 0;

	memset(line, 'y', sizeof(line));
	for (int i = 0; i < 2048; i++)
		assert_int_equal(f->console->ops->write(
					 f->console, (struct text){ line, sizeof(line) }),
				 0);
	/* A limited line types as well. */
	f->console->ops->set_speed(f->console, 300);
	for (int i = 0; i < 4096 && sum < 2048 * sizeof(line); i++) {
		ssize_t n = read(f->board, got, sizeof(got));

		if (n > 0)
			sum += (size_t)n;
		else
			wait_ms(f, 2);
	}
	assert_int_equal(sum, 2048 * sizeof(line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_limit_allows_everything),
		cmocka_unit_test(a_silent_line_holds_a_fifo),
		cmocka_unit_test(speed_is_kept_at_any_pace),
		cmocka_unit_test_setup_teardown(bytes_come_at_the_speed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(letting_go_brings_the_rest, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_board_that_is_gone_left_all_it_said,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_pipe_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(draining_ignores_the_speed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_typed_waits_for_the_board, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
