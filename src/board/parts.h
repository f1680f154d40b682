/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a target. What a part cannot do, its ops do not have. Each begins with its
 * ops, keeps the target that it belongs to, and reports to it.
 */
#pragma once

#include "board/target.h"

struct console {
	const struct console_ops {
		int (*write)(struct console *console, struct text bytes);
		void (*set_speed)(struct console *console, unsigned int baud);
		void (*close)(struct console *console);
	} * ops;
};

struct control {
	const struct control_ops {
		int (*type)(struct control *control, struct text bytes);
		/* A command of the shell, which starts the worker. */
		int (*run_worker)(struct control *control, const char *command);
		void (*close)(struct control *control);
	} * ops;
	bool on_console; /* no device of the target is needed for it */
};

struct power {
	const struct power_ops {
		int (*reset)(struct power *power);
		int (*on)(struct power *power);
		int (*cycle)(struct power *power);
		void (*catch_up)(struct power *power);
		void (*close)(struct power *power);
	} * ops;
};

/* Closed with the power switch that it shares its way with. */
struct slot {
	const struct slot_ops {
		int (*plug)(struct slot *slot, bool in);
	} * ops;
};

/* -- what parts report; dropped unless the target is open ------------------------------ */

/* Bytes of the console. */
void target_heard(struct target *t, const void *bytes, size_t n);
/*
 * A line that the worker told through the control's own way. It comes as a marker on the
 * console, which must be between two lines.
 */
void target_told(struct target *t, struct text line);
void target_switched(struct target *t, const char *event);
void target_lost(struct target *t);
void target_plugged(struct target *t, const char *event, const char *why);
/* It cannot be observed any more: the first reason counts. */
void target_ended(struct target *t, const char *reason);
