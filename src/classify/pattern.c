// SPDX-License-Identifier: GPL-2.0-or-later
#include "pattern.h"

/* A line made of nothing but beginnings of a format must not cost its square. */
#define TRIES_MAX 4

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

uint64_t pattern_number(struct text t, unsigned int base)
{
	uint64_t value = 0;
	size_t i = 0;

	if (base == 16 && t.n > 2 && t.s[0] == '0' && (t.s[1] | 0x20) == 'x')
		i = 2;
	for (; i < t.n; i++) {
		unsigned int digit = (unsigned int)digit_value(t.s[i]);

		if (digit >= base || value > (UINT64_MAX - digit) / base)
			return 0;
		value = value * base + digit;
	}
	return value;
}

/* Length of the number at t, 0 where there is none. */
static size_t number_length(struct text t, int base)
{
	size_t i = 0, start;

	if (base == 16 && t.n > 2 && t.s[0] == '0' && (t.s[1] | 0x20) == 'x')
		i = 2;
	else if (base == 10 && t.n && t.s[0] == '-')
		i = 1;
	for (start = i; i < t.n && digit_value(t.s[i]) < base;)
		i++;
	return i > start ? i : 0;
}

static size_t literal_length(const char *format)
{
	size_t n = 0;

	while (format[n] && format[n] != '%' && format[n] != ' ')
		n++;
	return n;
}

/* Matches blanks and literal bytes of the format; where both stop matching. */
static bool match_literal(const char **format, struct text t, size_t *i)
{
	const char *f = *format;

	while (*f && (*f != '%' || f[1] == '%')) {
		if (*f == ' ') {
			if (*i >= t.n || !is_blank(t.s[*i]))
				return false;
			while (*i < t.n && is_blank(t.s[*i]))
				(*i)++;
			while (*f == ' ')
				f++;
			continue;
		}
		f += *f == '%';
		if (*i >= t.n || t.s[(*i)++] != *f++)
			return false;
	}
	*format = f;
	return true;
}

static size_t word_length(const char *rest, struct text t)
{
	size_t i = 0;

	while (i < t.n && !is_blank(t.s[i]) && t.s[i] != rest[0])
		i++;
	return i;
}

/* The shortest length of %s, from least on, behind which its literal follows; or -1. */
static ptrdiff_t span_length(const char *rest, struct text t, size_t least)
{
	for (size_t n = least; n <= t.n; n++) {
		const char *format = rest;
		size_t end = n;

		if (!rest[0])
			return (ptrdiff_t)t.n;
		if (rest[0] != ' ') {
			const char *next = memchr(t.s + n, rest[0], t.n - n);

			if (!next)
				return -1;
			end = n = (size_t)(next - t.s);
		}
		if (match_literal(&format, t, &end))
			return (ptrdiff_t)n;
	}
	return -1;
}

static bool match_here(const char *format, struct text t, struct pattern_match *m)
{
	size_t i = 0;

	m->n = 0;
	for (;;) {
		struct text rest;
		ptrdiff_t taken;

		if (!match_literal(&format, t, &i))
			return false;
		if (!*format)
			break;
		rest = text_from(t, i);
		if (format[1] == 'd' || format[1] == 'x')
			taken = (ptrdiff_t)number_length(rest,
							 format[1] == 'x' ? 16 : 10);
		else if (format[1] == 'w')
			taken = (ptrdiff_t)word_length(format + 2, rest);
		else
			taken = span_length(format + 2, rest, 0);
		if (taken < 0 || (!taken && format[1] != 's'))
			return false;
		if (m->n < PATTERN_CAPTURES_MAX)
			m->captures[m->n++] = (struct text){ rest.s, (size_t)taken };
		i += (size_t)taken;
		format += 2;
	}
	m->end = i;
	return true;
}

bool pattern_find(const char *format, struct text text, struct pattern_match *ret)
{
	struct text first = { format, literal_length(format) };
	ptrdiff_t at = 0;

	for (int tries = 0; tries < TRIES_MAX; tries++, at++) {
		at = text_find(text, first, (size_t)at);
		if (at < 0)
			return false;
		if (match_here(format, text_from(text, (size_t)at), ret)) {
			ret->start = (size_t)at;
			ret->end += (size_t)at;
			return true;
		}
	}
	return false;
}
