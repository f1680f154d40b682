// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The monitor listens to the kernel's own group ("kernel") and not to udevd's ("udev"),
 * which repeats an event once its rules were applied: containers and the namespaces of
 * tests have no udevd, and libudev then hands over nothing without an error. The price is
 * that libudev's filter works in this process, and not in the kernel: events of all
 * subsystems pass through the receive buffer.
 */
#include "os/uevent.h"

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <sys/epoll.h>

/* As udevd has it: the events of a machine's whole start. Memory is used when it fills. */
#define RECEIVE_BYTES (128 << 20)
/* So many at once: other sources of the loop have their turn in a storm of events, too. */
#define BATCH 64

struct uevent_watch {
	struct udev *udev;
	struct udev_monitor *monitor;
	struct loop_io *io;
	struct uevent_sink sink;
};

static const char *text_or_empty(const char *s)
{
	return s ? s : "";
}

static void on_readable(void *arg, uint32_t events)
{
	struct uevent_watch *w = arg;

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		struct udev_device *d;

		errno = 0;
		d = udev_monitor_receive_device(w->monitor);
		if (d) {
			const struct uevent event = {
				.action = text_or_empty(udev_device_get_action(d)),
				.sysname = text_or_empty(udev_device_get_sysname(d)),
				.subsystem = text_or_empty(udev_device_get_subsystem(d)),
				.driver = text_or_empty(udev_device_get_driver(d)),
				.syspath = text_or_empty(udev_device_get_syspath(d)),
			};

			w->sink.on_event(w->sink.arg, &event);
			udev_device_unref(d);
		} else if (errno == ENOBUFS) {
			if (w->sink.on_lost)
				w->sink.on_lost(w->sink.arg);
		} else if (errno != EINTR) {
			/* Nothing is left, or this one was not the kernel's. */
			return;
		}
	}
}

/* libudev's error, which older versions leave in errno only. */
static int error_of(int r)
{
	if (r >= 0)
		return 0;
	return r != -1 ? r : errno ? -errno : -EIO;
}

int uevent_watch_open(struct loop *loop, const char *subsystem,
		      const struct uevent_sink *sink, struct uevent_watch **ret)
{
	struct uevent_watch *w = xcalloc(1, sizeof(*w));
	int e;

	w->sink = *sink;
	errno = 0;
	w->udev = udev_new();
	if (w->udev)
		w->monitor = udev_monitor_new_from_netlink(w->udev, "kernel");
	e = w->monitor ? 0 : error_of(-1);
	if (e == 0)
		e = error_of(udev_monitor_filter_add_match_subsystem_devtype(
			w->monitor, subsystem, NULL));
	if (e == 0) {
		/* An ordinary user gets less; what does not fit is reported as lost. */
		(void)udev_monitor_set_receive_buffer_size(w->monitor, RECEIVE_BYTES);
		e = error_of(udev_monitor_enable_receiving(w->monitor));
	}
	if (e == 0)
		e = loop_io_add(loop, udev_monitor_get_fd(w->monitor), EPOLLIN,
				on_readable, w, &w->io);
	if (e < 0)
		uevent_watch_close(w);
	else
		*ret = w;
	return e;
}

void uevent_watch_close(struct uevent_watch *w)
{
	if (!w)
		return;
	loop_io_free(w->io);
	udev_monitor_unref(w->monitor);
	udev_unref(w->udev);
	free(w);
}
