// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drivers/iommu/exynos-iommu.c, show_fault_information(): "master: [READ] PAGE FAULT
 * occurred at address", without the access up to 6.1. A BUG or panic follows.
 */
#include "family.h"

#include <stdio.h>

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	struct text master = m->captures[1], rest = TEXT_NONE;
	ptrdiff_t colon = text_find(master, TEXT(": "), 0), close;

	if (colon > 0) {
		rest = text_from(master, (size_t)colon + 2);
		master.n = (size_t)colon;
	}
	close = rest.n && rest.s[0] == '[' ? text_find(rest, TEXT("] "), 0) : -1;
	if (close > 0) {
		fault_add(f, "access", "%.*s", (int)close - 1, rest.s + 1);
		rest = text_from(rest, (size_t)close + 2);
	}
	text_copy(f->device, sizeof(f->device), m->captures[0]);
	fault_add(f, "master", "%.*s", TEXT_ARG(master));
	if (rest.n)
		fault_add(f, "type", "%.*s fault", TEXT_ARG(rest));
	fault_add(f, "address", "%.*s", TEXT_ARG(m->captures[2]));
	snprintf(f->title, sizeof(f->title), "fault of %.*s", TEXT_ARG(master));
}

static void decode_address(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "address", "%.*s", TEXT_ARG(m->captures[0]));
}

static const struct fault_form forms[] = {
	{ "exynos-sysmmu %w: %s FAULT occurred at %x", "exynos-sysmmu-fault",
	  FAULT_RECORD, decode_fault },
	{ "FAULT occurred at %x", "exynos-sysmmu-fault", FAULT_RECORD, decode_address },
};

const struct fault_family fault_exynos = {
	.driver = "exynos",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
