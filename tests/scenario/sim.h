/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual time: the two calls through which the program knows of time are replaced by the
 * linker (--wrap), so that a ten-minute hang takes milliseconds.
 */
#pragma once

#include <stdint.h>

/* Sets the clock that the program sees. */
void sim_start(void);
uint64_t sim_now_ns(void);
/* The clock jumps, as after a suspend of the controller. */
void sim_jump(uint64_t ns);
