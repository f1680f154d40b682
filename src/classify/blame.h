/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is to blame: functions that only report, and functions of the IOMMU's world. */
#pragma once

#include "classify/finding.h"

/* Of the reporting machinery or a helper that anybody calls: never a bug's home. */
bool blame_is_generic(struct text function);
/* Of the machinery that prints reports: never what a report is about. */
bool blame_is_machinery(struct text function);
/* By the function's name; module may be "". *ret_driver: "dma-iommu" ... or NULL. */
bool blame_is_iommu(struct text function, const char **ret_driver);
/* By the source file in a header: "drivers/iommu/iova.c". */
bool blame_is_iommu_file(struct text path, const char **ret_driver);
/* First frame that is not generic; else the header's function; else "". */
struct text blame_function(const struct finding *finding);
