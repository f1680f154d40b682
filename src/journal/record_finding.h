/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "field.h"

/* Over struct record. */
extern const struct field record_finding_fields[];
extern const struct field_words field_phases;
