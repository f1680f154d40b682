/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A console through the classifier, and its findings as an array. */
#pragma once

#include "classify/classifier.h"
#include "classify/rules.h"

#define CONSOLE_FINDINGS 64

struct console {
	size_t n;
	struct finding findings[CONSOLE_FINDINGS];
};

static inline void console_keep(void *arg, const struct finding *finding)
{
	struct console *console = arg;

	if (console->n < CONSOLE_FINDINGS)
		console->findings[console->n++] = *finding;
}

/* Static: a few findings are a hundred kilobytes. Valid until the next call. */
static inline struct console *console_classify(const char *text, size_t n, size_t step)
{
	static struct console console;
	struct classifier_sink sink = { NULL, console_keep, &console };
	struct rules *rules = rules_new();
	struct classifier *c = classifier_new(rules, &sink);

	console.n = 0;
	for (size_t i = 0; i < n; i += step)
		classifier_feed(c, text + i, n - i < step ? n - i : step);
	classifier_end(c);
	classifier_free(c);
	rules_free(rules);
	return &console;
}
