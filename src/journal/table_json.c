// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/table_json.h"

#include <errno.h>
#include <stdlib.h>

json_t *table_json_string(const char *s)
{
	_cleanup_free_ char *clean = text_clean_copy(text_of(s));

	return json_string(clean);
}

static json_t *string_write(const struct table_member *m, const char *s)
{
	json_t *object;

	if (!s)
		s = "";
	if ((m->rules & TABLE_OPTIONAL) && !*s)
		return NULL;
	if (!(m->rules & TABLE_OBJECT))
		return table_json_string(s);
	object = json_loads(s, 0, NULL);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

/* Only those that are not 0, by name. */
static json_t *counters_write(const struct table_member *m, const uint64_t *counters)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < m->names->count; i++)
		if (counters[i])
			json_object_set_new(object, m->names->name(i),
					    json_integer((json_int_t)counters[i]));
	if (json_object_size(object))
		return object;
	json_decref(object);
	return NULL;
}

static json_t *number_write(const struct table_member *m, uint64_t number)
{
	if ((m->rules & TABLE_OPTIONAL) && !number)
		return NULL;
	if (m->kind == TABLE_BOOL)
		return json_boolean(number);
	if (m->names)
		return json_string(m->names->name((unsigned int)number));
	if (m->kind == TABLE_UNSIGNED && number > INT64_MAX)
		number = INT64_MAX;
	return json_integer((json_int_t)number);
}

/* NULL: the member is left out. */
static json_t *member_write(const struct table_member *m, const void *base)
{
	const void *at = (const char *)base + m->offset;

	switch (m->kind) {
	case TABLE_CHARS:
		return string_write(m, at);
	case TABLE_STRING:
		return string_write(m, *(const char *const *)at);
	case TABLE_STRUCT:
		return m->names ? counters_write(m, at) : m->custom->write(at);
	default:
		return number_write(m, table_get(m, base));
	}
}

void table_to_json(const struct table_member *members, const void *base, json_t *object)
{
	for (const struct table_member *m = members; m->size; m++) {
		json_t *value = m->json ? member_write(m, base) : NULL;

		if (value)
			json_object_set_new(object, m->json, value);
	}
}

/* The readers return NULL or the words behind "must be". */

static const char *number_read(const struct table_member *m, json_t *value, void *base)
{
	json_int_t number = json_integer_value(value);
	bool right = json_is_integer(value) && (number >= 0 || m->kind == TABLE_SIGNED);

	if (right && table_set(m, base, (uint64_t)number))
		return NULL;
	if (m->kind == TABLE_SIGNED)
		return m->size == sizeof(int) ? "a whole number of 32 bits" :
						"a whole number";
	return m->size == sizeof(uint32_t) ? "a whole number from 0 to 4294967295" :
					     "a whole number from 0 on";
}

static const char *name_read(const struct table_member *m, json_t *value, void *base)
{
	unsigned int index;

	if (!json_is_string(value) ||
	    !table_find_name(m->names, text_of(json_string_value(value)), &index))
		return "one of ";
	return table_set(m, base, index) ? NULL : "one of ";
}

static const char *string_read(const struct table_member *m, json_t *value,
			       const char **ret)
{
	if (m->rules & TABLE_OBJECT) {
		*ret = json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
		return *ret ? NULL : "an object";
	}
	if (!json_is_string(value))
		return "a string";
	*ret = text_clean_copy(text_of(json_string_value(value)));
	return NULL;
}

static const char *counters_read(const struct table_member *m, json_t *value, void *base)
{
	const char *name;
	json_t *n;

	json_object_foreach(value, name, n)
	{
		if (!json_is_integer(n) || json_integer_value(n) < 0)
			break;
		table_count(m, base, text_of(name), (uint64_t)json_integer_value(n));
	}
	return json_is_object(value) && !name ? NULL : "an object of whole numbers";
}

static const char *member_read(const struct table_member *m, json_t *value, void *base)
{
	void *at = (char *)base + m->offset;

	switch (m->kind) {
	case TABLE_UNSIGNED:
	case TABLE_SIGNED:
		return m->names ? name_read(m, value, base) : number_read(m, value, base);
	case TABLE_BOOL:
		if (!json_is_boolean(value) || !table_set(m, base, json_is_true(value)))
			return "true or false";
		return NULL;
	case TABLE_CHARS:
		if (!json_is_string(value))
			return "a string";
		text_clean(at, m->size, text_of(json_string_value(value)));
		return NULL;
	case TABLE_STRING:
		return string_read(m, value, at);
	case TABLE_STRUCT:
		return m->names ? counters_read(m, value, base) :
				  m->custom->read(value, at);
	}
	return NULL;
}

static char *wrong_words(const struct table_member *m, const char *must_be)
{
	unsigned int n = m->kind == TABLE_UNSIGNED && m->names ? m->names->count : 0;
	struct strbuf words = { 0 };

	strbuf_addf(&words, "'%s' must be %s", m->json, must_be);
	for (unsigned int i = 0; i < n; i++)
		strbuf_addf(&words, "%s%s", i ? ", " : "", m->names->name(i));
	return words.s;
}

int table_from_json(const struct table_member *members, void *base, json_t *object,
		    char **ret_error)
{
	for (const struct table_member *m = members; m->size; m++) {
		json_t *value = m->json ? json_object_get(object, m->json) : NULL;
		const char *must_be;

		if (value) {
			must_be = member_read(m, value, base);
			if (!must_be)
				continue;
			*ret_error = wrong_words(m, must_be);
			return -EINVAL;
		}
		if (m->json && !(m->rules & TABLE_OPTIONAL)) {
			*ret_error = xasprintf("'%s' is missing", m->json);
			return -EINVAL;
		}
		if (m->kind == TABLE_STRING)
			*(char **)((char *)base + m->offset) = xstrdup("");
	}
	return 0;
}

void table_done(const struct table_member *members, void *base)
{
	for (const struct table_member *m = members; m->size; m++) {
		char **member = (char **)(void *)((char *)base + m->offset);

		if (m->kind != TABLE_STRING)
			continue;
		free(*member);
		*member = NULL;
	}
}
