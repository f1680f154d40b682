/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in a cycle the target is. Every console line belongs to exactly one phase. */
#pragma once

#include "base/text.h"

enum phase {
	PHASE_NONE, /* a console of which nothing is known yet */
	/* reboot */
	PHASE_BOOT,       /* power on .. shell, before the first cycle */
	PHASE_SETTLE,     /* shell up, nothing asked of the target */
	PHASE_FLOOD,      /* load on, not yet steady */
	PHASE_TRIGGER,    /* reboot requested, the kernel has not said anything of it */
	PHASE_SHUTDOWN,   /* first line after the request .. "Restarting system" */
	PHASE_FIRMWARE,   /* no kernel */
	PHASE_EARLY_BOOT, /* kernel banner .. shell */
	PHASE_UP,         /* shell back, load not yet answered again */
	/* unplug */
	PHASE_BIND,   /* facts, guards, the device goes to vfio-pci */
	PHASE_UNPLUG, /* held; the unplug and the release race */
	PHASE_BACK,   /* back and bound again .. held again */
	PHASE_COUNT
};

/* "boot", "early-boot" ...; "-" for PHASE_NONE. Static. */
const char *phase_name(enum phase phase);
/* PHASE_NONE for a word that is no phase. */
enum phase phase_parse(struct text word);
