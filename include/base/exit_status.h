/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exit statuses of iommu-stress(8), for every command and for the end of a run. */
#pragma once

#define EXIT_PASS        0
#define EXIT_FINDING     1
#define EXIT_USAGE       2
#define EXIT_INVALID     3
#define EXIT_INTERRUPTED 130
