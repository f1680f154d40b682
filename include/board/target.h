/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine under test. It is composed of parts: a console that shows what it prints, a
 * control that types into its shell, a power switch, a wire for a flood, a slot that is
 * emptied from outside. Kinds of targets are rows of one table (src/board/kinds.c).
 */
#pragma once

#include "base/text.h"
#include "board/board.h"
#include "device/facts.h"
#include "os/loop.h"

enum target_part {
	TARGET_CONSOLE = 1 << 0,
	TARGET_CONTROL = 1 << 1,
	TARGET_POWER = 1 << 2,
	TARGET_WIRE = 1 << 3,
	TARGET_SLOT = 1 << 4,
	/* No part: the machine outlives the run, so what was changed must be put back. */
	TARGET_KEPT = 1 << 5,
	/* No part: its kernel's events of devices arrive by themselves (on_uevent). */
	TARGET_UEVENTS = 1 << 6,
	/* No part: its power switch tells of each reset (on_power), so no boot is without. */
	TARGET_RESETS = 1 << 7,
};

/* What a target of this name has, opened or not: bits of enum target_part. 0: no target. */
unsigned int target_parts(const char *name);
/* Why a target of this name cannot serve who needs these parts. Caller frees; NULL: it can. */
char *target_lacks(const char *name, unsigned int needs);
/*
 * What a first preparation fetches can take minutes; opening the target finds it ready.
 * Speaks: -ENOENT (something for it is missing), or else.
 */
int target_prepare(const char *name, const struct board_options *options) _must_check_;
/*
 * For a target without programs of its own: options give it this machine's, in /host.
 * Silent; -ENOEXEC: it cannot run them.
 */
int target_lend_programs(const char *name, struct board_options *options) _must_check_;

/*
 * What the target's devices are, and what they are used for. words: what else to tell the
 * worker ("peer=192.0.2.1", "sysroot=DIR"), NULL at the end, plain as
 * worker_words_are_plain() has it; may be NULL; a virtual board, which is started for this,
 * gets none. Speaks. ret is complete when this returns 0; else it is empty: -ENOENT (no such
 * target, or something for it is missing), -EIO (the worker failed), -EBADMSG (its lines
 * are damaged), -ETIMEDOUT, -EHOSTUNREACH, or as of worker_find.
 */
int target_facts(const char *name, const char *const *words,
		 struct facts *ret) _must_check_;
/*
 * Runs the worker once on a target that is kept: words is its command line behind the
 * program's name, plain as above. *ret_output (caller frees, NULL on failure): what it
 * printed, also when it ends by a status above 0, which is returned. Speaks, but not of
 * what the worker printed.
 */
int target_worker(struct loop *loop, const char *name, const char *words,
		  char **ret_output) _must_check_;

/*
 * What the target reports, from within the loop and never before it is open. The functions
 * may record, but not call back into the target.
 */
struct target_events {
	/* Console bytes as they came. */
	void (*on_console)(void *arg, const void *bytes, size_t n);
	/*
	 * What the power switch saw: "reset" and "shutdown" (the target did it itself),
	 * "host-reset" and "host-shutdown" (somebody else), "stop", "resume", "panic". May be NULL.
	 */
	void (*on_power)(void *arg, const char *event);
	/*
	 * The device to unplug, seen from outside: "removed", "added", or "refused", with
	 * the reason in why. May be NULL.
	 */
	void (*on_device)(void *arg, const char *event, const char *why);
	/*
	 * With TARGET_UEVENTS: what its kernel reports of this PCI device, "remove", "add",
	 * "unbind", "bind" and others. What was lost of such events is said, and never comes.
	 * May be NULL.
	 */
	void (*on_uevent)(void *arg, const char *action, const char *bdf);
	/*
	 * It cannot be observed any more, everything it printed was reported before:
	 * "qemu ended by signal 9 (Killed)". Once for each start.
	 */
	void (*on_gone)(void *arg, const char *reason);
	/* Some of what it printed may be lost: nobody read for too long. May be NULL. */
	void (*on_loss)(void *arg);
	void *arg;
};

/*
 * How the load reaches the target: by a datagram socket, an Ethernet frame each, the same
 * one over all power cycles; or by its addresses behind an interface of this machine.
 */
struct wire {
	int fd;                   /* -1: none */
	uint8_t mac[6];           /* of the target's device; all 0 where unknown */
	const char *interface;    /* NULL: none */
	const char *addresses[2]; /* as numbers; NULL where there is none */
};

struct target {
	const char *name;        /* as the user wrote it: "virt:arm64" */
	unsigned int parts;      /* bits of enum target_part, as of target_parts() */
	struct console *console; /* src/board/parts.h has them all */
	struct control *control;
	struct power *power;
	struct slot *slot; /* NULL, too, where there is no device to plug */
	struct wire wire;
	const char *worker;      /* how its shell starts the worker; NULL: it has none */
	const char *test_device; /* what is unplugged unless named; NULL: nothing */
	/*
	 * Read slowly, its console would lose characters: it cannot be slowed down by
	 * target_set_baud, which does nothing then.
	 */
	bool port_drops;
	/*
	 * Of whoever opened it: what the worker gives back in its lines (classify/ticket.h),
	 * for no cycle. 0: nothing.
	 */
	uint64_t ticket;

	/* Of src/board alone. */
	struct target_events events;
	bool open;                       /* it can be observed */
	char stamp[32];                  /* "[   12.345678]" of the console's last line */
	void (*close)(struct target *t); /* what is left when its parts are closed */
};

struct target_spec {
	const char *name;
	const struct board_options *board; /* of a virtual board */
	const char *log_path;              /* where words of QEMU or ssh go */
	struct target_events events;
};

/*
 * Connects console, control and power switch: a virtual board is prepared and started, on
 * others a worker of their architecture is put there if need be. Speaks on failure: -ENOENT
 * (something for it is missing), -EINVAL (QEMU refuses the board), or else.
 */
int target_open(struct loop *loop, const struct target_spec *spec,
		struct target **ret) _must_check_;
/* NULL is accepted. */
void target_close(struct target *t);

enum power_action {
	POWER_RESET, /* pull reset */
	POWER_ON,    /* after the target has powered itself off */
	POWER_CYCLE, /* off and on: for a virtual board a new QEMU */
};

/*
 * Starts a power action: 0 when it was accepted, -ESRCH when there is no machine that
 * could be reset, or it is powered off (POWER_CYCLE makes one), -EOPNOTSUPP when nothing
 * can do this. That it worked is proven only by what the console prints.
 */
int target_power(struct target *t, enum power_action action) _must_check_;
/* What its power switch has seen by now is told before this returns. */
void target_power_catch_up(struct target *t);
/* Types a line into the target's shell; a newline is added. -EPIPE: it is gone. */
int target_type(struct target *t, struct text line) _must_check_;
/* Keys as they are. */
int target_type_raw(struct target *t, struct text bytes) _must_check_;
/* Has the shell run the worker; what it tells comes as markers, the shortest way. */
int target_ask(struct target *t, const char *words) _must_check_;
/* The same for the facts of its devices, of which that way may need one. */
int target_ask_facts(struct target *t) _must_check_;
/*
 * From now on the console is read no faster than a serial line of this speed (8N1: ten
 * bits a byte) would deliver; the rest waits in the target. 0 = as fast as it comes, which
 * it also is again once a virtual board resets or powers off.
 */
void target_set_baud(struct target *t, unsigned int baud);
/*
 * Takes the device to unplug out of its slot from outside, or puts it back; what comes of
 * it is told by on_device, of a board that does not mind never. -EOPNOTSUPP: there is
 * nobody who could, or no such device; -ESRCH: there is no machine; -EBUSY: the last such
 * command was not answered.
 */
int target_plug(struct target *t, bool in) _must_check_;
