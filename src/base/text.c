// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>

bool text_equal(struct text a, struct text b)
{
	return a.n == b.n && (!a.n || !memcmp(a.s, b.s, a.n));
}

bool text_starts(struct text t, struct text prefix)
{
	return t.n >= prefix.n && (!prefix.n || !memcmp(t.s, prefix.s, prefix.n));
}

bool text_ends(struct text t, struct text suffix)
{
	return t.n >= suffix.n &&
	       (!suffix.n || !memcmp(t.s + t.n - suffix.n, suffix.s, suffix.n));
}

ptrdiff_t text_find(struct text t, struct text needle, size_t from)
{
	const char *hit;

	if (from > t.n || !t.s)
		return -1;
	hit = memmem(t.s + from, t.n - from, needle.s, needle.n);
	return hit ? hit - t.s : -1;
}

struct text text_from(struct text t, size_t offset)
{
	if (offset >= t.n)
		return (struct text){ t.s ? t.s + t.n : NULL, 0 };
	return (struct text){ t.s + offset, t.n - offset };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text text_trim(struct text t)
{
	while (t.n && is_blank(t.s[0])) {
		t.s++;
		t.n--;
	}
	while (t.n && is_blank(t.s[t.n - 1]))
		t.n--;
	return t;
}

bool text_next_line(struct text *rest, struct text *ret)
{
	ptrdiff_t end = text_find(*rest, TEXT("\n"), 0);

	if (!rest->n)
		return false;
	*ret = (struct text){ rest->s, end < 0 ? rest->n : (size_t)end };
	*rest = text_from(*rest, ret->n + (end >= 0));
	return true;
}

struct text text_last_line(struct text t)
{
	size_t begin;

	t = text_trim(t);
	for (begin = t.n; begin && t.s[begin - 1] != '\n';)
		begin--;
	return text_trim(text_from(t, begin));
}

char *text_copy(char *buffer, size_t size, struct text t)
{
	size_t n = t.n < size ? t.n : size - 1;

	if (n)
		memcpy(buffer, t.s, n);
	buffer[n] = '\0';
	return buffer;
}

bool text_value(struct text words, const char *key, struct text *ret)
{
	size_t key_len = strlen(key);

	for (size_t i = 0; i < words.n;) {
		size_t start, end;
		bool match;

		while (i < words.n && is_blank(words.s[i]))
			i++;
		match = words.n - i > key_len && !memcmp(words.s + i, key, key_len) &&
			words.s[i + key_len] == '=';
		while (i < words.n && !is_blank(words.s[i]) && words.s[i] != '=')
			i++;
		start = i < words.n && words.s[i] == '=' ? i + 1 : i;
		if (start < words.n && start > i && words.s[start] == '"') {
			for (end = ++start; end < words.n && words.s[end] != '"';)
				end++;
			i = end + 1;
		} else {
			for (end = start; end < words.n && !is_blank(words.s[end]);)
				end++;
			i = end;
		}
		if (match) {
			*ret = (struct text){ words.s + start, end - start };
			return true;
		}
	}
	return false;
}

bool text_number(struct text t, uint64_t *ret)
{
	char number[24];

	return t.n < sizeof(number) &&
	       strlen(text_copy(number, sizeof(number), t)) == t.n &&
	       num_parse_u64(number, ret) == 0;
}

/* Length of the escape sequence at s (ECMA-48 CSI, OSC, or two bytes), at least 1. */
static size_t escape_length(const char *s, size_t n)
{
	size_t i = 2;

	if (n < 2)
		return n;
	if (s[1] == '[') {
		while (i < n && (s[i] < 0x40 || s[i] > 0x7e))
			i++;
		return i < n ? i + 1 : n;
	}
	if (s[1] == ']') {
		while (i < n && s[i] != '\a' && s[i] != '\033')
			i++;
		return i < n ? i + 1 : n;
	}
	return 2;
}

/* Length of the valid UTF-8 sequence at s (Unicode 15, table 3-7), or 0. */
static size_t utf8_length(const unsigned char *s, size_t n)
{
	static const struct {
		unsigned char first, last, second_min, second_max, len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		if (s[0] < forms[f].first || s[0] > forms[f].last)
			continue;
		if (n < forms[f].len || s[1] < forms[f].second_min ||
		    s[1] > forms[f].second_max)
			return 0;
		for (size_t i = 2; i < forms[f].len; i++)
			if ((s[i] & 0xc0) != 0x80)
				return 0;
		return forms[f].len;
	}
	return 0;
}

/*
 * Valid characters that still steer a terminal: C1 controls (U+0080 .. U+009F), embeddings
 * and overrides of direction (U+202A .. U+202E), isolates (U+2066 .. U+2069).
 */
static bool is_steering(const unsigned char *s, size_t len)
{
	if (len == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	if (len == 3 && s[0] == 0xe2 && s[1] == 0x80)
		return s[2] >= 0xaa && s[2] <= 0xae;
	return len == 3 && s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9;
}

size_t text_clean(char *buffer, size_t size, struct text raw)
{
	size_t out = 0, i = 0;

	while (i < raw.n) {
		unsigned char c = (unsigned char)raw.s[i];
		const char *add = raw.s + i;
		size_t used = 1, len = 1;

		if (c == 0x1b) {
			used = escape_length(raw.s + i, raw.n - i);
			len = 0;
		} else if (c == '\0' || c == '\r' || c == '\n') {
			len = 0;
		} else if ((c < 0x20 && c != '\t') || c == 0x7f) {
			add = ".";
		} else if (c >= 0x80) {
			used = len =
				utf8_length((const unsigned char *)raw.s + i, raw.n - i);
			if (!len) {
				add = "\xef\xbf\xbd";
				used = 1;
				len = 3;
			} else if (is_steering((const unsigned char *)add, len)) {
				add = ".";
				len = 1;
			}
		}
		if (out + len >= size)
			break;
		memcpy(buffer + out, add, len);
		out += len;
		i += used;
	}
	if (size)
		buffer[out] = '\0';
	return out;
}

char *text_clean_copy(struct text raw)
{
	char *clean = xcalloc(3 * raw.n + 1, 1);

	(void)text_clean(clean, 3 * raw.n + 1, raw);
	return clean;
}

void text_print(FILE *out, const char *format, ...)
{
	_cleanup_free_ char *all = NULL;
	struct text rest, line;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&all, format, args);
	va_end(args);
	if (n < 0)
		abort();
	rest = (struct text){ all, (size_t)n };
	while (text_next_line(&rest, &line)) {
		_cleanup_free_ char *clean = text_clean_copy(line);

		/* Only the last one may have no newline. */
		fprintf(out, "%s%s", clean, rest.n || all[n - 1] == '\n' ? "\n" : "");
	}
}

static void strbuf_reserve(struct strbuf *b, size_t more)
{
	size_t need = b->n + more + 1;

	if (need <= b->room)
		return;
	b->room = need * 2 < 64 ? 64 : need * 2;
	b->s = xrealloc(b->s, b->room, 1);
}

void strbuf_add(struct strbuf *b, struct text t)
{
	strbuf_reserve(b, t.n);
	if (t.n)
		memcpy(b->s + b->n, t.s, t.n);
	b->n += t.n;
	b->s[b->n] = '\0';
}

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0)
		abort();
	strbuf_add(b, (struct text){ text, (size_t)n });
	free(text);
}

void strbuf_reset(struct strbuf *b)
{
	b->n = 0;
	if (b->s)
		b->s[0] = '\0';
}

void strbuf_done(struct strbuf *b)
{
	free(b->s);
	*b = (struct strbuf){ 0 };
}
