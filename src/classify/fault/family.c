// SPDX-License-Identifier: GPL-2.0-or-later
#include "family.h"

#include <stdio.h>

char *fault_describe_bits(char *buffer, size_t size, uint64_t value,
			  const struct fault_bit *bits, size_t n_bits)
{
	size_t n = (size_t)snprintf(buffer, size, "0x%llx", (unsigned long long)value);
	const char *separator = ": ";

	for (size_t i = 0; i < n_bits && n < size; i++) {
		if (!(value >> bits[i].bit & 1))
			continue;
		n += (size_t)snprintf(buffer + n, size - n, "%s%s", separator,
				      bits[i].word);
		separator = ", ";
	}
	return buffer;
}

const char *fault_code_word(unsigned int code, const struct fault_code *codes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (codes[i].code == code)
			return codes[i].word;
	return NULL;
}

const char *fault_first_bit(uint64_t value, const struct fault_bit *bits, size_t n_bits)
{
	for (size_t i = 0; i < n_bits; i++)
		if (value >> bits[i].bit & 1)
			return bits[i].word;
	return NULL;
}

/* The number of the field of that name, or of the first free one. */
static size_t find_field(const struct finding *f, const char *name)
{
	size_t i = 0;

	while (i < f->n_decoded && strcmp(f->decoded[i].name, name) != 0)
		i++;
	return i;
}

const char *fault_field(const struct finding *finding, const char *name)
{
	size_t i = find_field(finding, name);

	return i < finding->n_decoded ? finding->decoded[i].value : NULL;
}

void fault_set_device(struct finding *finding, struct text device)
{
	if (text_ends(device, TEXT(":")))
		device.n--;
	text_copy(finding->device, sizeof(finding->device), device);
}

void fault_add(struct finding *finding, const char *name, const char *format, ...)
{
	size_t i = find_field(finding, name);
	struct finding_field *field = &finding->decoded[i];
	va_list args;

	if (i == FINDING_DECODED_MAX)
		return;
	if (i == finding->n_decoded)
		finding->n_decoded++;
	snprintf(field->name, sizeof(field->name), "%s", name);
	va_start(args, format);
	vsnprintf(field->value, sizeof(field->value), format, args);
	va_end(args);
}

/* False: the line lacks a capture of the template. */
static bool fill(char *buffer, size_t size, struct text template,
		 const struct pattern_match *match)
{
	size_t n = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < template.n && n < size; i++) {
		struct text piece = { template.s + i, 1 };
		char number[24];

		if (*piece.s == '$' || *piece.s == '#') {
			size_t k = (size_t)(template.s[++i] - '0');

			if (k >= match->n)
				return false;
			snprintf(number, sizeof(number), "0x%llx",
				 (unsigned long long)pattern_hex(match->captures[k]));
			piece = *piece.s == '#' ? text_of(number) :
						  text_trim(match->captures[k]);
		}
		n += (size_t)snprintf(buffer + n, size - n, "%.*s", TEXT_ARG(piece));
	}
	return true;
}

void fault_decode(struct finding *f, const struct fault_form *form,
		  const struct pattern_match *match)
{
	char name[sizeof(f->decoded[0].name)], words[sizeof(f->title)];

	for (struct text rest = text_of(form->fields ? form->fields : ""); rest.n;) {
		ptrdiff_t equals = text_find(rest, TEXT("="), 0);
		ptrdiff_t end = text_find(rest, TEXT("; "), 0);
		struct text value = { rest.s, end < 0 ? rest.n : (size_t)end };

		text_copy(name, sizeof(name), (struct text){ rest.s, (size_t)equals });
		rest = text_from(rest, value.n + strlen("; "));
		if (!fill(words, sizeof(words), text_from(value, (size_t)equals + 1),
			  match))
			continue;
		if (!strcmp(name, "device"))
			fault_set_device(f, text_of(words));
		else if (!strcmp(name, "driver"))
			text_copy(f->driver, sizeof(f->driver), text_of(words));
		else
			fault_add(f, name, "%s", words);
	}
	if (form->title && fill(words, sizeof(words), text_of(form->title), match))
		text_copy(f->title, sizeof(f->title), text_of(words));
	if (form->decode)
		form->decode(f, match);
}
