/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * A record of /dev/kmsg as lines of a console, "[   12.345678] text\n"; 0 if it is none.
 * Returns the length.
 */
size_t kmsg_format(const char *record, char *text, size_t size);
/*
 * What is missing before a record, as a console says it (kernel/printk/printk.c). next: the
 * number that should have come, 0 for the first one. Returns the length, 0 for no record.
 */
size_t kmsg_format_loss(const char *record, unsigned long long next, char *text,
			size_t size);
