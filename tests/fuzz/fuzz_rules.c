// SPDX-License-Identifier: GPL-2.0-or-later
/* Any text is a rule file: it is taken, or refused with a place and words. */
#include "classify/rules.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rules *rules = rules_new();
	struct finding finding = { .kind = "warn", .function = "f" };
	char *error = NULL;

	if (rules_add(rules, "fuzz", (struct text){ (const char *)data, n }, &error) <
		    0 &&
	    (!error || strncmp(error, "fuzz:", 5) != 0))
		abort();
	free(error);
	rules_apply(rules, 0, &finding);
	rules_free(rules);
	return 0;
}
