/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/table.h"

/* Over struct record. */
extern const struct table_member record_finding_members[];
extern const struct table_names record_phase_names;
