/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine under test, opened: console bytes come out, shell lines and power actions go
 * in. One implementation a kind of target (struct target_ops); this header is all that a
 * run knows of it.
 */
#pragma once

#include "base/text.h"
#include "board/board.h"
#include "os/loop.h"

struct target;

/*
 * What the target reports, from within the loop and never before it is open. The functions
 * may record, but not call back into the target.
 */
struct target_events {
	/* Console bytes as they came. */
	void (*on_console)(void *arg, const void *bytes, size_t n);
	/*
	 * What the power switch saw: "reset" and "shutdown" (the target did it itself),
	 * "host-reset" and "host-shutdown" (somebody else), "stop", "resume", "panic".
	 */
	void (*on_power)(void *arg, const char *event);
	/*
	 * The device to unplug, seen from outside: "removed", "added", or "refused", with
	 * the reason in why. Of this machine ("local") each PCI device that its kernel
	 * removes or adds, with its address in why. May be NULL.
	 */
	void (*on_device)(void *arg, const char *event, const char *why);
	/*
	 * It cannot be observed any more, everything it printed was reported before:
	 * "qemu ended by signal 9 (Killed)". Once for each start.
	 */
	void (*on_gone)(void *arg, const char *reason);
	void *arg;
};

enum power_action {
	POWER_RESET, /* pull reset */
	POWER_ON,    /* after the target has powered itself off */
	POWER_CYCLE, /* off and on: for a virtual board a new QEMU */
};

struct target_ops {
	int (*power)(struct target *t, enum power_action action);
	int (*type)(struct target *t, struct text bytes);
	void (*set_baud)(struct target *t, unsigned int baud);
	int (*net_fd)(struct target *t);
	int (*plug)(struct target *t, bool in); /* NULL: cannot */
	void (*close)(struct target *t);
};

struct target {
	const struct target_ops *ops;
	const char *name;        /* as the user wrote it: "virt:arm64" */
	uint8_t mac[6];          /* of its network device, all 0 where unknown */
	const char *worker;      /* how its shell starts the worker; NULL: it has none */
	const char *test_device; /* what is unplugged unless named; NULL: nothing */
};

/*
 * Starts the virtual board and connects its console and power switch; returns once QEMU
 * has built the machine. log_path: where QEMU's own words go. Speaks on failure: -ENOENT
 * (QEMU is not installed), -EINVAL (QEMU refuses the board, with its reason), or else.
 */
int virtual_open(struct loop *loop, const char *name, const struct board_image *image,
		 const char *log_path, const struct target_events *events,
		 struct target **ret) _must_check_;

/*
 * A machine that runs already: "local", or "ssh:HOST" as ssh(1) takes it, with the rights
 * to read and write /dev/kmsg there. Puts a worker of its architecture there if need be
 * and follows its kernel log; its power cannot be switched. Speaks on failure.
 */
int remote_open(struct loop *loop, const char *name, const char *log_path,
		const struct target_events *events, struct target **ret) _must_check_;
/*
 * Runs the worker there once: words is its command line behind the program's name,
 * plain as worker_words_are_plain() has it. *ret_output (caller frees, NULL on failure): what it
 * printed, also when it ends by a status above 0, which is returned. Speaks, but not of
 * what the worker printed.
 */
int remote_worker(struct loop *loop, const char *name, const char *words,
		  char **ret_output) _must_check_;
/* Is this name a virtual board's? */
bool target_is_virtual(const char *name);
/* Is it "local", or "ssh:HOST"? */
bool target_is_remote(const char *name);

/*
 * Starts a power action: 0 when it was accepted, -ESRCH when there is no machine that
 * could be reset, or it is powered off (POWER_CYCLE makes one). That it worked is proven only by what the
 * console prints.
 */
int target_power(struct target *t, enum power_action action) _must_check_;
/* Types a line into the shell on the console; a newline is added. -EPIPE: it is gone. */
int target_type(struct target *t, struct text line) _must_check_;
/* Keys as they are. */
int target_type_raw(struct target *t, struct text bytes) _must_check_;
/*
 * From now on the console is read no faster than a serial line of this speed (8N1: ten
 * bits a byte) would deliver; the rest waits in the target. 0 = as fast as it comes, which
 * it also is again once a virtual board resets or powers off.
 */
void target_set_baud(struct target *t, unsigned int baud);
/*
 * Datagram socket of the target's network, for the flood: one frame a datagram; the same
 * one over all power cycles. -1 where there is none.
 */
int target_net_fd(struct target *t);
/*
 * Takes the device to unplug out of its slot from outside, or puts it back; what comes of
 * it is told by on_device, of a board that does not mind never. -EOPNOTSUPP: there is
 * nobody who could, or no such device; -ESRCH: there is no machine; -EBUSY: the last such
 * command was not answered.
 */
int target_plug(struct target *t, bool in) _must_check_;
void target_close(struct target *t);
