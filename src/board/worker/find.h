/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker for an architecture: the program that runs on the target. Speaks. */
#pragma once

#include "base/mem.h"
#include "base/text.h"

/* Debian's name of what `uname -m` calls machine, NULL: there is no worker for it. */
const char *worker_arch(struct text machine);
/* The same of this machine. */
const char *worker_own_arch(void);

/*
 * The worker for an architecture (Debian's name): $IOMMU_STRESS_WORKER, or beside this
 * program (for its own architecture, else worker/ARCH/), or where `make install` puts it.
 * Caller frees *ret_path. -ENOENT: there is none; -ENOEXEC: it is for another
 * architecture.
 */
int worker_find(const char *debian_arch, char **ret_path) _must_check_;
