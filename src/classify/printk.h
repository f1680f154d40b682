/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands before a kernel message on its way to us: printk's time stamp, level and
 * caller (kernel/printk/printk.c), dmesg's and journalctl's dates, syslog's header, the
 * level of /dev/kmsg and netconsole, quotation marks of a mail, a shell's prompt.
 */
#pragma once

#include "base/text.h"

struct printk {
	struct text body;   /* behind all prefixes */
	bool prefixed;      /* something says that this is the kernel's */
	bool timed;         /* by seconds since boot */
	uint64_t time_us;   /* valid if timed */
	struct text caller; /* "T123" or "C0" (CONFIG_PRINTK_CALLER), else empty */
};

/* No time stamp is longer. */
#define PRINTK_STAMP_MAX 48
/* "[  402.718355]" begins at t.s[at]. */
bool printk_stamp(struct text t, size_t at);
/* text: clean. Views into it are borrowed from it. */
void printk_parse(struct text text, struct printk *ret);
