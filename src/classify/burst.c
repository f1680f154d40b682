// SPDX-License-Identifier: GPL-2.0-or-later
#include "burst.h"

#include "blame.h"

/* A burst of one kind of fault is one finding, as long as no gap is longer. */
#define BURST_LINES 40
/* Further lines about a fault, and its record behind a lead, follow at once. */
#define MORE_LINES 8
/* The status line of VT-d stands within so many lines of a queue's error. */
#define STATUS_LINES 3

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

static bool fits(const struct slot *slot, const struct fault_match *match,
		 uint64_t number)
{
	const struct finding *f = &slot->finding;
	uint64_t distance = number - slot->last_line;

	if (slot->done || slot->family != match->family || distance > BURST_LINES ||
	    f->type != fault_type(match->form->role))
		return false;
	if (!strcmp(f->kind, match->form->kind))
		return true;
	/* A lead may turn out to announce something else. */
	if (match->form->role == FAULT_RECORD)
		return slot->led && f->count == 1 && distance <= MORE_LINES;
	return match->form->role == FAULT_LEAD && f->count == 1 &&
	       distance <= STATUS_LINES;
}

/* "amd_iommu_report_page_fault: 26 callbacks suppressed" */
static void add_suppressed(struct pending *pending, struct text body)
{
	ptrdiff_t colon = text_find(body, TEXT(": "), 0);
	const char *driver;
	struct text words;
	uint64_t count;

	if (colon < 1)
		return;
	words = text_from(body, (size_t)colon + 2);
	body.n = (size_t)colon;
	for (size_t i = 0; i < words.n; i++)
		if (words.s[i] == ' ')
			words.n = i;
	count = pattern_number(words, 10);
	if (!count || !blame_is_iommu(body, &driver))
		return;
	for (size_t i = pending->n; i > 0; i--) {
		struct slot *slot = pending_at(pending, i - 1);

		if (slot->done || !slot->family ||
		    strcmp(slot->finding.driver, driver) != 0)
			continue;
		count += slot->finding.count;
		slot->finding.count = count < UINT32_MAX ? (unsigned int)count :
							   UINT32_MAX;
		return;
	}
}

static void add_line(struct slot *slot, const struct console_line *line)
{
	slot->finding.size = line->offset + line->size - slot->finding.offset;
	slot->last_line = line->number;
}

bool burst_extend(struct pending *pending, const struct fault_match *match,
		  const struct console_line *line)
{
	if (match->form->role == FAULT_SUPPRESSED) {
		add_suppressed(pending, line->body);
		return true;
	}
	for (size_t i = pending->n; i > 0; i--) {
		struct slot *slot = pending_at(pending, i - 1);
		struct finding *f = &slot->finding;
		bool same;

		if (!fits(slot, match, line->number))
			continue;
		same = !strcmp(f->kind, match->form->kind);
		add_line(slot, line);
		if (match->form->role == FAULT_RECORD && slot->led && f->count == 1)
			text_copy(f->kind, sizeof(f->kind), text_of(match->form->kind));
		if (!slot->led && same)
			f->count++;
		slot->led = match->form->role == FAULT_LEAD && same;
		if (f->count == 1)
			fault_decode(f, match->form, &match->match);
		return true;
	}
	return false;
}

void burst_begin(struct slot *slot, const struct fault_match *match)
{
	struct finding *f = &slot->finding;

	slot->family = match->family;
	slot->led = match->form->role == FAULT_LEAD;
	f->type = fault_type(match->form->role);
	f->iommu = !match->family->foreign;
	f->count = 1;
	text_copy(f->kind, sizeof(f->kind), text_of(match->form->kind));
	text_copy(f->driver, sizeof(f->driver), text_of(match->family->driver));
	text_copy(f->device, sizeof(f->device), match->device);
	fault_decode(f, match->form, &match->match);
}

bool burst_more(struct pending *pending, const struct console_line *line)
{
	struct fault_match match;

	for (size_t i = pending->n; i > 0; i--) {
		struct slot *slot = pending_at(pending, i - 1);
		const struct fault_family *family = slot->family;

		if (!family || slot->done || line->number - slot->last_line > MORE_LINES)
			continue;
		for (size_t k = 0; k < family->n_forms; k++) {
			if (family->forms[k].role != FAULT_MORE ||
			    !fault_try(family, &family->forms[k], line->body, &match))
				continue;
			add_line(slot, line);
			if (slot->finding.count == 1)
				fault_decode(&slot->finding, match.form, &match.match);
			return true;
		}
	}
	return false;
}

void burst_interrupt(struct pending *pending)
{
	struct slot *slot;

	for (size_t i = 0; (slot = pending_at(pending, i)); i++)
		slot->done |= slot->family != NULL;
}

void burst_expire(struct pending *pending, uint64_t number)
{
	struct slot *slot;

	for (size_t i = 0; (slot = pending_at(pending, i)); i++)
		if (slot->family && number - slot->last_line > BURST_LINES)
			slot->done = true;
}
