/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Members of a plain struct as keys of a JSON object: one table describes both ways, so
 * that writing and reading cannot differ.
 */
#pragma once

#include "base/text.h"

#include <jansson.h>

enum field_kind {
	FIELD_U64,    /* uint64_t up to INT64_MAX, the largest integer of jansson */
	FIELD_I64,    /* int64_t */
	FIELD_UINT,   /* unsigned int, uint32_t */
	FIELD_INT,    /* int */
	FIELD_BOOL,   /* bool */
	FIELD_STRING, /* const char *; after fields_read on the heap and never NULL */
	FIELD_CHARS,  /* char[size] */
	FIELD_WORD,   /* an enum, as one of words */
	FIELD_OBJECT, /* const char * that holds a JSON object, "" for none; as STRING */
	FIELD_CUSTOM, /* custom has its two functions */
};

struct field_words {
	const char *(*name)(unsigned int value);
	unsigned int count;
};

struct field_custom {
	/* NULL: nothing to tell. */
	json_t *(*write)(const void *member);
	/* NULL, or the words behind "must be". */
	const char *(*read)(json_t *value, void *member);
};

struct field {
	const char *key; /* NULL ends a table */
	enum field_kind kind;
	bool optional; /* left out when 0, false, "" or the first word */
	size_t offset, size;
	const struct field_words *words;
	const struct field_custom *custom;
};

#define FIELD(type, member, k, name, ...)                                     \
	{                                                                     \
		.key = (name), .kind = (k), .offset = offsetof(type, member), \
		.size = sizeof(((type *)NULL)->member), __VA_ARGS__           \
	}

/* Texts are cleaned; texts of a read object that do not fit are cut. */
void fields_write(json_t *object, const struct field *fields, const void *base);
/*
 * base is zeroed by the caller and freed with fields_done, also after a failure. Keys
 * without a field are ignored. -EINVAL: *ret_error (caller frees) is "'key' must be ...".
 */
int fields_read(json_t *object, const struct field *fields, void *base,
		char **ret_error) _must_check_;
void fields_done(const struct field *fields, void *base);

/* A JSON string of what may be any bytes. */
json_t *field_clean_string(const char *s);
