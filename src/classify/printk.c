// SPDX-License-Identifier: GPL-2.0-or-later
#include "printk.h"

/* A date or host name in front of a message is shorter than this. */
#define PREFIX_MAX 100

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t skip_blanks(struct text t, size_t i)
{
	while (i < t.n && (t.s[i] == ' ' || t.s[i] == '\t'))
		i++;
	return i;
}

/* Takes a decimal number at *i; false when there is none. */
static bool take_number(struct text t, size_t *i, uint64_t *ret)
{
	uint64_t value = 0;
	size_t start = *i;

	while (*i < t.n && is_digit(t.s[*i]) && *i - start < 18)
		value = value * 10 + (uint64_t)(t.s[(*i)++] - '0');
	*ret = value;
	return *i > start;
}

/* "[  402.718355]" at *i. */
static bool take_seconds(struct text t, size_t *i, uint64_t *ret_us)
{
	uint64_t seconds, fraction;
	size_t p = *i, start;

	if (p >= t.n || t.s[p] != '[')
		return false;
	p = skip_blanks(t, p + 1);
	if (!take_number(t, &p, &seconds) || p >= t.n || t.s[p] != '.')
		return false;
	start = ++p;
	if (!take_number(t, &p, &fraction) || p >= t.n || t.s[p] != ']')
		return false;
	for (size_t digits = p - start; digits < 6; digits++)
		fraction *= 10;
	for (size_t digits = p - start; digits > 6; digits--)
		fraction /= 10;
	*ret_us = seconds * 1000000 + fraction;
	*i = p + 1;
	return true;
}

bool printk_stamp(struct text t, size_t at)
{
	uint64_t time_us;

	return take_seconds(t, &at, &time_us);
}

/* "[    T1]" or "[C0]" at *i. */
static bool take_caller(struct text t, size_t *i, struct text *ret)
{
	size_t p = skip_blanks(t, *i), start;
	uint64_t number;

	if (p >= t.n || t.s[p] != '[')
		return false;
	start = p = skip_blanks(t, p + 1);
	if (p >= t.n || (t.s[p] != 'T' && t.s[p] != 'C'))
		return false;
	p++;
	if (!take_number(t, &p, &number) || p >= t.n || t.s[p] != ']')
		return false;
	*ret = (struct text){ t.s + start, p - start };
	*i = p + 1;
	return true;
}

/* "hh:mm:ss" somewhere in the first n bytes from start on; the offset behind it, or 0. */
static size_t find_clock(struct text t, size_t start, size_t n)
{
	size_t end = t.n < start + n ? t.n : start + n;

	for (size_t i = start; i + 8 <= end; i++)
		if (t.s[i + 2] == ':' && t.s[i + 5] == ':' && is_digit(t.s[i]) &&
		    is_digit(t.s[i + 1]) && is_digit(t.s[i + 3]) &&
		    is_digit(t.s[i + 4]) && is_digit(t.s[i + 6]) && is_digit(t.s[i + 7]))
			return i + 8;
	return 0;
}

/* "[Tue May 19 10:06:32 2026]" in any language (dmesg -T), "[  +0.000012]" (dmesg -d). */
static bool take_date(struct text t, size_t *i)
{
	const char *close;
	size_t n;

	if (*i >= t.n || t.s[*i] != '[')
		return false;
	n = t.n - *i < 48 ? t.n - *i : 48;
	close = memchr(t.s + *i, ']', n);
	if (!close)
		return false;
	n = (size_t)(close - t.s);
	if (!find_clock((struct text){ t.s, n }, *i, n) &&
	    t.s[skip_blanks(t, *i + 1)] != '+')
		return false;
	*i = n + 1;
	return true;
}

/* "<4>" or "<30>" of syslog and /dev/kmsg. */
static bool take_level(struct text t, size_t *i)
{
	uint64_t level;
	size_t p = *i;

	if (p >= t.n || t.s[p] != '<')
		return false;
	p++;
	if (!take_number(t, &p, &level) || level > 191 || p >= t.n || t.s[p] != '>')
		return false;
	*i = p + 1;
	return true;
}

/* "6,339,5140900,-;" of /dev/kmsg and extended netconsole. */
static bool take_kmsg(struct text t, size_t *i, struct printk *ret)
{
	uint64_t level, sequence, time;
	size_t p = *i;

	if (!take_number(t, &p, &level) || p >= t.n || t.s[p++] != ',')
		return false;
	if (!take_number(t, &p, &sequence) || p >= t.n || t.s[p++] != ',')
		return false;
	if (!take_number(t, &p, &time) || p >= t.n || t.s[p] != ',')
		return false;
	while (p < t.n && t.s[p] != ';')
		p++;
	if (p == t.n)
		return false;
	ret->timed = true;
	ret->time_us = time;
	*i = p + 1;
	return true;
}

/* "kern  :warn  : " (dmesg -x). */
static bool take_facility(struct text t, size_t *i)
{
	static const char name[] = "kern";
	size_t p = *i;

	if (t.n - p < 16 || memcmp(t.s + p, name, 4))
		return false;
	p = skip_blanks(t, p + 4);
	if (p >= t.n || t.s[p] != ':')
		return false;
	for (p++; p < t.n && t.s[p] >= 'a' && t.s[p] <= 'z';)
		p++;
	p = skip_blanks(t, p);
	if (p >= t.n || t.s[p] != ':')
		return false;
	*i = skip_blanks(t, p + 1);
	return true;
}

/* "May 19 10:06:32 host kernel: ", "2026-05-19T10:06:32.1+02:00 host kernel: ". */
static bool take_syslog(struct text t, size_t *i)
{
	static const struct text tag = { "kernel: ", 8 };
	struct text head = { t.s, t.n < *i + PREFIX_MAX ? t.n : *i + PREFIX_MAX };
	ptrdiff_t at = text_find(head, tag, *i);

	if (at < 0)
		return false;
	if ((size_t)at != *i && !find_clock(head, *i, (size_t)at - *i))
		return false;
	*i = (size_t)at + tag.n;
	return true;
}

/* A time stamp further on in the line: behind a prompt, or behind a torn message. */
static bool find_seconds(struct text t, size_t *i, uint64_t *ret_us)
{
	for (size_t p = *i; p < t.n; p++) {
		const char *open = memchr(t.s + p, '[', t.n - p);

		if (!open)
			return false;
		p = (size_t)(open - t.s);
		if (t.n - p > 8 && take_seconds(t, &p, ret_us)) {
			*i = p;
			return true;
		}
	}
	return false;
}

void printk_parse(struct text t, struct printk *ret)
{
	size_t i = 0, at;

	*ret = (struct printk){ 0 };
	while (i < t.n && (t.s[i] == '>' || t.s[i] == '|') && i + 1 < t.n)
		i = skip_blanks(t, i + 1);
	at = skip_blanks(t, i);
	if (take_syslog(t, &i) || take_facility(t, &i) || take_kmsg(t, &i, ret))
		ret->prefixed = true;
	if (take_level(t, &i))
		ret->prefixed = true;
	at = skip_blanks(t, i);
	if (take_seconds(t, &at, &ret->time_us) ||
	    (!ret->prefixed && find_seconds(t, &at, &ret->time_us))) {
		ret->timed = ret->prefixed = true;
		i = at;
	} else if (take_date(t, &at)) {
		ret->prefixed = true;
		i = at;
	}
	if (ret->prefixed) {
		take_caller(t, &i, &ret->caller);
		if (i < t.n && t.s[i] == ' ')
			i++;
	}
	ret->body = text_from(t, i);
}
