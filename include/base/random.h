/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that are the same for the same seed everywhere: a run can be repeated. */
#pragma once

#include <stdint.h>

/* The next of 64 random bits (splitmix64); *state is the seed at first. */
uint64_t random_next(uint64_t *state);
