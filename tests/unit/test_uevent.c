// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of the kernel, real ones where this process may cause them and is told of them, and
 * what libudev hands over, scripted. Linked with --wrap of what is scripted.
 */
#include "os/uevent.h"

#include "base/num.h"
#include "board/pci_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define DEVICE "/sys/devices/virtual/mem/null"

static struct loop *loop;
static char heard[8192]; /* "action subsystem sysname driver syspath;" each, and "lost;" */

static int set_up(void **state)
{
	(void)state;
	heard[0] = '\0';
	return loop_new(&loop);
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void hear(const char *text)
{
	size_t n = strlen(heard);

	snprintf(heard + n, sizeof(heard) - n, "%s;", text);
}

static void on_event(void *arg, const struct uevent *event)
{
	char line[256];

	(void)arg;
	snprintf(line, sizeof(line), "%s %s %s [%s] %s", event->action, event->subsystem,
		 event->sysname, event->driver, event->syspath);
	hear(line);
}

static void on_lost(void *arg)
{
	(void)arg;
	hear("lost");
}

static const struct uevent_sink sink = { on_event, on_lost, NULL };

static bool has_heard(void *arg)
{
	return strstr(heard, *(const char **)arg) != NULL;
}

/* The limit is for a broken watch only. */
static void wait_for(const char *text)
{
	int e = loop_until(loop, has_heard, &text, loop_now_ns() + 60 * NS_PER_SEC);

	if (e != 0)
		fail_msg("%d: no '%s' in '%s'", e, text, heard);
}

/* -- scripted ------------------------------------------------------------------------- */

/* What is received, one after the other: an action, or an errno where it is NULL. */
struct step {
	const char *action;
	int error;
};

static const struct step *script; /* NULL: libudev itself is asked */
static int script_fd;

int __real_udev_monitor_get_fd(struct udev_monitor *monitor);
int __wrap_udev_monitor_get_fd(struct udev_monitor *monitor);
struct udev_device *__real_udev_monitor_receive_device(struct udev_monitor *monitor);
struct udev_device *__wrap_udev_monitor_receive_device(struct udev_monitor *monitor);
const char *__real_udev_device_get_action(struct udev_device *device);
const char *__wrap_udev_device_get_action(struct udev_device *device);
struct udev_monitor *__real_udev_monitor_new_from_netlink(struct udev *udev,
							  const char *name);
struct udev_monitor *__wrap_udev_monitor_new_from_netlink(struct udev *udev,
							  const char *name);

static int refuse; /* an errno: no monitor is made */

struct udev_monitor *__wrap_udev_monitor_new_from_netlink(struct udev *udev,
							  const char *name)
{
	assert_string_equal(name, "kernel");
	if (!refuse)
		return __real_udev_monitor_new_from_netlink(udev, name);
	errno = refuse;
	return NULL;
}

int __wrap_udev_monitor_get_fd(struct udev_monitor *monitor)
{
	return script ? script_fd : __real_udev_monitor_get_fd(monitor);
}

struct udev_device *__wrap_udev_monitor_receive_device(struct udev_monitor *monitor)
{
	struct udev_device *device;

	if (!script)
		return __real_udev_monitor_receive_device(monitor);
	if (!script->action) {
		errno = script->error;
		if (errno != EAGAIN)
			script++;
		return NULL;
	}
	device = udev_device_new_from_syspath(udev_monitor_get_udev(monitor), DEVICE);
	assert_non_null(device);
	return device;
}

const char *__wrap_udev_device_get_action(struct udev_device *device)
{
	return script ? script++->action : __real_udev_device_get_action(device);
}

static void on_uevent(void *arg, const char *action, const char *bdf)
{
	char line[64];

	(void)arg;
	snprintf(line, sizeof(line), "%s %s", action, bdf);
	hear(line);
}

/*
 * Opens a watch whose descriptor is readable, and waits until text was heard. target: one
 * whose PCI devices are watched; NULL: the events themselves.
 */
static void play(const struct step *steps, struct target *target, const char *text)
{
	struct uevent_watch *watch;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "", 1), 1);
	script = steps;
	script_fd = fds[0];
	if (target)
		assert_int_equal(pci_watch_open(loop, target, &watch), 0);
	else
		assert_int_equal(uevent_watch_open(loop, "mem", &sink, &watch), 0);
	assert_non_null(watch);
	wait_for(text);
	uevent_watch_close(watch);
	script = NULL;
	close(fds[0]);
	close(fds[1]);
}

static void all_of_an_event_is_handed_over(void **state)
{
	static const struct step steps[] = { { "bind", 0 },
					     { "move", 0 },
					     { NULL, EAGAIN } };

	(void)state;
	if (access(DEVICE, F_OK) < 0)
		skip();
	play(steps, NULL, "move");
	assert_string_equal(heard,
			    "bind mem null [] " DEVICE ";move mem null [] " DEVICE ";");
}

static void a_loss_is_reported_where_it_happened(void **state)
{
	static const struct step steps[] = { { "add", 0 },      { NULL, EINTR },
					     { NULL, ENOBUFS }, { "remove", 0 },
					     { NULL, EBADMSG }, { "change", 0 },
					     { NULL, ENOBUFS }, { NULL, EAGAIN } };

	(void)state;
	if (access(DEVICE, F_OK) < 0)
		skip();
	play(steps, NULL, "change mem null [] " DEVICE ";lost");
	assert_string_equal(heard,
			    "add mem null [] " DEVICE ";lost;remove mem null [] " DEVICE
			    ";change mem null [] " DEVICE ";lost;");
}

static void a_target_hears_of_devices_that_go_and_come(void **state)
{
	static const struct step steps[] = { { "unbind", 0 }, { "remove", 0 },
					     { "change", 0 }, { "add", 0 },
					     { "bind", 0 },   { NULL, EAGAIN } };
	struct target target = { .open = true, .events.on_uevent = on_uevent };

	(void)state;
	if (access(DEVICE, F_OK) < 0)
		skip();
	play(steps, &target, "bind");
	assert_string_equal(heard, "unbind null;remove null;change null;add null;"
				   "bind null;");
}

static void without_a_monitor_the_reason_is_returned(void **state)
{
	struct uevent_watch *watch = NULL;

	(void)state;
	refuse = EMFILE;
	assert_int_equal(uevent_watch_open(loop, "net", &sink, &watch), -EMFILE);
	refuse = 0;
	assert_null(watch);
	uevent_watch_close(NULL);
}

/* -- real ----------------------------------------------------------------------------- */

/* The kernel puts an event into each listener's queue before the call that made it ends. */
static int listen_beside(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Did an event whose first word is this reach this process? */
static bool reached_us(int fd, const char *word)
{
	char bytes[4096];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes) - 1, 0)) > 0) {
		bytes[n] = '\0';
		if (!strncmp(bytes, word, strlen(word)))
			return true;
	}
	return false;
}

static bool write_change(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, "change", 6) == 6;

	close(fd);
	return written;
}

static void changes_of_one_subsystem_arrive(void **state)
{
	struct uevent_watch *watch;
	int beside = listen_beside();

	(void)state;
	assert_int_equal(uevent_watch_open(loop, "net", &sink, &watch), 0);
	if (!write_change(DEVICE "/uevent") ||
	    !write_change("/sys/class/net/lo/uevent") ||
	    !reached_us(beside, "change@/devices/virtual/net/lo")) {
		print_message("# no right to make an event, or it is not reported to "
			      "this namespace\n");
		uevent_watch_close(watch);
		close(beside);
		skip();
	}
	wait_for("change net lo");
	/* Others may change network devices, too, but no event of "mem" came first. */
	assert_non_null(strstr(heard, "change net lo [] /sys/devices/virtual/net/lo;"));
	assert_null(strstr(heard, " mem "));
	uevent_watch_close(watch);
	close(beside);
}

/* The last test: it leaves this process in a network namespace of its own. */
static void devices_come_and_go(void **state)
{
	struct ifreq request = { .ifr_name = "uevent0",
				 .ifr_flags = IFF_TAP | IFF_NO_PI };
	struct uevent_watch *watch;
	int beside, tap;

	(void)state;
	if (access("/dev/net/tun", R_OK | W_OK) < 0 || unshare(CLONE_NEWNET) < 0) {
		print_message("# no /dev/net/tun, or no right to make a namespace\n");
		skip();
	}
	beside = listen_beside();
	tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	assert_true(tap >= 0);
	assert_int_equal(uevent_watch_open(loop, "net", &sink, &watch), 0);
	assert_int_equal(ioctl(tap, TUNSETIFF, &request), 0);
	close(tap);
	if (!reached_us(beside, "remove@/devices/virtual/net/uevent0")) {
		print_message("# events are not reported to this namespace\n");
		uevent_watch_close(watch);
		close(beside);
		skip();
	}
	wait_for("remove net uevent0");
	assert_string_equal(heard,
			    "add net uevent0 [] /sys/devices/virtual/net/uevent0;"
			    "remove net uevent0 [] /sys/devices/virtual/net/uevent0;");
	uevent_watch_close(watch);
	close(beside);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_of_an_event_is_handed_over),
		TEST(a_loss_is_reported_where_it_happened),
		TEST(a_target_hears_of_devices_that_go_and_come),
		TEST(without_a_monitor_the_reason_is_returned),
		TEST(changes_of_one_subsystem_arrive),
		TEST(devices_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
