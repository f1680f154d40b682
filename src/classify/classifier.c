// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines become reports. A line is looked at by the track (where is the target?), then as
 * a fault, then as a header, then as a part of the report that is open.
 */
#include "classify/classifier.h"

#include "classify/fault.h"
#include "classify/header.h"
#include "classify/lines.h"
#include "classify/pending.h"
#include "classify/rules.h"
#include "classify/signature.h"
#include "classify/splat.h"
#include "classify/track.h"

#include <stdlib.h>

/* A burst of one kind of fault is one finding, as long as no gap is longer. */
#define BURST_LINES 40
/* "cut here" belongs to the header that follows within so many lines. */
#define CUT_LINES 6

struct classifier {
	const struct rules *rules;
	struct classifier_sink sink;
	struct lines lines;
	struct track track;
	struct pending pending;
	struct splat splat;
	struct slot *removal;       /* precursor of this shutdown, or NULL */
	unsigned int removal_cycle; /* that has told its precursor already */
	unsigned int evidence;      /* enum rules_evidence, of this boot */
	struct console_line cut;    /* the last "cut here"; number 0: none */
	char clean[3 * LINES_MAX + 1];
};

static void start_finding(struct classifier *c, struct slot *slot,
			  const struct console_line *line)
{
	struct finding *f = &slot->finding;

	f->line = line->number;
	f->offset = line->offset;
	f->size = line->size;
	f->phase = line->phase;
	f->cycle = line->cycle;
	text_copy(f->kernel, sizeof(f->kernel), text_of(c->track.kernel));
	slot->last_line = line->number;
}

static void on_done(void *arg, struct finding *f)
{
	struct classifier *c = arg;
	static const struct text severities[] = {
		[FINDING_SPLAT] = { "error", 5 },       [FINDING_FAULT] = { "error", 5 },
		[FINDING_PRECURSOR] = { "warning", 7 }, [FINDING_NOTE] = { "info", 4 },
		[FINDING_HANG] = { "error", 5 },
	};

	/* It may leave before its end when too many wait behind it. */
	if (c->splat.slot && f == &c->splat.slot->finding)
		c->splat.slot = NULL;
	if (c->removal && f == &c->removal->finding)
		c->removal = NULL;
	signature_make(f);
	text_copy(f->severity, sizeof(f->severity), severities[f->type]);
	if (c->rules && !rules_apply(c->rules, c->evidence, f))
		return;
	if (c->sink.on_finding)
		c->sink.on_finding(c->sink.arg, f);
}

/* -- faults --------------------------------------------------------------------------- */

static enum finding_type fault_type(enum fault_role role)
{
	switch (role) {
	case FAULT_NOTE:
		return FINDING_NOTE;
	case FAULT_SIGN:
		return FINDING_PRECURSOR;
	default:
		return FINDING_FAULT;
	}
}

static bool burst_fits(const struct slot *slot, const struct fault_match *match)
{
	const struct finding *f = &slot->finding;

	if (slot->done || slot->family != match->family)
		return false;
	switch (match->form->role) {
	case FAULT_MORE:
		return true;
	case FAULT_RECORD:
		/* A lead may turn out to announce something else. */
		if (slot->led && f->count == 1)
			return true;
		/* fall through */
	default:
		return f->type == fault_type(match->form->role) &&
		       !strcmp(f->kind, match->form->kind);
	}
}

static void burst_extend(struct slot *slot, const struct fault_match *match,
			 const struct console_line *line)
{
	struct finding *f = &slot->finding;

	f->size = line->offset + line->size - f->offset;
	slot->last_line = line->number;
	if (match->form->role == FAULT_RECORD && slot->led && f->count == 1)
		text_copy(f->kind, sizeof(f->kind), text_of(match->form->kind));
	if (match->form->role != FAULT_MORE && !slot->led)
		f->count++;
	slot->led = match->form->role == FAULT_LEAD;
	if (f->count == 1 && match->form->decode)
		match->form->decode(f, &match->match);
}

static void take_fault(struct classifier *c, const struct fault_match *match,
		       const struct console_line *line)
{
	struct slot *slot;
	struct finding *f;

	for (size_t i = c->pending.n; i > 0; i--) {
		slot = pending_at(&c->pending, i - 1);
		if (burst_fits(slot, match)) {
			burst_extend(slot, match, line);
			return;
		}
	}
	if (match->form->role == FAULT_MORE)
		return;
	slot = pending_open(&c->pending);
	f = &slot->finding;
	start_finding(c, slot, line);
	slot->family = match->family;
	f->type = fault_type(match->form->role);
	f->iommu = !match->family->foreign;
	f->count = 1;
	slot->led = match->form->role == FAULT_LEAD;
	text_copy(f->kind, sizeof(f->kind), text_of(match->form->kind));
	text_copy(f->driver, sizeof(f->driver), text_of(match->family->driver));
	text_copy(f->device, sizeof(f->device), match->device);
	if (match->form->decode)
		match->form->decode(f, &match->match);
}

static void end_bursts(struct classifier *c, uint64_t number)
{
	struct slot *slot;

	for (size_t i = 0; (slot = pending_at(&c->pending, i)); i++)
		if (slot->family && number - slot->last_line > BURST_LINES)
			slot->done = true;
}

/* -- precursor ------------------------------------------------------------------------ */

/*
 * A device that leaves its group while the kernel shuts down: what it still does on the
 * bus has no domain any more.
 */
static void take_removal(struct classifier *c, const struct console_line *line)
{
	struct finding *f;

	if (line->phase != PHASE_TRIGGER && line->phase != PHASE_SHUTDOWN)
		return;
	if (!text_has(line->body, TEXT("Removing from iommu group")))
		return;
	c->evidence |= RULES_GROUP_REMOVAL;
	if (!c->removal && line->cycle && line->cycle == c->removal_cycle)
		return;
	if (!c->removal) {
		c->removal = pending_open(&c->pending);
		start_finding(c, c->removal, line);
		f = &c->removal->finding;
		f->type = FINDING_PRECURSOR;
		f->iommu = true;
		text_copy(f->kind, sizeof(f->kind), TEXT("iommu-group-removal"));
		text_copy(f->title, sizeof(f->title),
			  TEXT("devices leave their IOMMU groups during shutdown"));
		text_copy(f->driver, sizeof(f->driver), TEXT("iommu-core"));
		c->removal_cycle = line->cycle;
	}
	f = &c->removal->finding;
	f->count++;
	f->size = line->offset + line->size - f->offset;
}

static void end_removal(struct classifier *c)
{
	if (c->removal)
		c->removal->done = true;
	c->removal = NULL;
}

/* -- lines ---------------------------------------------------------------------------- */

static void take_header(struct classifier *c, const struct header_match *match,
			const struct console_line *line)
{
	struct slot *slot;

	if (match->header->stage == STAGE_PANIC && splat_panic(&c->splat, line))
		return;
	if (splat_merge(&c->splat, match, line))
		return;
	splat_close(&c->splat);
	slot = pending_open(&c->pending);
	start_finding(c, slot, line);
	if (c->cut.number && line->number - c->cut.number <= CUT_LINES)
		start_finding(c, slot, &c->cut);
	c->cut.number = 0;
	splat_open(&c->splat, slot, match, line);
}

static void end_boot(struct classifier *c)
{
	splat_close(&c->splat);
	end_removal(c);
	for (size_t i = 0; i < c->pending.n; i++)
		pending_at(&c->pending, i)->done = true;
	pending_flush(&c->pending);
	c->cut.number = 0;
}

static void look_at(struct classifier *c, const struct console_line *line)
{
	struct header_match header;
	struct fault_match fault;

	if (line->milestone == MILESTONE_BANNER) {
		end_boot(c);
		c->evidence = 0;
		return;
	}
	if (line->milestone == MILESTONE_RESTART)
		end_removal(c);
	if (line->milestone == MILESTONE_MARKER)
		return;
	if (header_is_cut_here(line->body)) {
		splat_close(&c->splat);
		c->cut = *line;
	} else if (line->milestone == MILESTONE_PANIC_END) {
		splat_line(&c->splat, line);
	} else if (fault_find(line->body, &fault)) {
		take_fault(c, &fault, line);
	} else if (header_find(line->body, &header)) {
		take_header(c, &header, line);
	} else {
		take_removal(c, line);
		splat_line(&c->splat, line);
	}
}

static void on_line(void *arg, const struct line *raw)
{
	struct classifier *c = arg;
	struct console_line line = {
		.number = raw->number,
		.offset = raw->offset,
		.size = raw->size,
	};
	struct printk printk;

	line.text.s = c->clean;
	line.text.n = text_clean(c->clean, sizeof(c->clean), raw->raw);
	printk_parse(line.text, &printk);
	line.body = printk.body;
	track_line(&c->track, &printk, &line);
	if (c->sink.on_line)
		c->sink.on_line(c->sink.arg, &line);
	look_at(c, &line);
	end_bursts(c, line.number);
	pending_flush(&c->pending);
}

/* -- interface ------------------------------------------------------------------------ */

struct classifier *classifier_new(const struct rules *rules,
				  const struct classifier_sink *sink)
{
	struct classifier *c = xcalloc(1, sizeof(*c));

	c->rules = rules;
	c->sink = *sink;
	c->pending.on_done = on_done;
	c->pending.arg = c;
	lines_init(&c->lines, on_line, c);
	return c;
}

void classifier_feed(struct classifier *c, const void *bytes, size_t n)
{
	lines_feed(&c->lines, bytes, n);
}

void classifier_quiet(struct classifier *c)
{
	end_boot(c);
}

void classifier_end(struct classifier *c)
{
	lines_end(&c->lines);
	end_boot(c);
}

void classifier_free(struct classifier *c)
{
	free(c);
}

void classifier_set_phase(struct classifier *c, unsigned int cycle, enum phase phase)
{
	if (cycle != c->track.cycle || phase < PHASE_TRIGGER)
		end_removal(c);
	c->track.cycle = cycle;
	c->track.phase = phase;
}

enum phase classifier_phase(const struct classifier *c, unsigned int *ret_cycle)
{
	if (ret_cycle)
		*ret_cycle = c->track.cycle;
	return c->track.phase;
}
