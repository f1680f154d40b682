// SPDX-License-Identifier: GPL-2.0-or-later
/* Uses that are still to be followed. */
#include "facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* end: where the next one belongs, behind what the same step has led to. */
static struct facts_step *first, **end = &first;

struct facts_use facts_use_below(const struct facts_use *use, const char *name)
{
	struct facts_use below = *use;
	size_t n = strlen(below.via);

	snprintf(below.via + n, sizeof(below.via) - n, "%s%s", n ? ", " : "", name);
	below.depth++;
	return below;
}

void facts_follow(const struct facts_use *use, enum facts_kind kind, const char *name)
{
	size_t n = strlen(name) + 1;
	struct facts_step *step = malloc(sizeof(*step) + n);

	if (!step) {
		facts_use_unknown(use, name, "ENOMEM");
		return;
	}
	*step = (struct facts_step){ .next = *end, .kind = kind, .use = *use };
	memcpy(step->name, name, n);
	*end = step;
	end = &step->next;
}

struct facts_step *facts_next(void)
{
	struct facts_step *step = first;

	if (step)
		first = step->next;
	end = &first;
	return step;
}
