// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drivers/iommu/apple-dart.c, apple_dart_t8020_irq() and apple_dart_t8110_irq(). The
 * words in brackets are the driver's own decoding of the code.
 */
#include "family.h"

#include <stdio.h>

static void decode_fault(struct finding *f, const struct pattern_match *m)
{
	fault_add(f, "status", "%.*s", TEXT_ARG(m->captures[0]));
	fault_add(f, "stream", "%.*s", TEXT_ARG(m->captures[1]));
	fault_add(f, "code", "%.*s: %.*s", TEXT_ARG(m->captures[2]),
		  TEXT_ARG(m->captures[3]));
	fault_add(f, "address", "%.*s", TEXT_ARG(m->captures[4]));
	snprintf(f->title, sizeof(f->title), "translation fault of stream %.*s: %.*s",
		 TEXT_ARG(m->captures[1]), TEXT_ARG(text_trim(m->captures[3])));
}

static const struct fault_form forms[] = {
	{ "translation fault: status:%x stream:%d code:%x (%s) at %x", "dart-fault",
	  FAULT_RECORD, decode_fault },
	{ "translation fault: status:%x stream:%d", "dart-fault", FAULT_RECORD, NULL },
	{ "busy bit did not clear after command %x for stream", "dart-timeout",
	  FAULT_RECORD, NULL },
};

const struct fault_family fault_dart = {
	.driver = "apple-dart",
	.forms = forms,
	.n_forms = ARRAY_SIZE(forms),
};
