/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `list` prints, in its formats. */
#pragma once

#include "device/facts.h"

struct list {
	const char *target;
	const struct facts *facts;
	const struct facts_chosen *chosen; /* to show */
	bool named;                        /* by the user; else all, each for itself */
	unsigned int allowed;              /* 1 << enum guard_rule */
};

void list_text(const struct list *list);
void list_json(const struct list *list);
