/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views into text that somebody else owns, the growing buffer, and the one place where
 * bytes from a target become clean text.
 */
#pragma once

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* n bytes at s, not NUL-terminated. Borrowed: valid as long as what it points into. */
struct text {
	const char *s;
	size_t n;
};

#define TEXT(literal) ((struct text){ "" literal "", sizeof(literal) - 1 })
#define TEXT_NONE     ((struct text){ NULL, 0 })
/* For printf("%.*s", TEXT_ARG(t)). */
#define TEXT_ARG(t) ((int)(t).n), ((t).s ? (t).s : "")

static inline struct text text_of(const char *s)
{
	return (struct text){ s, strlen(s) };
}

bool text_equal(struct text a, struct text b);
bool text_starts(struct text t, struct text prefix);
bool text_ends(struct text t, struct text suffix);
/* Offset of needle in t from offset from on, or -1. */
ptrdiff_t text_find(struct text t, struct text needle, size_t from);
static inline bool text_has(struct text t, struct text needle)
{
	return text_find(t, needle, 0) >= 0;
}
/* The rest of t from offset on (empty when offset is behind its end). */
struct text text_from(struct text t, size_t offset);
/* Cuts blanks (space, tab, CR, LF) at both ends. */
struct text text_trim(struct text t);
/* Cuts the first line off *rest, without its newline. False: nothing is left. */
bool text_next_line(struct text *rest, struct text *ret);
/* The last line that is not blank, trimmed; empty when there is none. */
struct text text_last_line(struct text t);
/* Copies at most size - 1 bytes and a NUL; returns buffer. */
char *text_copy(char *buffer, size_t size, struct text t);

/*
 * The value of "key=" in words "a=1 b=2"; a value in double quotes may hold blanks.
 * False when the key is not there.
 */
bool text_value(struct text words, const char *key, struct text *ret);

/* All of t is a number, as num_parse_u64 reads it; else false, and *ret is untouched. */
bool text_number(struct text t, uint64_t *ret);

/*
 * Valid UTF-8 without control characters (C0 but tab, C1, those that change direction),
 * whatever came in: broken sequences and controls become U+FFFD or '.', CR and NUL and terminal escape sequences go. Writes at
 * most size - 1 bytes and a NUL, returns the length. Output never outgrows 3 x input.
 */
size_t text_clean(char *buffer, size_t size, struct text raw);
/* The same, as long as it is; caller frees. */
char *text_clean_copy(struct text raw);

/* printf() of lines in which names and words of others stand: each line is clean. */
void text_print(FILE *out, const char *format, ...) _printf_(2, 3);

/* A growing string. {0} is a valid empty one; free with strbuf_done. */
struct strbuf {
	char *s; /* NUL-terminated once anything was added, else NULL */
	size_t n, room;
};

void strbuf_add(struct strbuf *b, struct text t);
void strbuf_addf(struct strbuf *b, const char *format, ...) _printf_(2, 3);
/* Forgets the content, keeps the memory. */
void strbuf_reset(struct strbuf *b);
void strbuf_done(struct strbuf *b);
#define _cleanup_strbuf_ _cleanup_(strbuf_done)
