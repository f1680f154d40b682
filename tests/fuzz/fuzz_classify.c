// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes are a console. However they are cut into pieces, and whether somebody looks
 * at each line or not, the findings are the same; lines partition the input; what comes
 * out is clean text.
 */
#include "classify/classifier.h"
#include "classify/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct seen {
	struct strbuf findings;
	uint64_t offset, number;
	bool partitions;
};

static void check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static bool is_clean(const char *s)
{
	char cleaned[1024];
	size_t n = text_clean(cleaned, sizeof(cleaned), text_of(s));

	return n == strlen(s) && !memcmp(cleaned, s, n);
}

static void on_line(void *arg, const struct console_line *line)
{
	struct seen *seen = arg;

	/* Pieces of a line have its number. */
	check(line->number == seen->number + 1 ||
		      (line->number == seen->number && seen->number),
	      "lines are counted");
	seen->number = line->number;
	check(line->offset == seen->offset, "lines partition the input");
	check(line->size > 0, "a line has bytes");
	seen->offset += line->size;
}

static void on_finding(void *arg, const struct finding *f)
{
	struct seen *seen = arg;

	check(f->size > 0 && f->count > 0, "a finding has bytes and a count");
	check(is_clean(f->title) && is_clean(f->text) && is_clean(f->device) &&
		      is_clean(f->function) && is_clean(f->file),
	      "texts are clean");
	for (size_t i = 0; i < f->n_decoded; i++)
		check(is_clean(f->decoded[i].value), "decoded fields are clean");
	strbuf_addf(&seen->findings,
		    "%d %s %s %s %s x%u @%" PRIu64 "+%" PRIu64 " %d %s %s\n", f->type,
		    f->bug, f->variant, f->title, f->device, f->count, f->offset, f->size,
		    f->panic, f->known, phase_name(f->phase));
}

static void classify(const struct rules *rules, const uint8_t *data, size_t n,
		     size_t step, struct seen *seen)
{
	struct classifier_sink sink = { .on_finding = on_finding, .arg = seen };
	struct classifier *c;
	uint64_t feeds = 0;

	if (seen->partitions)
		sink.on_line = on_line;
	c = classifier_new(rules, &sink);
	for (size_t i = 0; i < n; i += step)
		classifier_feed(c, data + i, n - i < step ? n - i : step);
	classifier_end(c);
	classifier_free(c);
	if (!seen->partitions)
		return;
	check(seen->offset == n, "lines cover the input");
	for (size_t i = 0; i < n; i++)
		feeds += data[i] == '\n';
	check(seen->number == feeds + (n && data[n - 1] != '\n'), "... and no more");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct rules *rules;
	struct seen whole = { 0 }, lines = { .partitions = true }, pieces = { 0 };

	if (!rules)
		rules = rules_new();
	classify(rules, data, n, n ? n : 1, &whole);
	classify(rules, data, n, n ? n : 1, &lines);
	classify(rules, data, n, n ? data[0] % 64 + 1 : 1, &pieces);
	check(whole.findings.n == lines.findings.n &&
		      (!whole.findings.n || !strcmp(whole.findings.s, lines.findings.s)),
	      "looking at lines changes nothing");
	check(whole.findings.n == pieces.findings.n &&
		      (!whole.findings.n || !strcmp(whole.findings.s, pieces.findings.s)),
	      "cuts change nothing");
	strbuf_done(&whole.findings);
	strbuf_done(&lines.findings);
	strbuf_done(&pieces.findings);
	return 0;
}
