// SPDX-License-Identifier: GPL-2.0-or-later
#include "method.h"

#include <string.h>

const struct method *method_parse(const struct method *methods, const char *name,
				  struct argp_state *state)
{
	for (const struct method *m = methods; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	argp_error(state, "--method: there is no '%s'; see --help", name);
	return methods;
}

char *method_help(const struct method *methods, int key, const char *text)
{
	struct strbuf list = { 0 };

	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	strbuf_addf(&list, "Methods:\n");
	for (const struct method *m = methods; m->name; m++)
		strbuf_addf(&list, "  %-9s %s\n", m->name, m->help);
	strbuf_addf(&list, "\n%s", text);
	return list.s;
}
