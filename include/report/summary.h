/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run in text for people (the line of a cycle, the final table), and for programs. */
#pragma once

#include "classify/rules.h"
#include "fold/fold.h"

#include <stdio.h>

/* Colours only where the stream is a terminal and NO_COLOR is not set (no-color.org). */
bool report_wants_color(FILE *stream);

/* "cycle 3/10  crash  shutdown  oops in iommu_get_dma_domain ...". One line. */
void report_cycle_line(FILE *out, bool color, const struct record *verdict,
		       unsigned int planned);
/*
 * Outcome counts, findings grouped by bug with known issue and fixing commit, hit rate,
 * cycle-time split, and where the files are. dir may be NULL.
 */
void report_summary(FILE *out, bool color, const struct fold *fold,
		    const struct rules *rules, const char *dir);
/* One object on one line; iommu-stress-report(8) tells its keys. dir may be NULL. */
void report_json(FILE *out, const struct fold *fold, const struct rules *rules,
		 const char *dir);
