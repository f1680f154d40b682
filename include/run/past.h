/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the journal of a run tells of it: what was asked for, how far it came, what it left. */
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

/* {0} is valid; freed with past_done. */
struct past {
	char *tool;     /* version that began it */
	char *scenario; /* "reboot", "unplug" */
	char *target;
	char *plan;            /* JSON object, "" none */
	char end[32];          /* reason of its end; "": it goes on, or was killed */
	unsigned int finished; /* cycles that have their verdict */
	struct undo_list undo;
};

/*
 * Reads the run of dir, which may be going on. Lines that cannot be read are told and passed
 * over. Speaks: -ENOENT (there is no run), or else.
 */
int past_read(const char *dir, struct past *ret) _must_check_;
/* Has the run done all that was asked of it? Only then there is nothing to go on with. */
bool past_is_complete(const char *end);
void past_done(struct past *past);

/*
 * Opens the journal of an own or somebody else's run to add to it, and so keeps others from
 * that. Speaks: -EBUSY (the controller of the run is alive), -ENOENT, or else.
 */
int past_open_journal(const char *dir, struct journal **ret) _must_check_;

/*
 * r is the result of opening a run directory to write in it: if the directory or its files are
 * in other hands, this says so and what to do, and returns true.
 */
bool past_tell_untrusted(const char *dir, int r);

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
