// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/pattern.h"

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

/* Where the blanks in front of the first literal that has some begin, or -1. */
static ptrdiff_t find_behind_blank(struct text t, struct text literal)
{
	for (ptrdiff_t at = 0;; at++) {
		at = text_find(t, literal, (size_t)at);
		if (at < 0 || (size_t)at >= t.n)
			return -1;
		if (at > 0 && is_blank(t.s[at - 1])) {
			while (at > 0 && is_blank(t.s[at - 1]))
				at--;
			return at;
		}
	}
}

/* Length of what %w or %s takes, -1 where it does not match. */
static ptrdiff_t span_length(char conversion, const char *rest, struct text t)
{
	size_t i = 0;

	if (conversion == 'w') {
		while (i < t.n && !is_blank(t.s[i]) && t.s[i] != rest[0])
			i++;
		return i ? (ptrdiff_t)i : -1;
	}
	if (!rest[0])
		return (ptrdiff_t)t.n;
	if (rest[0] == ' ')
		return find_behind_blank(t, (struct text){ rest + 1,
							   literal_length(rest + 1) });
	return text_find(t, (struct text){ rest, literal_length(rest) }, 0);
}

static bool match_here(const char *format, struct text t, struct pattern_match *m)
{
	size_t i = 0;

	m->n = 0;
	while (*format) {
		struct text rest = text_from(t, i);
		ptrdiff_t taken;

		if (*format == ' ') {
			if (i >= t.n || !is_blank(t.s[i]))
				return false;
			while (i < t.n && is_blank(t.s[i]))
				i++;
			format++;
			continue;
		}
		if (*format != '%' || format[1] == '%') {
			format += *format == '%';
			if (i >= t.n || t.s[i++] != *format++)
				return false;
			continue;
		}
		if (format[1] == 'd' || format[1] == 'x') {
			taken = (ptrdiff_t)number_length(rest,
							 format[1] == 'x' ? 16 : 10);
			if (!taken)
				return false;
		} else {
			taken = span_length(format[1], format + 2, rest);
			if (taken < 0)
				return false;
		}
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
