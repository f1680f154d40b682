/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a plain struct, described once. The same rows turn the struct into words
 * ("key=value ...") and back, and into JSON and back (journal/table_json.h). Pure.
 */
#pragma once

#include "base/text.h"

enum table_kind {
	TABLE_UNSIGNED, /* unsigned int, uint64_t; with names: an enum from 0 on */
	TABLE_SIGNED,   /* int, int64_t */
	TABLE_BOOL,     /* 0 or 1 in words; with names: the first is false */
	TABLE_CHARS,    /* char[size]; cleaned (text_clean) on reading */
	TABLE_STRING,   /* const char *, in JSON only */
	TABLE_STRUCT, /* with names: a uint64_t for each; without: custom, in JSON only */
};

enum table_rule {
	/* JSON: left out when 0, false, "" or the first name, and may be missing. */
	TABLE_OPTIONAL = 1,
	TABLE_OBJECT = 2, /* JSON: the STRING holds an object, "" for none */
	TABLE_NEEDED = 4, /* words: must be there */
	TABLE_EXACT = 8, /* words: a text that would be cut is wrong, as is a bool of 2 */
	TABLE_LENIENT = 16, /* words: a wrong value counts as missing */
	TABLE_DASH = 32,    /* words: "-" is an empty text */
};

struct table_names {
	const char *(*name)(unsigned int value);
	unsigned int count; /* counters: the last one takes unknown names */
};

struct table_custom;

/* A table is an array of these; one of size 0 ends it. */
struct table_member {
	const char *json, *word; /* keys; NULL: not in JSON, not in words */
	enum table_kind kind;
	unsigned int rules; /* TABLE_* */
	size_t offset, size;
	const struct table_names *names;
	const struct table_custom *custom;
};

/* The type of the member decides the kind. Further arguments: .names or .custom. */
#define TABLE_MEMBER(type, name, json_key, word_key, rule, ...)                       \
	{                                                                             \
		.json = (json_key), .word = (word_key), .rules = (rule),              \
		.kind = TABLE_KIND(((type *)NULL)->name),                             \
		.offset = offsetof(type, name), .size = sizeof(((type *)NULL)->name), \
		__VA_ARGS__                                                           \
	}
#define TABLE_KIND(member) \
	_Generic((member),			\
		bool: TABLE_BOOL,		\
		unsigned int: TABLE_UNSIGNED,	\
		uint64_t: TABLE_UNSIGNED,	\
		int: TABLE_SIGNED,		\
		int64_t: TABLE_SIGNED,		\
		char *: TABLE_CHARS,		\
		const char *: TABLE_STRING,	\
		default: TABLE_STRUCT)

/*
 * Reads words into base, which the caller has zeroed; other keys are ignored. False: a key
 * is missing or wrong, and base is filled in part.
 */
bool table_parse(struct text words, const struct table_member *members,
		 void *base) _must_check_;
/*
 * Adds " key=value" for each of these keys, in their order; NULL ends them. Counters that
 * are all 0 are left out.
 */
void table_format(const struct table_member *members, const void *base,
		  const char *const *keys, struct strbuf *out);

/* Of UNSIGNED, BOOL and, converted to uint64_t, SIGNED. */
uint64_t table_get(const struct table_member *m, const void *base);
/* False: the number does not fit, and nothing is set. */
bool table_set(const struct table_member *m, void *base, uint64_t number);
/* Adds to the counter of this name. */
void table_count(const struct table_member *m, void *base, struct text name,
		 uint64_t number);
bool table_find_name(const struct table_names *names, struct text name,
		     unsigned int *ret);
