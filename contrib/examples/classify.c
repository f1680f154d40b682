// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier in another program: standard input to one line a finding. Build it with
 *   cc -std=gnu17 -D_GNU_SOURCE -Iinclude contrib/examples/classify.c \
 *      build/iommu-stress.a $(pkg-config --libs libcyaml libpcre2-8)
 */
#include "classify/classifier.h"
#include "classify/rules.h"

#include <inttypes.h>
#include <stdio.h>

static void on_finding(void *arg, const struct finding *finding)
{
	unsigned int *n = arg;

	printf("%" PRIu64 " %s %s%s%s\n", finding->line, finding_type_name(finding->type),
	       finding->title, finding->known[0] ? ", known as " : "", finding->known);
	(*n)++;
}

int main(void)
{
	unsigned int n = 0;
	struct classifier_sink sink = { .on_finding = on_finding, .arg = &n };
	struct rules *rules = rules_new();
	struct classifier *classifier = classifier_new(rules, &sink);
	char bytes[65536];
	size_t got;

	while ((got = fread(bytes, 1, sizeof(bytes), stdin)) > 0)
		classifier_feed(classifier, bytes, got);
	classifier_end(classifier);
	classifier_free(classifier);
	rules_free(rules);
	return n > 0;
}
