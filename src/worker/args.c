// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of a command line. */
#include "internal.h"

static const char common_keys[] = "sysroot markers stdout ticket";

static bool key_is_in(const char *keys, const char *key, size_t n)
{
	while (*keys) {
		size_t length = strcspn(keys, " ");

		if (length == n && !strncmp(keys, key, n))
			return true;
		keys += length;
		keys += *keys == ' ';
	}
	return false;
}

int args_parse(struct args *args, int argc, const char *const *argv, const char *keys)
{
	args->n = 0;
	for (int i = 0; i < argc; i++) {
		const char *equal = strchr(argv[i], '=');
		size_t n = equal ? (size_t)(equal - argv[i]) : 0;

		if (!n) {
			say_usage("'%s' is not KEY=VALUE", argv[i]);
			return -EINVAL;
		}
		if (keys && !key_is_in(keys, argv[i], n) &&
		    !key_is_in(common_keys, argv[i], n)) {
			say_usage("'%.*s' is no key of this command; it knows: %s",
				  (int)n, argv[i], *keys ? keys : common_keys);
			return -EINVAL;
		}
		if (args->n == ARGS_MAX) {
			say_usage("more than %d words", ARGS_MAX);
			return -EINVAL;
		}
		snprintf(args->words[args->n].key, sizeof(args->words[0].key), "%.*s",
			 (int)n, argv[i]);
		args->words[args->n++].value = equal + 1;
	}
	return 0;
}

const char *args_get(const struct args *args, const char *key)
{
	for (size_t i = args->n; i > 0; i--)
		if (!strcmp(args->words[i - 1].key, key))
			return args->words[i - 1].value;
	return NULL;
}

const char *args_get_nth(const struct args *args, const char *key, size_t n)
{
	for (size_t i = 0; i < args->n; i++)
		if (!strcmp(args->words[i].key, key) && n-- == 0)
			return args->words[i].value;
	return NULL;
}

bool name_is_plain(const char *name)
{
	for (const char *c = name; *c; c++)
		if (*c == '/' || (unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return *name && *name != '.' && *name != '-';
}

int args_get_name(const struct args *args, const char *key, char *name, size_t size)
{
	const char *text = args_get(args, key);

	if (!text)
		return 0;
	if (strcmp(text, "-") != 0 && (!name_is_plain(text) || strlen(text) >= size))
		return say_usage("%s=%s: not the name of a %s", key, text, key);
	snprintf(name, size, "%s", strcmp(text, "-") != 0 ? text : "");
	return 0;
}

int number_parse(const char *text, int64_t *number)
{
	const char *digits = text + (*text == '-' || *text == '+');
	char *end;
	long long value;

	if (*digits < '0' || *digits > '9')
		return -EINVAL;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end)
		return -EINVAL;
	*number = value;
	return 0;
}

int args_get_number(const struct args *args, const char *key, int64_t *number)
{
	const char *text = args_get(args, key);

	if (!text || !number_parse(text, number))
		return 0;
	say_usage("%s=%s: not a number", key, text);
	return -EINVAL;
}
