/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker, on its way to a machine that runs already. */
#pragma once

#include "board/control/machine.h"

/*
 * *ret_worker: its path there. *ret_dir: what was made for it and is to be removed at the
 * end, NULL: nothing. Caller frees both; on failure, which was said, they are NULL.
 */
int deliver_worker(const struct machine *m, char **ret_worker,
		   char **ret_dir) _must_check_;
