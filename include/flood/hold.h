/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the target's neighbour entries permanent for as long as a flood runs, so that the
 * first request after a reboot waits for nobody, and puts back what was there before. A
 * process of its own does it: it outlives a flood that is killed, and needs CAP_NET_ADMIN
 * when the flood has dropped it. Should it be killed as well, a file in
 * $XDG_RUNTIME_DIR/iommu-stress (/run/user/UID, or /tmp) tells the next flood what to undo.
 */
#pragma once

#include "flood/link.h"

struct hold;

/*
 * Undoes what floods of this network namespace that are gone have left behind. Returns how
 * many entries that were.
 */
unsigned int hold_recover(void);

/*
 * One or two ways with has_mac. -EPERM without CAP_NET_ADMIN, else -errno: the flood goes
 * on as well without.
 */
int hold_start(const struct link_way *ways, unsigned int n,
	       struct hold **ret) _must_check_;
/* Puts the entries back, and returns when that is done. NULL is accepted. */
void hold_end(struct hold *hold);
