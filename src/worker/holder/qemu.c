// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A real QEMU that holds the device. Its guest does not run (-S), unless the program is a
 * script that changes the words; what it does when it is asked for the device is QEMU's.
 */
#include "holder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child. */
#define FD_QMP   3
#define START_NS HOLDER_CHILD_START_NS

/*
 * The device is plugged in once QEMU runs: in a slot that the guest has not switched on QEMU
 * lets go of it as soon as it is asked, without waiting for the guest.
 */
/* clang-format off */
static const char *const common[] = {
	"-S", "-nodefaults", "-no-user-config", "-display", "none", "-vga", "none",
	"-m", "16", "-accel", "kvm", "-accel", "tcg",
	"-chardev", "socket,id=qmp,fd=3", "-mon", "chardev=qmp,mode=control",
};
/* clang-format on */

#define SLOT "-device", "pcie-root-port,id=rp,chassis=1"

static const struct machine {
	const char *name; /* as of uname(2) */
	const char *argv[12];
	const char *properties; /* of the device */
} machines[] = {
	{ "x86_64",
	  { "-M", "q35", "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
	    SLOT },
	  ",\"bus\":\"rp\"" },
	{ "aarch64", { "-M", "virt", "-cpu", "max", SLOT }, ",\"bus\":\"rp\"" },
	{ "s390x", { "-M", "s390-ccw-virtio" }, "" },
};

#define ARGV_MAX (ARRAY_SIZE(common) + ARRAY_SIZE(machines[0].argv) + 4)

static const struct machine *machine_find(void)
{
	struct utsname name = { 0 };

	uname(&name);
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (!strcmp(machines[i].name, name.machine))
			return &machines[i];
	return &machines[0];
}

static void make_argv(const struct holder *holder, const char *argv[ARGV_MAX])
{
	const char *const *machine_argv = machine_find()->argv;
	size_t n = 0;

	argv[n++] = holder->qemu;
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		argv[n++] = common[i];
	while (*machine_argv)
		argv[n++] = *machine_argv++;
	if (holder->ops == &holder_qemu_iommufd) {
		argv[n++] = "-object";
		argv[n++] = "iommufd,id=iommufd0";
	}
	argv[n] = NULL;
}

/* In the child; never returns. */
static void child_exec(const struct holder *holder, const char *const argv[])
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!holder->qemu_root || (!chroot(holder->qemu_root) && !chdir("/")))
		execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s: %s\n", argv[0], errno_name(errno));
	_exit(127);
}

static void child_run(const struct holder *holder, int qmp, int log)
{
	const char *argv[ARGV_MAX];
	int null = open("/dev/null", O_RDWR);

	make_argv(holder, argv);
	/* In this order: the ends may be low numbers themselves. */
	log = fcntl(log, F_DUPFD, 10);
	qmp = fcntl(qmp, F_DUPFD, 10);
	dup2(null, 0);
	dup2(null, 1);
	dup2(log, 2);
	dup2(qmp, FD_QMP);
	close(log);
	close(qmp);
	child_exec(holder, argv);
}

static int spawn(struct holder *holder)
{
	int qmp[2] = { -1, -1 }, log[2] = { -1, -1 }, err = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp) < 0 ||
	    pipe2(log, O_CLOEXEC | O_NONBLOCK) < 0 || (holder->child = fork()) < 0)
		err = holder_fail(holder, errno, "qemu", "cannot start %s: %s",
				  holder->qemu, errno_name(errno));
	else if (holder->child == 0)
		child_run(holder, qmp[1], log[1]);
	fd_close(&qmp[1]);
	fd_close(&log[1]);
	holder->qmp = qmp[0];
	holder->log = log[0];
	fcntl(holder->qmp, F_SETFL, O_NONBLOCK);
	return err;
}

/* The last line that it said. */
static int fail_with_log(struct holder *holder)
{
	char text[512];
	ssize_t n = read(holder->log, text, sizeof(text) - 1);
	char *line;

	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n > 0 ? n : 0] = '\0';
	line = strrchr(text, '\n');
	return holder_fail(holder, ECHILD, "qemu", "%s ended: %s", holder->qemu,
			   line  ? line + 1 :
			   *text ? text :
				   "it said nothing");
}

/* What QEMU says of an error, from the words behind "desc". */
static int fail_with_reply(struct holder *holder, const char *text)
{
	const char *desc = strstr(text, "\"desc\": \"");

	desc = desc ? desc + strlen("\"desc\": \"") : text;
	return holder_fail(holder, EIO, "qemu", "%s: %.*s", holder->qemu,
			   (int)strcspn(desc, "\"\r\n"), desc);
}

/* Until a word comes. Returns 0, -EPIPE at the end, -ETIMEDOUT, or -EIO after an error. */
static int qmp_wait(struct holder *holder, const char *word, int64_t until_ns)
{
	struct pollfd pollfd = { .fd = holder->qmp, .events = POLLIN };
	char text[4096];
	size_t kept = 0;

	for (;;) {
		ssize_t n = read(holder->qmp, text + kept, sizeof(text) - 1 - kept);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return -EPIPE;
		if (n > 0) {
			kept += (size_t)n;
			text[kept] = '\0';
			if (strstr(text, word))
				return 0;
			if (strstr(text, "\"error\"") && strchr(text, '\n'))
				return fail_with_reply(holder, text);
			/* A word may come in two pieces. */
			if (kept > sizeof(text) / 2) {
				memmove(text, text + kept - 64, 64);
				kept = 64;
			}
			continue;
		}
		if (now_ns() >= until_ns)
			return -ETIMEDOUT;
		poll_until(&pollfd, 1, until_ns);
	}
}

static void qmp_send(struct holder *holder, const char *words)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "{\"execute\":%s}\n", words);

	if (send(holder->qmp, text, (size_t)n, MSG_NOSIGNAL) < 0)
		errno = 0;
}

static void plug(struct holder *holder)
{
	char words[200];

	snprintf(words, sizeof(words),
		 "\"device_add\",\"arguments\":{\"driver\":\"vfio-pci\",\"id\":\"held\","
		 "\"host\":\"%s\"%s%s}",
		 holder->bdf.s, machine_find()->properties,
		 holder->ops == &holder_qemu_iommufd ? ",\"iommufd\":\"iommufd0\"" : "");
	qmp_send(holder, words);
}

static int qemu_open(struct holder *holder)
{
	int64_t until = now_ns() + START_NS;
	int err = spawn(holder);

	if (err)
		return err;
	err = qmp_wait(holder, "\"QMP\"", until);
	if (!err)
		qmp_send(holder, "\"qmp_capabilities\"");
	err = err ?: qmp_wait(holder, "\"return\"", until);
	if (!err)
		plug(holder);
	err = err ?: qmp_wait(holder, "\"return\"", until);
	if (err == -ETIMEDOUT)
		return holder_fail(holder, err, "qemu", "%s does not start",
				   holder->qemu);
	/* What it said on its standard error was an answer to nobody. */
	return err == -EPIPE ? fail_with_log(holder) : err;
}

/* All that a command says, from the read end of its output. Returns 0 or -errno. */
static int read_all(int fd, char *text, size_t size, int64_t until_ns)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	size_t n = 0;

	for (;;) {
		ssize_t got;

		text[n] = '\0';
		if (now_ns() >= until_ns)
			return -ETIMEDOUT;
		if (poll_until(&pollfd, 1, until_ns) <= 0)
			continue;
		got = read(fd, text + n, size - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : 0;
		n += (size_t)got;
	}
}

/* What QEMU says when it is asked for its objects: a line each. */
static int list_objects(struct holder *holder, char *text, size_t size)
{
	const char *const argv[] = { holder->qemu, "-object", "help", NULL };
	int out[2], err, status;
	pid_t child;

	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child == 0) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		child_exec(holder, argv);
	}
	err = child < 0 ? -errno : 0;
	close(out[1]);
	if (!err)
		err = read_all(out[0], text, size, now_ns() + START_NS);
	close(out[0]);
	if (child < 0)
		return err;
	if (err)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return err ?: WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ECHILD;
}

/* QEMU 8.2 and before know none, later ones where they were built with it. */
static int qemu_iommufd_check(struct holder *holder)
{
	char text[16384];
	int err = list_objects(holder, text, sizeof(text));

	if (err == -ECHILD)
		return holder_fail(holder, err, "qemu", "%s -object help: %.*s",
				   holder->qemu, (int)strcspn(text, "\n"), text);
	if (err)
		return holder_fail(holder, err, "qemu", "%s -object help: %s",
				   holder->qemu, errno_name(err));
	if (!strstr(text, "\n  iommufd\n"))
		return holder_fail(holder, ENOTSUP, "qemu",
				   "%s has no iommufd: it takes QEMU 9.0 or later, built "
				   "with CONFIG_IOMMUFD",
				   holder->qemu);
	return 0;
}

static void qemu_prepare(struct holder *holder)
{
	(void)holder;
}

static int qemu_act(struct holder *holder)
{
	if (holder->release == RELEASE_EXIT)
		qmp_send(holder, "\"quit\"");
	else if (holder->release != RELEASE_REQUEST && holder->child > 0)
		kill(holder->child, SIGKILL);
	return 0;
}

static void qemu_close(struct holder *holder)
{
	/* One that was asked to end gets time for it: its end is what is tested. */
	if (holder->release == RELEASE_EXIT && holder->qmp >= 0)
		qmp_wait(holder, "\"no such word\"", now_ns() + NS_PER_SEC);
	if (holder->child > 0) {
		kill(holder->child, SIGKILL);
		waitpid(holder->child, NULL, 0);
	}
	holder->child = 0;
	fd_close(&holder->qmp);
	fd_close(&holder->log);
}

static bool qemu_requested(struct holder *holder)
{
	return !qmp_wait(holder, "\"DEVICE_DELETED\"", 0);
}

#define QEMU_OPS                                                           \
	.has_child = true, .open = qemu_open, .requested = qemu_requested, \
	.prepare = qemu_prepare, .act = qemu_act, .close = qemu_close

const struct holder_ops holder_qemu = {
	.name = "qemu",
	.uses_group = true,
	QEMU_OPS,
};

const struct holder_ops holder_qemu_iommufd = {
	.name = "qemu-iommufd",
	.uses_cdev = true,
	.check = qemu_iommufd_check,
	QEMU_OPS,
};
