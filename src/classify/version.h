/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel releases, "6.1.192-lab": the numbers at their beginning, in order. */
#pragma once

#include "base/text.h"

/* < 0, 0, > 0; missing numbers are 0, what follows the numbers does not count. */
int version_compare(const char *a, const char *b);
/*
 * fixed_in with two numbers is a mainline release: all later ones have the fix. With three
 * it is a stable release: later ones of its branch have. A release candidate may come
 * before the fix. False also when not known.
 */
bool version_has_fix(const char *kernel, const char *fixed_in);
/* The numbers alone: "6.1.192" of "6.1.192-lab". */
struct text version_numbers(const char *kernel);
