/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc tells of other processes. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * Who has /dev/vfio/NAME open, "PID comm", or "". Without name: anything below /dev/vfio,
 * or a VFIO device.
 */
void vfio_user(const char *name, char *who, size_t size);
/*
 * The functions of the kernel that it sleeps in, the innermost first, "a<b<c"; whole names,
 * as many as there is room for. "": it is not in the kernel, or that is not told.
 */
void process_where(pid_t pid, char *where, size_t size);
