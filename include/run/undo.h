/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run changed on its target and did not put back, as its journal tells. */
#pragma once

#include "journal/journal.h"
#include "os/loop.h"

#include <stdio.h>

/* {0} is valid; freed with undo_list_done. */
struct undo_list {
	struct undo {
		char *words; /* of `iommu-stress-worker restore`, for one device */
		bool done;
	} * entries;
	size_t n;
};

/* Takes records of type RECORD_UNDO, and no others. */
void undo_learn(struct undo_list *list, const struct record *record);
/* How many are not done. */
size_t undo_left(const struct undo_list *list);
void undo_list_done(struct undo_list *list);

struct undo_way {
	struct loop *loop;
	const char *target;
	/* As target_worker() of board/target.h. */
	int (*worker)(struct loop *loop, const char *target, const char *words,
		      char **ret_output);
	struct journal *journal; /* where it is recorded that something was put back */
	FILE *out;               /* where it is told */
};

/*
 * Puts back what is left, all devices of which in as few calls of the worker as their words
 * fit into. One that cannot be put back does not keep the others from it. Speaks: 0, or
 * -errno of what went wrong first.
 */
int undo_all(struct undo_list *list, const struct undo_way *way) _must_check_;
