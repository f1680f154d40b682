/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI devices of this machine, as its kernel reports them: evidence of a removal and a
 * return that does not depend on the worker.
 */
#pragma once

#include "board/target.h"
#include "os/uevent.h"

/*
 * Calls on_device of events, which must outlive the watch. Speaks on failure, and leaves
 * *ret NULL: a run does without.
 */
void pci_watch_open(struct loop *loop, const struct target_events *events,
		    struct uevent_watch **ret);
