// SPDX-License-Identifier: GPL-2.0-or-later
#include "pci_watch.h"

#include "base/log.h"

static void on_event(void *arg, const struct uevent *event)
{
	const struct target *t = arg;

	if (t->open && t->events.on_uevent)
		t->events.on_uevent(t->events.arg, event->action, event->sysname);
}

static void on_lost(void *arg)
{
	(void)arg;
	log_warning("the kernel reported more device events than could be read");
}

int pci_watch_open(struct loop *loop, struct target *t, struct uevent_watch **ret)
{
	const struct uevent_sink sink = { on_event, on_lost, t };
	int e = uevent_watch_open(loop, "pci", &sink, ret);

	return e < 0 ? log_errno(e, "cannot watch the PCI devices of this machine") : 0;
}
