/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI devices of this machine, as its kernel reports them: evidence of a removal and a
 * return that does not depend on the worker.
 */
#pragma once

#include "board/target.h"
#include "os/uevent.h"

/* Calls on_uevent of the target, which must outlive the watch. Speaks. */
int pci_watch_open(struct loop *loop, struct target *t,
		   struct uevent_watch **ret) _must_check_;
