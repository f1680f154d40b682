// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"
#include "os/child.h"
#include "os/file.h"
#include "os/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;

static int set_up(void **state)
{
	(void)state;
	return loop_new(&loop);
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static bool is_set(void *arg)
{
	return *(bool *)arg;
}

static void set(void *arg)
{
	*(bool *)arg = true;
}

static uint64_t in_seconds(unsigned int s)
{
	return loop_now_ns() + s * NS_PER_SEC;
}

static void timers_fire_once(void **state)
{
	bool fired = false;
	struct loop_timer *timer = loop_timer_add(loop, set, &fired);

	(void)state;
	loop_timer_set(timer, loop_now_ns() + 5 * NS_PER_MSEC);
	assert_int_equal(loop_until(loop, is_set, &fired, in_seconds(5)), 0);
	fired = false;
	assert_int_equal(loop_until(loop, is_set, &fired,
				    loop_now_ns() + 10 * NS_PER_MSEC),
			 -ETIMEDOUT);
	loop_timer_free(timer);
}

static void interruption_ends_waiting(void **state)
{
	bool never = false;

	(void)state;
	loop_interrupt(loop);
	assert_true(loop_interrupted(loop));
	assert_int_equal(loop_until(loop, is_set, &never, in_seconds(5)), -EINTR);
}

struct pair {
	struct loop_io *ios[2];
	unsigned int calls;
};

/* Whichever comes first frees both: the other's pending event must not be delivered. */
static void free_both(void *arg, uint32_t events)
{
	struct pair *pair = arg;

	(void)events;
	pair->calls++;
	loop_io_free(pair->ios[0]);
	loop_io_free(pair->ios[1]);
}

static bool was_called(void *arg)
{
	return ((struct pair *)arg)->calls;
}

static void sources_may_be_freed_by_handlers(void **state)
{
	struct pair pair = { 0 };
	int fds[2][2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
		assert_int_equal(loop_io_add(loop, fds[i][0], EPOLLIN, free_both, &pair,
					     &pair.ios[i]),
				 0);
	}
	assert_int_equal(loop_until(loop, was_called, &pair, in_seconds(5)), 0);
	assert_int_equal(pair.calls, 1);
	for (int i = 0; i < 4; i++)
		close(fds[i / 2][i % 2]);
}

struct seen {
	char text[256];
	int status;
	bool ended;
};

static void on_line(void *arg, struct text line)
{
	struct seen *seen = arg;
	size_t n = strlen(seen->text);

	snprintf(seen->text + n, sizeof(seen->text) - n, "%.*s|", TEXT_ARG(line));
}

static void on_exit_status(void *arg, int status)
{
	struct seen *seen = arg;

	seen->status = status;
	seen->ended = true;
}

static bool has_ended(void *arg)
{
	return ((struct seen *)arg)->ended;
}

static void child_lines_come_before_its_end(void **state)
{
	static const char *const argv[] = { "sh", "-c", "echo one; echo two; exit 3",
					    NULL };
	struct seen seen = { 0 };
	struct child_spec spec = {
		.argv = argv, .on_line = on_line, .on_exit = on_exit_status, .arg = &seen
	};
	struct child *child;
	char how[64];

	(void)state;
	assert_int_equal(child_start(loop, &spec, &child), 0);
	assert_int_equal(loop_until(loop, has_ended, &seen, in_seconds(10)), 0);
	assert_string_equal(seen.text, "one|two|");
	assert_string_equal(child_describe_status(how, sizeof(how), seen.status),
			    "exit status 3");
	/* It was waited for: nothing is left that a signal could reach. */
	assert_int_equal(waitpid(child_pid(child), NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	child_free(child);
}

static void on_long_line(void *arg, struct text line)
{
	struct seen *seen = arg;
	size_t n = strlen(seen->text);

	snprintf(seen->text + n, sizeof(seen->text) - n, "%zu|", line.n);
	seen->ended |= line.n == CHILD_LINE_MAX;
}

/* The line is told before its end, once, and what follows it is a line of its own. */
static void endless_lines_are_cut(void **state)
{
	static const char *const argv[] = {
		"sh", "-c",
		"echo 123; head -c 70000 /dev/zero; read x; head -c 70000 /dev/zero; echo; "
		"echo 1234; head -c 65536 /dev/zero; echo; echo 12345",
		NULL
	};
	struct seen seen = { 0 };
	struct child_spec spec = { .argv = argv,
				   .on_line = on_long_line,
				   .on_exit = on_exit_status,
				   .want_input = true,
				   .arg = &seen };
	struct child *child;

	(void)state;
	assert_int_equal(child_start(loop, &spec, &child), 0);
	assert_int_equal(loop_until(loop, has_ended, &seen, in_seconds(10)), 0);
	assert_string_equal(seen.text, "3|65536|");
	assert_int_equal(child_write(child, TEXT("go on")), 0);
	for (unsigned int i = 0; i < 1000 && !strstr(seen.text, "|5|"); i++) {
		seen.ended = false;
		assert_int_equal(loop_until(loop, has_ended, &seen, in_seconds(10)), 0);
	}
	child_free(child);
	assert_string_equal(seen.text, "3|65536|4|65536|5|");
}

static void child_reads_its_input(void **state)
{
	static const char *const argv[] = { "sed", "-u", "s/a/b/", NULL };
	struct seen seen = { 0 };
	struct child_spec spec = { .argv = argv,
				   .on_line = on_line,
				   .want_input = true,
				   .on_exit = on_exit_status,
				   .arg = &seen };
	struct child *child;

	(void)state;
	assert_int_equal(child_start(loop, &spec, &child), 0);
	assert_int_equal(child_write(child, TEXT("cat")), 0);
	child_close_input(child);
	assert_int_equal(loop_until(loop, has_ended, &seen, in_seconds(10)), 0);
	assert_string_equal(seen.text, "cbt|");
	assert_int_equal(child_write(child, TEXT("more")), -EPIPE);
	child_free(child);
}

static void child_gets_descriptors(void **state)
{
	static const char *const argv[] = { "sh", "-c", "cat <&7", NULL };
	struct seen seen = { 0 };
	int fds[2];
	struct child_spec spec = {
		.argv = argv, .on_line = on_line, .on_exit = on_exit_status, .arg = &seen
	};
	struct child_fd pass;
	struct child *child;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "hello\n", 6), 6);
	close(fds[1]);
	pass = (struct child_fd){ .fd = fds[0], .as = 7 };
	spec.fds = &pass;
	spec.n_fds = 1;
	assert_int_equal(child_start(loop, &spec, &child), 0);
	assert_int_equal(loop_until(loop, has_ended, &seen, in_seconds(10)), 0);
	assert_string_equal(seen.text, "hello|");
	child_free(child);
	close(fds[0]);
}

/* Each descriptor's number in the child is the other's number here. */
static void descriptors_may_swap_numbers(void **state)
{
	static const char *const argv[] = { "sh", "-c", "cat <&7; cat <&8", NULL };
	struct seen seen = { 0 };
	struct child_fd pass[2] = { { .fd = 8, .as = 7 }, { .fd = 7, .as = 8 } };
	struct child_spec spec = { .argv = argv,
				   .fds = pass,
				   .n_fds = 2,
				   .on_line = on_line,
				   .on_exit = on_exit_status,
				   .arg = &seen };
	struct child *child;
	int fds[2];

	(void)state;
	for (int i = 7; i <= 8; i++) {
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		assert_int_equal(dprintf(fds[1], "from %d\n", i), 7);
		assert_int_equal(dup3(fds[0], i, O_CLOEXEC), i);
		close(fds[0]);
		close(fds[1]);
	}
	assert_int_equal(child_start(loop, &spec, &child), 0);
	assert_int_equal(loop_until(loop, has_ended, &seen, in_seconds(10)), 0);
	assert_string_equal(seen.text, "from 8|from 7|");
	child_free(child);
	close(7);
	close(8);
}

static void freeing_ends_a_child_that_ignores_sigterm(void **state)
{
	static const char *const argv[] = {
		"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done", NULL
	};
	struct seen seen = { 0 };
	struct child_spec spec = { .argv = argv, .on_line = on_line, .arg = &seen };
	struct child *child;
	pid_t pid;

	(void)state;
	assert_int_equal(child_start(loop, &spec, &child), 0);
	while (!seen.text[0])
		(void)!loop_until(loop, has_ended, &seen, loop_now_ns() + NS_PER_MSEC);
	pid = child_pid(child);
	child_free(child);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void missing_program_is_an_error(void **state)
{
	static const char *const argv[] = { "iommu-stress-no-such-program", NULL };
	struct child_spec spec = { .argv = argv };
	struct child *child;

	(void)state;
	assert_int_equal(child_start(loop, &spec, &child), -ENOENT);
}

static void end_is_a_status_or_a_signal(void **state)
{
	static const struct {
		const char *command, *output, *how;
	} children[] = {
		{ "printf 'a\\nb\\n'", "a|b|", "exit status 0" },
		{ "exit 4", "", "exit status 4" },
		{ "kill -9 $$", "", "signal 9 (Killed)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
		const char *const argv[] = { "sh", "-c", children[i].command, NULL };
		struct seen seen = { 0 };
		struct child_spec spec = { .argv = argv,
					   .on_line = on_line,
					   .on_exit = on_exit_status,
					   .arg = &seen };
		struct child *child;
		char how[64];

		assert_int_equal(child_start(loop, &spec, &child), 0);
		assert_int_equal(loop_until(loop, has_ended, &seen, in_seconds(60)), 0);
		assert_string_equal(seen.text, children[i].output);
		child_describe_status(how, sizeof(how), seen.status);
		assert_string_equal(how, children[i].how);
		child_free(child);
	}
}

static void files_are_written_whole(void **state)
{
	char dir[] = "/tmp/iommu-stress-test-XXXXXX";
	_cleanup_free_ char *deep = NULL, *path = NULL, *content = NULL;
	size_t n = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	deep = xasprintf("%s/a/b/c", dir);
	path = xasprintf("%s/file", deep);
	assert_int_equal(file_write(path, TEXT("x")), -ENOENT);
	assert_int_equal(file_make_directories(deep), 0);
	assert_int_equal(file_make_directories(deep), 0);
	assert_int_equal(file_write(path, TEXT("one\n")), 0);
	assert_int_equal(file_write(path, TEXT("two\n")), 0);
	assert_int_equal(file_read(path, 100, &content, &n), 0);
	assert_string_equal(content, "two\n");
	assert_int_equal(n, 4);
	free(content);
	content = NULL;
	assert_int_equal(file_read(path, 3, &content, NULL), -EFBIG);
	assert_int_equal(file_read(dir, 3, &content, NULL), -EISDIR);
	unlink(path);
	for (char *end; strlen(deep) >= strlen(dir); *end = '\0') {
		rmdir(deep);
		end = strrchr(deep, '/');
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_fire_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(interruption_ends_waiting, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(sources_may_be_freed_by_handlers, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(child_lines_come_before_its_end, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(child_reads_its_input, set_up, tear_down),
		cmocka_unit_test_setup_teardown(endless_lines_are_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(child_gets_descriptors, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(descriptors_may_swap_numbers, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(freeing_ends_a_child_that_ignores_sigterm,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_program_is_an_error, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(end_is_a_status_or_a_signal, set_up,
						tear_down),
		cmocka_unit_test(files_are_written_whole),
	};

	return cmocka_run_group_tests_name("os", tests, NULL, NULL);
}
