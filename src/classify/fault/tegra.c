// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tegra's memory controllers report what their SMMU refuses: drivers/memory/tegra/mc.c,
 * tegra20.c, tegra264.c: "client: secure write @address: error (kind [flags])".
 */
#include "family.h"

#include <stdio.h>

/* The words may be "client: read", and the device's name before them is dev_err()'s. */
static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	ptrdiff_t space = text_find(m->captures[0], TEXT(": "), 0);
	struct text device = m->captures[0];

	if (space > 0)
		device.n = (size_t)space;
	text_copy(f->device, sizeof(f->device), device);
	if (space > 0)
		fault_add(f, "access", "%.*s",
			  TEXT_ARG(text_from(m->captures[0], (size_t)space + 2)));
	fault_add(f, "address", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "error", "%.*s", TEXT_ARG(m->captures[2]));
	snprintf(f->title, sizeof(f->title), "%s%s%.*s",
		 fault_field(f, "access") ? fault_field(f, "access") : "",
		 fault_field(f, "access") ? ": " : "", TEXT_ARG(m->captures[2]));
}

static const struct fault_form forms[] = {
	{ "tegra-mc %s @%x: %s", "tegra-mc-fault", FAULT_RECORD, decode_fault },
	{ "tegra264-mc %s @%x: %s", "tegra-mc-fault", FAULT_RECORD, decode_fault },
};

const struct fault_family fault_tegra = {
	.driver = "tegra",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
