/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target_facts(), for each kind of target. */
#pragma once

#include "device/facts.h"

/* The worker's own lines, of a machine that runs already. */
int running_facts(const char *name, const char *const *words,
		  struct facts *ret) _must_check_;
/* Starts a virtual board only to ask its worker, which gets no words. */
int virtual_facts(const char *name, const char *const *words,
		  struct facts *ret) _must_check_;
