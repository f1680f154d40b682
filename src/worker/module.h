/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules of drivers. */
#pragma once

#include "worker/internal.h"

/* Of the driver that a device has; "" if it is built in, or there is none. */
void module_of(const struct bdf *bdf, char *name, size_t size);
bool module_is_loaded(const char *name);
/*
 * Does it serve nothing but this device? Returns 0, or the exit status after it has said
 * why not.
 */
int module_check(const char *name, const struct bdf *bdf);

/* For puts_act(). */
int module_unload(const char *name);
/* Through modprobe(8). */
int module_load(const char *name);
