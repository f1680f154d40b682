/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The members of a struct (base/table.h) as keys of a JSON object. */
#pragma once

#include "base/table.h"

#include <jansson.h>

/* A member that no kind describes. */
struct table_custom {
	/* NULL: the key is left out. */
	json_t *(*write)(const void *member);
	/* NULL, or the words behind "must be". */
	const char *(*read)(json_t *value, void *member);
};

/* Texts are cleaned. Jansson has no number above INT64_MAX: greater ones become that. */
void table_to_json(const struct table_member *members, const void *base, json_t *object);
/*
 * base is zeroed by the caller and freed with table_done, also after a failure. Strings
 * are on the heap then and never NULL, texts that do not fit are cut, keys that the table
 * does not have are ignored. -EINVAL: *ret_error (caller frees) is "'key' must be ...".
 */
int table_from_json(const struct table_member *members, void *base, json_t *object,
		    char **ret_error) _must_check_;
void table_done(const struct table_member *members, void *base);

/* A JSON string of any bytes. */
json_t *table_json_string(const char *s);
