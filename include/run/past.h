/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the journal of a run tells of it: what was asked for, how far it came, what it left. */
#pragma once

#include "run/undo.h"

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
