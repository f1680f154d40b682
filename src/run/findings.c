// SPDX-License-Identifier: GPL-2.0-or-later
/* What the classifier finds: counted for the verdict, extracted, recorded. */
#include "base/log.h"
#include "classify/signature.h"
#include "run/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Several cycles may be on their way at once. */
struct cycle_facts *run_facts_of(struct run *run, unsigned int cycle)
{
	struct cycle_facts *own =
		run->scenario->facts_of ? run->scenario->facts_of(run, cycle) : NULL;

	return own ? own : &run->cycle;
}

/* Reports after which the context that printed them does not go on. */
static bool is_oops(const struct finding *finding)
{
	static const char *const classes[] = { "oops", "bug", "panic" };

	if (finding->type != FINDING_SPLAT)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (!strcmp(signature_class(finding->kind), classes[i]))
			return true;
	return finding->panic;
}

void findings_count(struct cycle_facts *c, const struct finding *finding)
{
	unsigned int before = c->oops               ? 3 :
			      c->splats + c->faults ? 2 :
			      c->precursors         ? 1 :
						      0;
	unsigned int rank = 2;

	switch (finding->type) {
	case FINDING_SPLAT:
		c->splats++;
		break;
	case FINDING_FAULT:
		c->faults++;
		break;
	case FINDING_PRECURSOR:
		c->precursors++;
		rank = 1;
		break;
	default:
		return;
	}
	if (is_oops(finding)) {
		c->oops = true;
		rank = 3;
	}
	c->panic |= finding->panic;
	if (rank <= before)
		return;
	c->worst_phase = finding->phase;
	snprintf(c->worst, sizeof(c->worst), "%s", finding->title);
}

static void add_known(const struct run *run, const struct finding *finding,
		      struct strbuf *head)
{
	const struct known_issue *known =
		run->rig.rules ? rules_find_known(run->rig.rules, finding->known) : NULL;

	if (known) {
		strbuf_addf(head, "Known-issue: %s, %s\n", known->id, known->title);
		if (known->fixed_by[0])
			strbuf_addf(head, "Fixed-by: %s\n", known->fixed_by);
	}
	if (finding->advice[0])
		strbuf_addf(head, "Advice: %s\n", finding->advice);
}

/* What stands above the raw lines of an extracted report. */
static char *report_head(const struct run *run, const struct finding *finding)
{
	_cleanup_strbuf_ struct strbuf load = { 0 };
	struct strbuf head = { 0 };
	char words[128];

	if (run->scenario->words)
		run->scenario->words(run, words, sizeof(words));
	else
		snprintf(words, sizeof(words), "method %s", run->plan->method->name);
	strbuf_addf(&head, "Title: %s\n", finding->title);
	strbuf_addf(&head, "Kernel: %s\n",
		    finding->kernel[0] ? finding->kernel : run->recorder.fold.kernel);
	strbuf_addf(&head, "Board: %s\n", run->plan->target);
	strbuf_addf(&head, "Cycle: %u, phase %s, %s\n", finding->cycle,
		    phase_name(finding->phase), words);
	if (run->plan->flood) {
		flood_spec_format(&run->plan->load, &load);
		strbuf_addf(&head,
			    "Load: --flood=%s, %" PRIu32 " requests/s, %" PRIu32
			    " replies/s\n",
			    load.s, run->traffic.sample.rate,
			    run->traffic.sample.reply_rate);
	}
	if (finding->device[0])
		strbuf_addf(&head, "Device: %s\n", finding->device);
	for (size_t i = 0; i < finding->n_decoded; i++)
		strbuf_addf(&head, "%s: %s\n", finding->decoded[i].name,
			    finding->decoded[i].value);
	add_known(run, finding, &head);
	strbuf_addf(&head, "Signature: %s variant %s\n", finding->bug, finding->variant);
	return head.s;
}

void run_take_finding(void *arg, const struct finding *finding)
{
	struct run *run = arg;
	_cleanup_free_ char *head = NULL, *report = NULL;
	struct record record = { .type = RECORD_FINDING,
				 .cycle = finding->cycle ? finding->cycle :
							   run->cycle.cycle };
	int r;

	findings_count(run_facts_of(run, finding->cycle), finding);
	head = report_head(run, finding);
	r = journal_extract(run->recorder.journal, finding, text_of(head), &report);
	if (r < 0 && !run->recorder.failed) {
		/* The raw bytes are still in console.raw: the finding counts all the same. */
		log_errno(r, "cannot extract a report into %s",
			  journal_dir(run->recorder.journal));
	}
	record.finding.finding = *finding;
	record.finding.report = report ? report : "";
	run_record(run, &record);
}
