// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/attempt.h"

#include <stddef.h>
#include <stdlib.h>

enum key_kind {
	KEY_WORD,
	KEY_SIGNED,
	KEY_UNSIGNED,
	KEY_FLAG,
};

#define KEY(key, member, kind, required)                               \
	{                                                              \
		key, kind, required, offsetof(struct attempt, member), \
			sizeof(((struct attempt *)NULL)->member)       \
	}

static const struct key {
	const char *name;
	enum key_kind kind;
	bool required;
	size_t offset, size;
} keys[] = {
	KEY("want", want_ns, KEY_SIGNED, true),
	KEY("got", got_ns, KEY_SIGNED, true),
	KEY("unplug", unplug, KEY_WORD, true),
	KEY("unplug_ns", unplug_ns, KEY_SIGNED, true),
	KEY("request_ns", request_ns, KEY_SIGNED, true),
	KEY("close_ns", close_ns, KEY_SIGNED, true),
	KEY("release", release, KEY_WORD, true),
	KEY("release_ns", release_ns, KEY_SIGNED, true),
	KEY("blocked", blocked, KEY_FLAG, true),
	KEY("free_ns", free_ns, KEY_SIGNED, true),
	KEY("who", who, KEY_WORD, false),
	KEY("where", where, KEY_WORD, false),
	KEY("back", back, KEY_WORD, true),
	KEY("moved", moved, KEY_WORD, false),
	KEY("back_ns", back_ns, KEY_UNSIGNED, true),
	KEY("total_ns", total_ns, KEY_UNSIGNED, true),
};

static bool parse_signed(struct text word, int64_t *ret)
{
	char digits[24], *end;

	text_copy(digits, sizeof(digits), word);
	*ret = strtoll(digits, &end, 10);
	return word.n && word.n < sizeof(digits) && !*end;
}

static bool parse_value(const struct key *key, struct text word, struct attempt *attempt)
{
	void *member = (char *)attempt + key->offset;
	int64_t number;

	if (key->kind == KEY_WORD) {
		text_copy(member, key->size, word);
		return true;
	}
	if (!parse_signed(word, &number) || (number < 0 && key->kind != KEY_SIGNED))
		return false;
	if (key->kind == KEY_FLAG)
		*(bool *)member = number != 0;
	else
		*(int64_t *)member = number;
	return true;
}

bool attempt_parse(struct text words, struct attempt *ret)
{
	struct attempt attempt = { .seen = true };
	struct text word;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!text_value(words, keys[i].name, &word)) {
			if (keys[i].required)
				return false;
		} else if (!parse_value(&keys[i], word, &attempt)) {
			return false;
		}
	}
	*ret = attempt;
	return true;
}

bool attempt_is_near(const struct attempt *a, uint32_t usual_order)
{
	return a->seen && (a->blocked || strcmp(a->unplug, "ok") != 0 ||
			   strcmp(a->release, "ok") != 0 || a->order != usual_order);
}
