/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fold/fold.h"

/* What the run says about the kernel, in one or two plain sentences; caller frees. */
char *conclusion_of(const struct fold *fold);
