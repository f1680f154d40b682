/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The summary of a run for programs: iommu-stress-report(8) tells its keys. */
#pragma once

#include "classify/rules.h"
#include "fold/fold.h"

#include <stdio.h>

/* One object on one line. dir may be NULL. */
void report_json(FILE *out, const struct fold *fold, const struct rules *rules,
		 const char *dir);
