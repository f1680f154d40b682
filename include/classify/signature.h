/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Identity of a finding. `bug` is its class and the first function that means something;
 * `variant` a hash over the class and the reliable frames. Neither knows addresses,
 * offsets, time, CPU, pid or compiler suffixes.
 */
#pragma once

#include "classify/finding.h"

/* Fills bug, variant, title, iommu and driver from the other fields. */
void signature_make(struct finding *finding);
/* "oops" for every way to trip over a bad pointer; the kind itself for others. */
const char *signature_class(const char *kind);
