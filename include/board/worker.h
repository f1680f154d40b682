/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker: the program that runs on the target, iommu-stress-worker(8). Finding the one
 * for an architecture, and what it tells. Speaks.
 */
#pragma once

#include "base/mem.h"
#include "device/facts.h"

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

/*
 * Can words be passed on to the worker by any shell? Letters, digits, blanks and
 * .:_=/,+@%- only: nothing that a shell on the way could read as anything else.
 */
bool worker_words_are_plain(struct text words);

/*
 * What the target's devices are, and what they are used for. target: "local" (also
 * NULL) or "ssh:HOST".
 * words: what else to tell the worker ("peer=192.0.2.1", "sysroot=DIR"), NULL at the end; may
 * be NULL. Plain, as above.
 * ret is complete when this returns 0; else it is empty: -EOPNOTSUPP (of this target no
 * facts can be had), -EIO (the worker failed), -EBADMSG (its lines are damaged),
 * -ETIMEDOUT, -EHOSTUNREACH, or as of worker_find.
 */
int facts_collect(const char *target, const char *const *words,
		  struct facts *ret) _must_check_;
