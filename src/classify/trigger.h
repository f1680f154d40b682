/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which lines are worth a look: those that hold the longest literal of one of the formats
 * in the tables of faults, headers and milestones. Built from these tables, so that a new
 * row needs nothing else. What a line costs does not depend on their number.
 */
#pragma once

#include "fault.h"
#include "header.h"
#include "scan.h"

#define FORM_MAX   512
#define FORM_WORDS (FORM_MAX / 64)

/* Numbers of forms: faults, then headers, then milestones, each in its table's order. */
struct form_set {
	uint64_t words[FORM_WORDS];
};

enum form_type { FORM_FAULT, FORM_HEADER, FORM_TRACK };

struct form {
	enum form_type type;
	unsigned int index; /* in its table */
	const struct fault_family *family;
	const struct fault_form *fault;
};

struct triggers {
	struct scan scan;
	short first_form[SCAN_LITERALS_MAX]; /* of a literal */
	short next_form[FORM_MAX];           /* with the same literal; -1: none */
	/* Forms whose literals are too short to be looked for: tried next to others. */
	struct form_set shy;
	size_t n_forms;
	struct form forms[FORM_MAX];
};

/* Cheap enough to be made for each classifier. */
void triggers_init(struct triggers *triggers);
/* Adds the forms that a mark of scan_mark stands for. False: none. */
bool triggers_at(const struct triggers *triggers, struct text bytes, size_t mark,
		 struct form_set *set);
/* The lowest number in set that is at least from, or FORM_MAX. */
size_t form_set_next(const struct form_set *set, size_t from);
static inline void form_set_add(struct form_set *set, size_t form)
{
	set->words[form / 64] |= UINT64_C(1) << (form % 64);
}
