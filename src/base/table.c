// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/table.h"

#include <inttypes.h>

uint64_t table_get(const struct table_member *m, const void *base)
{
	const void *at = (const char *)base + m->offset;

	if (m->kind == TABLE_BOOL)
		return *(const bool *)at;
	if (m->size == sizeof(uint64_t))
		return *(const uint64_t *)at;
	if (m->kind == TABLE_SIGNED)
		return (uint64_t)(int64_t)(*(const int *)at);
	return *(const unsigned int *)at;
}

bool table_set(const struct table_member *m, void *base, uint64_t number)
{
	void *at = (char *)base + m->offset;

	if (m->kind == TABLE_BOOL) {
		if (number > 1)
			return false;
		*(bool *)at = number;
	} else if (m->size == sizeof(uint64_t)) {
		*(uint64_t *)at = number;
	} else if (m->kind == TABLE_SIGNED) {
		if ((int64_t)number < INT32_MIN || (int64_t)number > INT32_MAX)
			return false;
		*(int *)at = (int)(int64_t)number;
	} else {
		if (number > UINT32_MAX)
			return false;
		*(unsigned int *)at = (unsigned int)number;
	}
	return true;
}

bool table_find_name(const struct table_names *names, struct text name, unsigned int *ret)
{
	for (unsigned int i = 0; i < names->count; i++)
		if (text_equal(name, text_of(names->name(i)))) {
			*ret = i;
			return true;
		}
	return false;
}

void table_count(const struct table_member *m, void *base, struct text name,
		 uint64_t number)
{
	uint64_t *counters = (void *)((char *)base + m->offset);
	unsigned int i = m->names->count - 1;

	(void)table_find_name(m->names, name, &i);
	counters[i] += number;
}

/* "ENOBUFS:12,ENETDOWN:3". */
static bool parse_counters(const struct table_member *m, void *base, struct text value)
{
	while (value.n) {
		ptrdiff_t comma = text_find(value, TEXT(","), 0), colon;
		struct text one = value;
		uint64_t number;

		if (comma >= 0)
			one.n = (size_t)comma;
		value = text_from(value, comma >= 0 ? one.n + 1 : one.n);
		colon = text_find(one, TEXT(":"), 0);
		if (colon < 1 || !text_number(text_from(one, (size_t)colon + 1), &number))
			return false;
		one.n = (size_t)colon;
		table_count(m, base, one, number);
	}
	return true;
}

static bool parse_signed(struct text value, uint64_t *ret)
{
	bool negative = text_starts(value, TEXT("-"));

	if (!text_number(text_from(value, negative), ret) ||
	    *ret > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? -*ret : *ret;
	return true;
}

static bool parse_chars(const struct table_member *m, char *member, struct text value)
{
	if ((m->rules & TABLE_EXACT) && value.n >= m->size)
		return false;
	if ((m->rules & TABLE_DASH) && text_equal(value, TEXT("-")))
		value = TEXT_NONE;
	text_clean(member, m->size, value);
	return true;
}

static bool parse_member(const struct table_member *m, void *base, struct text value)
{
	unsigned int index;
	uint64_t number;

	if (m->kind == TABLE_CHARS)
		return parse_chars(m, (char *)base + m->offset, value);
	if (m->kind == TABLE_STRUCT)
		return parse_counters(m, base, value);
	if (m->names) {
		if (!table_find_name(m->names, value, &index))
			return false;
		number = index;
	} else if (m->kind == TABLE_SIGNED ? !parse_signed(value, &number) :
					     !text_number(value, &number)) {
		return false;
	}
	if (m->kind == TABLE_BOOL && !(m->rules & TABLE_EXACT))
		number = number != 0;
	return table_set(m, base, number);
}

bool table_parse(struct text words, const struct table_member *members, void *base)
{
	struct text value;

	for (const struct table_member *m = members; m->size; m++) {
		if (!m->word)
			continue;
		if (!text_value(words, m->word, &value)) {
			if (m->rules & TABLE_NEEDED)
				return false;
		} else if (!parse_member(m, base, value) && !(m->rules & TABLE_LENIENT)) {
			return false;
		}
	}
	return true;
}

static void format_counters(const struct table_member *m, const void *base,
			    struct strbuf *out)
{
	const uint64_t *counters = (const void *)((const char *)base + m->offset);
	const char *comma = "";

	for (unsigned int i = 0; i < m->names->count; i++) {
		if (!counters[i])
			continue;
		if (!*comma)
			strbuf_addf(out, " %s=", m->word);
		strbuf_addf(out, "%s%s:%" PRIu64, comma, m->names->name(i), counters[i]);
		comma = ",";
	}
}

/* A value with blanks stands in quotes, and quotes have no escape. */
static void format_chars(const struct table_member *m, const char *s, struct strbuf *out)
{
	const char *quote = strpbrk(s, " \t") || s[0] == '"' ? "\"" : "";

	if (!s[0] && (m->rules & TABLE_DASH))
		s = "-";
	strbuf_addf(out, " %s=%s", m->word, quote);
	for (; *s; s++)
		strbuf_add(out, *quote && *s == '"' ? TEXT("'") : (struct text){ s, 1 });
	strbuf_add(out, text_of(quote));
}

static void format_member(const struct table_member *m, const void *base,
			  struct strbuf *out)
{
	uint64_t number;

	if (m->kind == TABLE_CHARS) {
		format_chars(m, (const char *)base + m->offset, out);
		return;
	}
	if (m->kind == TABLE_STRUCT) {
		format_counters(m, base, out);
		return;
	}
	number = table_get(m, base);
	if (m->names)
		strbuf_addf(out, " %s=%s", m->word, m->names->name((unsigned int)number));
	else if (m->kind == TABLE_SIGNED)
		strbuf_addf(out, " %s=%" PRId64, m->word, (int64_t)number);
	else
		strbuf_addf(out, " %s=%" PRIu64, m->word, number);
}

void table_format(const struct table_member *members, const void *base,
		  const char *const *keys, struct strbuf *out)
{
	for (; *keys; keys++)
		for (const struct table_member *m = members; m->size; m++)
			if (m->word && !strcmp(m->word, *keys))
				format_member(m, base, out);
}
