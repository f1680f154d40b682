// SPDX-License-Identifier: GPL-2.0-or-later
#include "trigger.h"

#include "track.h"

/* The longest run of bytes in a format that stands in the text exactly as it is. */
static struct text find_literal(const char *format)
{
	struct text best = TEXT_NONE;

	while (*format) {
		size_t n = 0;

		while (format[n] && format[n] != '%' &&
		       (format[n] != ' ' || format[n + 1] != ' '))
			n++;
		if (n > best.n)
			best = (struct text){ format, n };
		format += n;
		if (*format == '%')
			format += 2;
		while (*format == ' ')
			format++;
	}
	return best;
}

static void add_form(struct triggers *t, const struct form *form, const char *format)
{
	struct text literal = find_literal(format);
	size_t number = t->n_forms++, id;

	t->forms[number] = *form;
	t->next_form[number] = -1;
	if (literal.n < SCAN_WINDOW) {
		form_set_add(&t->shy, number);
		return;
	}
	for (id = 0; id < t->scan.n; id++)
		if (text_equal(t->scan.literals[id], literal))
			break;
	if (id == t->scan.n) {
		scan_add(&t->scan, literal);
		t->first_form[id] = -1;
	}
	t->next_form[number] = t->first_form[id];
	t->first_form[id] = (short)number;
}

void triggers_init(struct triggers *t)
{
	const struct fault_family *const *families;
	size_t n;

	memset(t, 0, sizeof(*t));
	scan_init(&t->scan);
	families = fault_families(&n);
	for (size_t f = 0; f < n; f++)
		for (size_t i = 0; i < families[f]->n_forms; i++)
			/* FAULT_MORE is looked for behind a fault only. */
			if (families[f]->forms[i].role != FAULT_MORE)
				add_form(t,
					 &(struct form){ FORM_FAULT, 0, families[f],
							 &families[f]->forms[i] },
					 families[f]->forms[i].format);
	for (unsigned int i = 0; i < header_count(); i++)
		add_form(t, &(struct form){ FORM_HEADER, i, NULL, NULL },
			 header_get(i)->format);
	for (unsigned int i = 0; i < track_count(); i++)
		add_form(t, &(struct form){ FORM_TRACK, i, NULL, NULL }, track_format(i));
}

bool triggers_at(const struct triggers *t, struct text bytes, size_t mark,
		 struct form_set *set)
{
	unsigned int literals[8];
	size_t n = scan_at(&t->scan, bytes, mark, literals, ARRAY_SIZE(literals));

	for (size_t i = 0; i < n; i++)
		for (int form = t->first_form[literals[i]]; form >= 0;
		     form = t->next_form[form])
			form_set_add(set, (size_t)form);
	return n > 0;
}

size_t form_set_next(const struct form_set *set, size_t from)
{
	if (from >= FORM_MAX)
		return FORM_MAX;
	for (size_t i = from / 64; i < FORM_WORDS; i++) {
		uint64_t word = set->words[i];

		if (i == from / 64)
			word &= ~UINT64_C(0) << (from % 64);
		if (word)
			return i * 64 + (size_t)__builtin_ctzll(word);
	}
	return FORM_MAX;
}
