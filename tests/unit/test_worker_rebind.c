// SPDX-License-Identifier: GPL-2.0-or-later
/* The worker's rebind, on trees that look like sysfs; FIFOs stand for files of the kernel. */
#include "worker/internal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DEVICE  "/sys/devices/pci0000:00/0000:00:05.0"
#define DRIVERS "/sys/bus/pci/drivers"

static char root[64];

/* In the tree; the directories above it are made. */
static const char *place(const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s%s", root, name);
	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	return path;
}

static void put_file(const char *name, const char *text)
{
	FILE *file = fopen(place(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void put_link(const char *name, const char *to)
{
	char target[PATH_SIZE];

	snprintf(target, sizeof(target), "%s%s", root, to);
	unlink(place(name));
	assert_int_equal(symlink(target, place(name)), 0);
}

static void put_fifo(const char *name)
{
	unlink(place(name));
	assert_int_equal(mkfifo(place(name), 0600), 0);
}

static void remove_tree(void)
{
	char rm[] = "rm", force[] = "-rf", *words[] = { rm, force, root, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		execvp(words[0], words);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

static int setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/iommu-stress-rebind-XXXXXX");
	assert_non_null(mkdtemp(root));
	sysroot_set(root);
	put_file(DEVICE "/vendor", "0x8086\n");
	put_file(DEVICE "/device", "0x10d3\n");
	put_file(DEVICE "/driver_override", "(null)\n");
	put_file(DEVICE "/remove", "");
	put_file(DEVICE "/net/eth7/address", "52:54:00:12:34:56\n");
	put_file(DRIVERS "/e1000e/unbind", "");
	put_file(DRIVERS "/e1000e/bind", "");
	put_file("/sys/module/e1000e/refcnt", "0\n");
	put_link(DEVICE "/driver", DRIVERS "/e1000e");
	put_link(DRIVERS "/e1000e/0000:00:05.0", DEVICE);
	put_link("/sys/class/net/eth7", DEVICE "/net/eth7");
	put_link("/sys/bus/pci/devices/0000:00:05.0", DEVICE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_tree();
	return 0;
}

/* Whoever writes to it sees it taken. */
static void take_write(const char *name)
{
	char text[64];
	int fd = open(place(name), O_RDONLY);

	while (read(fd, text, sizeof(text)) > 0)
		continue;
	close(fd);
}

/* The driver goes and comes as it is written for. */
static pid_t start_kernel(bool gives_back)
{
	pid_t pid;

	put_fifo(DRIVERS "/e1000e/unbind");
	if (gives_back)
		put_fifo(DRIVERS "/e1000e/bind");
	pid = fork();
	if (pid == 0) {
		take_write(DRIVERS "/e1000e/unbind");
		unlink(place(DEVICE "/driver"));
		if (gives_back) {
			take_write(DRIVERS "/e1000e/bind");
			put_link(DEVICE "/driver", DRIVERS "/e1000e");
		}
		_exit(0);
	}
	return pid;
}

/* In a process of its own; its exit status. said: what it printed. */
static int rebind(const char *method, const char *limit, char *said, size_t size)
{
	const char *words[] = { "device=0000:00:05.0", method, "cycle=7", limit };
	int fds[2], status;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct args args;

		dup2(fds[1], STDOUT_FILENO);
		output_open(false, true, 0);
		_exit(args_parse(&args, 4, words, NULL) ? 99 : rebind_run(&args));
	}
	close(fds[1]);
	for (*said = '\0'; (got = read(fds[0], said, size - 1)) > 0; size -= (size_t)got)
		*(said += got) = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect(const char *said, const char *words)
{
	if (strstr(said, "error=uevents"))
		skip();
	if (!strstr(said, words))
		fail_msg("no '%s' in: %s", words, said);
}

static void driver_goes_and_comes(void **state)
{
	char said[2048];
	pid_t kernel = start_kernel(true);
	int status = rebind("method=unbind", "limit_ms=30000", said, sizeof(said));

	(void)state;
	kill(kernel, SIGKILL);
	waitpid(kernel, NULL, 0);
	expect(said, "cycle=7 phase=unplug device=0000:00:05.0 driver=e1000e\n");
	expect(said, "cycle=7 phase=back unplug=ok unplug_ns=");
	expect(said, " gone=1\n");
	expect(said, " gone=1 back=ok back_ns=");
	/* A tree has no events. */
	expect(said, " uevents=missing net=ok total_ns=");
	assert_int_equal(status, STATUS_OK);
}

static void driver_that_stays_is_told(void **state)
{
	char said[2048];

	(void)state;
	assert_int_equal(rebind("method=unbind", "limit_ms=50", said, sizeof(said)),
			 STATUS_OK);
	expect(said, " unplug=ok ");
	expect(said, " gone=0 back=ok ");
	assert_null(strstr(said, "gone=1"));
}

static void driver_that_does_not_come_back(void **state)
{
	char said[2048];
	pid_t kernel = start_kernel(false);

	(void)state;
	assert_int_equal(rebind("method=unbind", "limit_ms=2000", said, sizeof(said)),
			 STATUS_ERROR);
	waitpid(kernel, NULL, 0);
	expect(said, " gone=1 back=gone ");
	expect(said, " net=missing ");
}

/* Nobody ever reads what is written. */
static void write_that_never_returns(void **state)
{
	char said[2048];

	(void)state;
	put_fifo(DRIVERS "/e1000e/unbind");
	assert_int_equal(rebind("method=unbind", "limit_ms=100", said, sizeof(said)),
			 STATUS_ERROR);
	expect(said, " unplug=stuck unplug_ns=-1 gone=0 back=gone ");
}

static void bring_back_that_never_returns(void **state)
{
	char said[2048];
	pid_t kernel = start_kernel(false);

	(void)state;
	put_fifo(DRIVERS "/e1000e/bind");
	assert_int_equal(rebind("method=unbind", "limit_ms=2000", said, sizeof(said)),
			 STATUS_ERROR);
	waitpid(kernel, NULL, 0);
	expect(said, " unplug=ok ");
	expect(said, " back=stuck ");
}

static void refused(const char *method, const char *why)
{
	char said[2048];

	assert_int_equal(rebind(method, "limit_ms=50", said, sizeof(said)), STATUS_ERROR);
	expect(said, why);
	assert_null(strstr(said, "phase="));
}

static void what_cannot_be_done_is_refused(void **state)
{
	char said[2048];

	(void)state;
	assert_int_equal(rebind("method=power", "limit_ms=50", said, sizeof(said)),
			 STATUS_USAGE);
	refused("method=module", "the driver of 0000:00:05.0 is no module");
	put_link(DRIVERS "/e1000e/module", "/sys/module/e1000e");
	put_file("/sys/module/e1000e/refcnt", "2\n");
	refused("method=module", "module e1000e cannot be unloaded, or is in use (2)");
	put_file("/sys/module/e1000e/refcnt", "0\n");
	put_file("/sys/module/e1000e/drivers/pci:e1000e/x", "");
	put_link(DRIVERS "/e1000e/0000:00:06.0", DEVICE);
	refused("method=module", "module e1000e serves 0000:00:06.0, too");
	put_file("/sys/module/e1000e/holders/other/x", "");
	refused("method=module", "module e1000e is used by other");
	unlink(place(DEVICE "/driver"));
	refused("method=unbind", "has no driver that could be taken away");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(driver_goes_and_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(driver_that_stays_is_told, setup,
						teardown),
		cmocka_unit_test_setup_teardown(driver_that_does_not_come_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(write_that_never_returns, setup,
						teardown),
		cmocka_unit_test_setup_teardown(bring_back_that_never_returns, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_done_is_refused, setup,
						teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
