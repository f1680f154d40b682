/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker, on its way to a machine that runs already. Speaks. */
#pragma once

#include "board/control/machine.h"

/*
 * *ret_worker: its path there. *ret_dir: what was made for it and is to be removed at the
 * end, NULL: nothing. Caller frees both; on failure they are NULL.
 */
int deliver_worker(const struct machine *m, char **ret_worker,
		   char **ret_dir) _must_check_;
/* target_worker() for such machines: name is "local", or "ssh:HOST". */
int running_worker(struct loop *loop, const char *name, const char *words,
		   char **ret_output) _must_check_;
