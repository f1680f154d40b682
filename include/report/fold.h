/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The summary of a run: a fold over its records. The live run and `report RUNDIR` use the
 * same fold, so they cannot differ.
 */
#pragma once

#include "journal/record.h"

/* Findings of one `bug`. */
struct fold_bug {
	struct finding first; /* as it was seen first */
	char report[96];      /* extracted file of the first, "" none */
	unsigned int count;   /* findings */
	unsigned int cycles;  /* cycles in which it was seen */
	unsigned int last_cycle;
};

struct fold {
	char tool[32], scenario[16], target[64], kernel[96], wall[32], end[64];
	unsigned int planned; /* cycles asked for, 0 = no count */
	unsigned int begun, finished;
	unsigned int outcomes[OUTCOME_COUNT];
	struct verdict last, *all; /* all: n = finished */
	uint64_t begin_ns, end_ns;
	struct cycle_times sum; /* over finished cycles */
	unsigned int timed;     /* cycles that have down and boot times */
	struct fold_bug *bugs;
	size_t n_bugs;
	int status; /* exit status of the run, -1 while it runs */
};

void fold_apply(struct fold *fold, const struct record *record);
void fold_done(struct fold *fold);
/* Exit status by the outcomes alone: 0, 1, or 3. */
int fold_status(const struct fold *fold);
