/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker on its way to targets, and what it answers there. Speaks. */
#pragma once

#include "board/target.h"

struct machine;

/* -- find.c ---------------------------------------------------------------------------- */

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

/* -- machines that run already: deliver.c, ask.c --------------------------------------- */

/*
 * *ret_worker: its path there. *ret_dir: what was made for it and is to be removed at the
 * end, NULL: nothing. Caller frees both; on failure they are NULL.
 */
int deliver_worker(const struct machine *m, char **ret_worker,
		   char **ret_dir) _must_check_;
/* target_worker(), and target_facts(). */
int running_worker(struct loop *loop, const char *name, const char *words,
		   char **ret_output) _must_check_;
int running_facts(const char *name, const char *const *words,
		  struct facts *ret) _must_check_;

/* -- virtual boards: boot_and_ask.c ---------------------------------------------------- */

/* target_facts(): the board is started only to ask its worker, which gets no words. */
int virtual_facts(const char *name, const char *const *words,
		  struct facts *ret) _must_check_;
