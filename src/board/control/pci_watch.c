// SPDX-License-Identifier: GPL-2.0-or-later
#include "pci_watch.h"

#include "base/log.h"

#include <string.h>

static void on_event(void *arg, const struct uevent *event)
{
	const struct target_events *events = arg;

	if (!strcmp(event->action, "remove"))
		events->on_device(events->arg, "removed", event->sysname);
	else if (!strcmp(event->action, "add"))
		events->on_device(events->arg, "added", event->sysname);
}

static void on_lost(void *arg)
{
	(void)arg;
	log_warning("the kernel reported more device events than could be read");
}

void pci_watch_open(struct loop *loop, const struct target_events *events,
		    struct uevent_watch **ret)
{
	const struct uevent_sink sink = { on_event, on_lost, (void *)events };
	int e;

	*ret = NULL;
	if (!events->on_device)
		return;
	e = uevent_watch_open(loop, "pci", &sink, ret);
	if (e < 0)
		log_warning("cannot watch the PCI devices of this machine: %s",
			    strerror(-e));
}
