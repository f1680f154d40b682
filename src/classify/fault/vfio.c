// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VFIO: drivers/vfio/vfio_main.c and pci/vfio_pci_core.c wait for the user; drivers/pci
 * waits for a device that vfio-pci owns and that does not answer.
 */
#include "family.h"

#include <stdio.h>

static void decode_ready(struct finding *f, const struct pattern_match *m)
{
	struct text after = m->captures[2];

	fault_set_device(f, m->captures[0]);
	fault_add(f, "waited-ms", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "after", "%.*s", TEXT_ARG(m->captures[2]));
	if (text_ends(after, TEXT(";")))
		after.n--;
	snprintf(f->title, sizeof(f->title), "not ready after %.*s", TEXT_ARG(after));
}

static void decode_power(struct finding *f, const struct pattern_match *m)
{
	fault_set_device(f, m->captures[0]);
	snprintf(f->title, sizeof(f->title), "stays in %.*s", TEXT_ARG(m->captures[1]));
}

static void decode_device(struct finding *f, const struct pattern_match *m)
{
	fault_set_device(f, m->captures[0]);
	snprintf(f->title, sizeof(f->title), "does not answer");
}

static void decode_task(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "task", "%.*s (%.*s)", TEXT_ARG(m->captures[0]),
		  TEXT_ARG(m->captures[1]));
}

static const struct fault_form forms[] = {
	{ "Relaying device request to user (#%d", "vfio-stuck", FAULT_RECORD, NULL },
	{ "No device request channel registered, ", "vfio-stuck", FAULT_RECORD, NULL },
	{ "Device is currently in use, task \"%s\" (%d) blocked until", "vfio-stuck",
	  FAULT_RECORD, decode_task },
	{ "vfio-pci %w not ready %dms after %w", "vfio-error", FAULT_RECORD,
	  decode_ready },
	{ "vfio-pci %w Unable to change power state from %w to %w device inaccessible",
	  "vfio-error", FAULT_RECORD, decode_power },
	{ "vfio-pci %w Unable to change power state from %w", "vfio-error", FAULT_RECORD,
	  decode_device },
	{ "vfio-pci %w Refused to change power state, currently", "vfio-error",
	  FAULT_RECORD, decode_device },
	{ "vfio-pci %w Failed to return from FLR", "vfio-error", FAULT_RECORD,
	  decode_device },
	{ "vfio-pci %w timed out waiting for pending transaction", "vfio-error",
	  FAULT_RECORD, decode_device },
	{ "vfio-pci %w bus failed with %d", "vfio-error", FAULT_RECORD, decode_device },
	{ "reset driver is required and reset call failed in", "vfio-error", FAULT_RECORD,
	  NULL },
};

const struct fault_family fault_vfio = {
	.driver = "vfio",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
