/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board that plays a script: console, shell, power switch and network, all in time. */
#pragma once

#include "run/run.h"

/* What the board does in one cycle, once the reboot is requested (or before it). */
enum behaviour {
	GOOD,
	PRECURSOR,        /* groups are removed, but nothing crashes */
	WARNING,          /* a WARNING on the way down */
	FAULTS,           /* SMMU global faults on the way down */
	CRASH_REBOOTS,    /* oops, panic=-1 */
	CRASH_STAYS,      /* oops, panic=0: silent until reset */
	CRASH_WAITS,      /* oops, panic=5 */
	HANG_SETTLE,      /* silent once settled; the flood finds nobody */
	HANG_TRIGGER,     /* nothing is heard after the request was typed */
	DEAF,             /* the shell answers, but does not execute the request */
	HANG_SHUTDOWN,    /* marker, then nothing */
	HANG_FIRMWARE,    /* restarts, no banner */
	HANG_EARLY_BOOT,  /* banner, then nothing */
	RESETS_ITSELF,    /* restarts before it was asked to */
	SAME_BOOT_ID,     /* "boots" with the old boot id */
	NO_REPLIES_AFTER, /* network stays silent after the boot */
	NO_REPLIES,       /* network never answers, shell is fine */
	CLOSES,           /* console closes on the way down */
	GARBAGE,          /* random bytes between good lines */
	NEXT_BOOT_SPLAT,  /* the next boot reports what the last one left */
	NEVER_BACK,       /* hangs, and no reset helps */
	LOAD_DIES,        /* the flood process ends */
	STANDS_STILL,     /* the controller is suspended on the way down */
	LOAD_DIES_DOWN,   /* ... while the target goes down */
	BOOT_LOOPS,       /* restarts again and again, until it is reset */
	QUIET,            /* prints neither last words nor banner */
	OOPS_IN_FLOOD,    /* a context of the network dies, the shell lives */
	HANG_UP,          /* dies just after its shell is back */
	NO_COUNTERS,      /* what reads the counters is not there */
	FORGED,           /* stays up, and prints all that a reboot would */
	FORGED_UP,        /* a program says that another boot is up; then as usual */
	REPLAYED,         /* an old log is printed on the way down */
	STOPPED_IN_RESET, /* hangs, and the user stops the run while it is reset */
	BEHAVIOURS
};

/* The cycles' behaviours in order, the last one repeated. Set before the run. */
void script_play(const enum behaviour *cycles, unsigned int n);
/* Before the first cycle: the board does not come up at all. */
enum boot_behaviour {
	BOOT_GOOD,
	BOOT_SILENT,
	BOOT_PANICS,
	BOOT_NO_SHELL,
};
void script_boot(enum boot_behaviour boot);

/* What the load was told, in a ring; the test sets the number to 0. */
#define SCRIPT_WORDS 64u
extern enum load_word script_words[SCRIPT_WORDS];
extern unsigned int script_n_words;

extern const struct rig_ops rig_script;
