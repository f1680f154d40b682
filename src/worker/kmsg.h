/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

/*
 * A record of /dev/kmsg as lines of a console, "[   12.345678] text\n"; 0 if it is none.
 * Returns the length.
 */
size_t kmsg_format(const char *record, char *text, size_t size);
