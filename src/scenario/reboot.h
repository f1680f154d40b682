/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reboot must have shown for a pass. Pure. */
#pragma once

#include "judge/verdict.h"

struct reboot_proofs {
	bool wants_load;   /* the plan asks for a confirmed load */
	bool shell_before; /* the shell answered before the trigger */
	bool load_before;  /* replies were steady at the trigger */
	bool triggered;    /* the request was seen in the kernel log */
	bool wants_reset,
		wants_none; /* a power switch tells of resets, which kexec has none of */
	bool reset;         /* it told of one */
	bool shell_back;
	bool new_boot_id; /* both are known, and no boot of this run had it before */
	bool load_after;  /* replies after the new boot */
};

/* Into facts, whose banners are known. */
void reboot_prove(const struct reboot_proofs *seen, struct cycle_facts *facts);
