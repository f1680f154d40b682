// SPDX-License-Identifier: GPL-2.0-or-later
#include "field.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

json_t *field_clean_string(const char *s)
{
	size_t n = strlen(s);
	_cleanup_free_ char *clean = xcalloc(3 * n + 1, 1);

	text_clean(clean, 3 * n + 1, (struct text){ s, n });
	return json_string(clean);
}

static json_t *string_write(const char *s, bool optional)
{
	if (!s)
		s = "";
	return optional && !*s ? NULL : field_clean_string(s);
}

static json_t *number_write(uint64_t value, bool optional)
{
	if (optional && !value)
		return NULL;
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *object_write(const char *text)
{
	json_t *object = text && *text ? json_loads(text, 0, NULL) : NULL;

	if (!json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* NULL: the field is left out. */
static json_t *field_write(const struct field *field, const void *member)
{
	switch (field->kind) {
	case FIELD_U64:
		return number_write(*(const uint64_t *)member, field->optional);
	case FIELD_I64:
		return json_integer(*(const int64_t *)member);
	case FIELD_UINT:
		return number_write(*(const unsigned int *)member, field->optional);
	case FIELD_INT:
		return json_integer(*(const int *)member);
	case FIELD_BOOL:
		if (field->optional && !*(const bool *)member)
			return NULL;
		return json_boolean(*(const bool *)member);
	case FIELD_STRING:
		return string_write(*(const char *const *)member, field->optional);
	case FIELD_CHARS:
		return string_write(member, field->optional);
	case FIELD_WORD:
		if (field->optional && !*(const unsigned int *)member)
			return NULL;
		return json_string(field->words->name(*(const unsigned int *)member));
	case FIELD_OBJECT:
		return object_write(*(const char *const *)member);
	case FIELD_CUSTOM:
		return field->custom->write(member);
	}
	return NULL;
}

void fields_write(json_t *object, const struct field *fields, const void *base)
{
	for (const struct field *f = fields; f->key; f++) {
		json_t *value = field_write(f, (const char *)base + f->offset);

		if (value)
			json_object_set_new(object, f->key, value);
	}
}

/* The readers return NULL or the words behind "must be". */

static const char *number_read(json_t *value, uint64_t max, uint64_t *ret)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		return max == UINT32_MAX ? "a whole number from 0 to 4294967295" :
					   "a whole number from 0 on";
	*ret = (uint64_t)json_integer_value(value);
	return NULL;
}

static const char *uint_read(json_t *value, unsigned int *ret)
{
	uint64_t number = 0;
	const char *wrong = number_read(value, UINT32_MAX, &number);

	if (!wrong)
		*ret = (unsigned int)number;
	return wrong;
}

static const char *int_read(json_t *value, int *ret)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < INT32_MIN || number > INT32_MAX)
		return "a whole number of 32 bits";
	*ret = (int)number;
	return NULL;
}

static const char *i64_read(json_t *value, int64_t *ret)
{
	if (!json_is_integer(value))
		return "a whole number";
	*ret = json_integer_value(value);
	return NULL;
}

static const char *bool_read(json_t *value, bool *ret)
{
	if (!json_is_boolean(value))
		return "true or false";
	*ret = json_is_true(value);
	return NULL;
}

static const char *string_read(json_t *value, const char **ret)
{
	size_t room;
	char *clean;

	if (!json_is_string(value))
		return "a string";
	room = 3 * json_string_length(value) + 1;
	clean = xcalloc(room, 1);
	text_clean(clean, room, text_of(json_string_value(value)));
	*ret = clean;
	return NULL;
}

static const char *chars_read(json_t *value, char *ret, size_t size)
{
	if (!json_is_string(value))
		return "a string";
	text_clean(ret, size, text_of(json_string_value(value)));
	return NULL;
}

static const char *word_read(json_t *value, const struct field_words *words,
			     unsigned int *ret)
{
	const char *word = json_string_value(value);

	for (unsigned int i = 0; word && i < words->count; i++)
		if (!strcmp(words->name(i), word)) {
			*ret = i;
			return NULL;
		}
	return "one of ";
}

static const char *object_read(json_t *value, const char **ret)
{
	char *text;

	if (!json_is_object(value))
		return "an object";
	text = json_dumps(value, JSON_COMPACT);
	if (!text)
		return "an object";
	*ret = text;
	return NULL;
}

static const char *field_read(const struct field *field, json_t *value, void *member)
{
	switch (field->kind) {
	case FIELD_U64:
		return number_read(value, INT64_MAX, member);
	case FIELD_I64:
		return i64_read(value, member);
	case FIELD_UINT:
		return uint_read(value, member);
	case FIELD_INT:
		return int_read(value, member);
	case FIELD_BOOL:
		return bool_read(value, member);
	case FIELD_STRING:
		return string_read(value, member);
	case FIELD_CHARS:
		return chars_read(value, member, field->size);
	case FIELD_WORD:
		return word_read(value, field->words, member);
	case FIELD_OBJECT:
		return object_read(value, member);
	case FIELD_CUSTOM:
		return field->custom->read(value, member);
	}
	return NULL;
}

static char *wrong_words(const struct field *field, const char *must_be)
{
	struct strbuf words = { 0 };

	strbuf_addf(&words, "'%s' must be %s", field->key, must_be);
	if (field->kind == FIELD_WORD)
		for (unsigned int i = 0; i < field->words->count; i++)
			strbuf_addf(&words, "%s%s", i ? ", " : "", field->words->name(i));
	return words.s;
}

static bool is_string(const struct field *field)
{
	return field->kind == FIELD_STRING || field->kind == FIELD_OBJECT;
}

int fields_read(json_t *object, const struct field *fields, void *base, char **ret_error)
{
	for (const struct field *f = fields; f->key; f++) {
		json_t *value = json_object_get(object, f->key);
		void *member = (char *)base + f->offset;
		const char *must_be;

		if (!value) {
			if (!f->optional) {
				*ret_error = xasprintf("'%s' is missing", f->key);
				return -EINVAL;
			}
			if (is_string(f))
				*(char **)member = xstrdup("");
			continue;
		}
		must_be = field_read(f, value, member);
		if (must_be) {
			*ret_error = wrong_words(f, must_be);
			return -EINVAL;
		}
	}
	return 0;
}

void fields_done(const struct field *fields, void *base)
{
	for (const struct field *f = fields; f->key; f++) {
		char **member = (char **)((char *)base + f->offset);

		if (!is_string(f))
			continue;
		free(*member);
		*member = NULL;
	}
}
