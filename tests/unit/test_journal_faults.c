// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run directory stays whole when a write fails, whichever, and when the writer is
 * killed, wherever. Linked with --wrap=write.
 */
#include "base/num.h"

#include "run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* -- the i-th write fails, or kills, half way ---------------------------------------- */

enum fault { FAULT_NONE, FAULT_ERROR, FAULT_SHORT, FAULT_KILL };

static enum fault fault;
static unsigned int writes_until_fault;
static bool fault_struck;

ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);

ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
	if (fault == FAULT_NONE || --writes_until_fault)
		return __real_write(fd, bytes, n);
	fault_struck = true;
	writes_until_fault = 1; /* a full disk stays full */
	if (fault == FAULT_KILL) {
		if (n > 1)
			(void)!__real_write(fd, bytes, n / 2);
		kill(getpid(), SIGKILL);
	}
	if (fault == FAULT_SHORT && n > 1) {
		fault = FAULT_ERROR;
		return __real_write(fd, bytes, n / 2);
	}
	errno = ENOSPC;
	return -1;
}

static void fault_set(enum fault kind, unsigned int nth)
{
	fault = kind;
	writes_until_fault = nth;
	fault_struck = false;
}

/* -- when writes fail ---------------------------------------------------------------- */

struct tally {
	unsigned int appended, timed;
	int append_r, console_r, extract_r;
};

#define CHUNK "second line\nthird"

/* What a run does, in small. */
static void write_some(struct journal *j, struct tally *tally)
{
	const struct finding f = { .bug = "bug", .offset = 2, .size = 10 };

	for (unsigned int i = 0; i < 3; i++) {
		char *name = NULL;
		int r = journal_append(j, &cycle_1);

		if (r == 0)
			tally->appended++;
		else
			tally->append_r = r;
		r = journal_console(j, i ? CHUNK : "x\n", i ? strlen(CHUNK) : 2,
				    i * NS_PER_SEC);
		if (r < 0)
			tally->console_r = r;
		r = journal_extract(j, &f, TEXT("head"), &name);
		if (r < 0)
			tally->extract_r = r;
		free(name);
	}
}

/* Entries of console.timing are whole lines and speak of bytes that are there. */
static uint64_t assert_timing(uint64_t raw_size)
{
	size_t n;
	_cleanup_free_ char *timing = content_of("console.timing", &n);
	uint64_t sum = 0;

	for (char *line = timing; *line;) {
		char *end = strchr(line, '\n');
		uint64_t entry;

		assert_non_null(end);
		assert_int_equal(sscanf(line, "%*u.%*u %" SCNu64, &entry), 1);
		sum += entry;
		line = end + 1;
	}
	assert_true(sum + 2 <= raw_size || !sum);
	return sum;
}

static void assert_whole(const struct tally *tally)
{
	size_t n;
	_cleanup_free_ char *raw = content_of("console.raw", &n);
	bool torn;

	assert_int_equal(records(&torn), tally->appended);
	assert_false(torn);
	assert_memory_equal(raw, "x\n" CHUNK CHUNK, n);
	assert_timing(n);
}

static void every_write_fails_once(enum fault kind)
{
	bool clean = false;

	for (unsigned int nth = 1; !clean; nth++) {
		struct journal *j = create();
		struct tally tally = { 0 };

		fault_set(kind, nth);
		write_some(j, &tally);
		clean = !fault_struck;
		fault_set(FAULT_NONE, 0);
		if (!clean)
			assert_true(tally.append_r == -ENOSPC ||
				    tally.console_r == -ENOSPC ||
				    tally.extract_r == -ENOSPC);
		assert_whole(&tally);
		/* What failed stays failed, though there is room again. */
		assert_int_equal(journal_append(j, &cycle_1), tally.append_r);
		assert_int_equal(journal_console(j, "x", 1, 0), tally.console_r);
		journal_close(j);
		assert_true(nth < 100);
		remove_run();
	}
}

static void full_disk(void **state)
{
	(void)state;
	every_write_fails_once(FAULT_ERROR);
}

static void full_disk_within_a_line(void **state)
{
	(void)state;
	every_write_fails_once(FAULT_SHORT);
}

static void no_half_extract_is_left(void **state)
{
	struct finding f = { .bug = "bug", .offset = 0, .size = 5 };
	struct journal *j = create();
	char *name = NULL;
	_cleanup_free_ char *path = xasprintf("%s/splats/0001-bug.txt", dir);

	(void)state;
	assert_int_equal(journal_console(j, "12345", 5, 1), 0);
	fault_set(FAULT_SHORT, 3);
	assert_int_equal(journal_extract(j, &f, TEXT("head"), &name), -ENOSPC);
	assert_null(name);
	assert_int_equal(access(path, F_OK), -1);
	fault_set(FAULT_NONE, 0);
	assert_int_equal(journal_extract(j, &f, TEXT("head"), &name), 0);
	assert_string_equal(name, "splats/0001-bug.txt");
	free(name);
	journal_close(j);
}

static bool put_proc(const char *path, const char *words)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && file_write_all(fd, words, strlen(words)) == 0;
}

/* Root in a user and mount namespace of our own. */
static bool enter_namespace(void)
{
	_cleanup_free_ char *uids = xasprintf("0 %u 1", getuid());
	_cleanup_free_ char *gids = xasprintf("0 %u 1", getgid());

	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       put_proc("/proc/self/uid_map", uids) &&
	       put_proc("/proc/self/setgroups", "deny") &&
	       put_proc("/proc/self/gid_map", gids);
}

/* 77: not allowed here. */
static int fill_real_disk(void)
{
	struct journal *j = NULL;
	struct tally tally = { 0 };
	char bytes[1000];
	int r = 0;

	if (!enter_namespace() || mount("none", scratch, "tmpfs", 0, "size=64k") < 0)
		return 77;
	memset(bytes, '\n', sizeof(bytes));
	if (journal_create(dir, &j) < 0)
		return 1;
	while (r == 0 && journal_console_offset(j) < 1 << 20) {
		r = journal_console(j, bytes, sizeof(bytes), 1);
		if (journal_append(j, &cycle_1) == 0)
			tally.appended++;
	}
	if (r != -ENOSPC)
		return 2;
	while (journal_append(j, &cycle_1) == 0)
		tally.appended++;
	return records(NULL) == tally.appended ? 0 : 3;
}

static void really_full_disk(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(fill_real_disk());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* -- when the writer is killed ------------------------------------------------------- */

/* False: it got through all its writes. */
static bool killed_at_write(unsigned int nth)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct tally tally = { 0 };
		struct journal *j = NULL;

		if (journal_create(dir, &j) < 0)
			_exit(1);
		fault_set(FAULT_KILL, nth);
		write_some(j, &tally);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status)) {
		assert_int_equal(WEXITSTATUS(status), 0);
		return false;
	}
	assert_int_equal(WTERMSIG(status), SIGKILL);
	return true;
}

static void resumed_after_a_kill(void **state)
{
	bool was_killed = true;

	(void)state;
	for (unsigned int nth = 1; was_killed; nth++) {
		struct journal *j = NULL;
		struct tally tally = { 0 };
		size_t n;
		bool torn;

		was_killed = killed_at_write(nth);
		tally.appended = records(&torn);
		assert_int_equal(journal_resume(dir, &j), 0);
		free(content_of("console.raw", &n));
		assert_int_equal(journal_console_offset(j), n);
		/* Every byte behind the first line has a time again. */
		assert_int_equal(assert_timing(n), n > 2 ? n - 2 : 0);
		write_some(j, &tally);
		assert_int_equal(tally.append_r | tally.console_r | tally.extract_r, 0);
		assert_int_equal(records(&torn), tally.appended);
		assert_false(torn);
		journal_close(j);
		assert_true(nth < 100);
		remove_run();
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(full_disk),
		TEST(full_disk_within_a_line),
		TEST(no_half_extract_is_left),
		TEST(really_full_disk),
		TEST(resumed_after_a_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
