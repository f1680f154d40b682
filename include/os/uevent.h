/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel of this machine reports of its devices: uevents (kobject_uevent() in
 * lib/kobject_uevent.c), by libudev, as a source of the event loop. Any user may listen.
 */
#pragma once

#include "os/loop.h"

/* One event. The texts are valid during the call, and empty where the event has none. */
struct uevent {
	/* "add", "remove", "bind", "unbind", "change", "move", ... */
	const char *action;
	const char *sysname;   /* "0000:01:00.0", "eth0" */
	const char *subsystem; /* "pci", "net" */
	const char *driver;    /* as the event has it, else as sysfs has it by now */
	const char *syspath;   /* "/sys/devices/...": may be gone already */
};

/* Called from within the loop. Neither may close the watch. */
struct uevent_sink {
	void (*on_event)(void *arg, const struct uevent *event);
	/*
	 * The receive buffer was full, so events were lost before the next one: what they
	 * would have reported must be looked up in sysfs. May be NULL.
	 */
	void (*on_lost)(void *arg);
	void *arg;
};

struct uevent_watch;

/*
 * Watches the devices of one subsystem from now on: an event that happens after this call
 * is handed over, or reported as lost. 0 or -errno.
 */
int uevent_watch_open(struct loop *loop, const char *subsystem,
		      const struct uevent_sink *sink,
		      struct uevent_watch **ret) _must_check_;
/* NULL is accepted. */
void uevent_watch_close(struct uevent_watch *watch);
