// SPDX-License-Identifier: GPL-2.0-or-later
#include "version.h"

/* The next number of a version: "6", "1", "192" of "6.1.192-lab"; false at its end. */
static bool next_number(const char **s, unsigned int *ret)
{
	unsigned int value = 0;
	const char *c = *s;

	if (*c < '0' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9' && value < 100000000; c++)
		value = value * 10 + (unsigned int)(*c - '0');
	if (*c == '.')
		c++;
	else
		c = "";
	*s = c;
	*ret = value;
	return true;
}

int version_compare(const char *a, const char *b)
{
	for (;;) {
		unsigned int x = 0, y = 0;
		bool more = next_number(&a, &x);

		more |= next_number(&b, &y);
		if (x != y)
			return x < y ? -1 : 1;
		if (!more)
			return 0;
	}
}

struct text version_numbers(const char *kernel)
{
	struct text numbers = { kernel, 0 };
	const char *s = kernel;
	unsigned int value;

	while (next_number(&s, &value)) {
		size_t start = numbers.n + (numbers.n > 0);

		for (numbers.n = start;
		     kernel[numbers.n] >= '0' && kernel[numbers.n] <= '9';)
			numbers.n++;
	}
	return numbers;
}

static bool is_candidate(const char *kernel)
{
	struct text numbers = version_numbers(kernel);

	return !strncmp(kernel + numbers.n, "-rc", 3);
}

bool version_has_fix(const char *kernel, const char *fixed_in)
{
	unsigned int k = 0, f = 0, parts = 0;
	const char *a = kernel, *b = fixed_in;
	bool same = true;

	if (version_compare(kernel, "0") == 0 || version_compare(kernel, fixed_in) < 0)
		return false;
	if (version_compare(kernel, fixed_in) == 0 && is_candidate(kernel))
		return false;
	for (; next_number(&b, &f); parts++) {
		k = 0;
		next_number(&a, &k);
		if (parts < 2)
			same = same && k == f;
	}
	/* "6.1.192": of the branch 6.1 only; "6.2": of all that come later. */
	return parts < 3 || same;
}
