// SPDX-License-Identifier: GPL-2.0-or-later
#include "device/guard.h"
#include "opts.h"

#define KEY_FIRST 0x400 /* + enum guard_rule */

/* Their texts are in the table of guards. */
static const struct argp_option options[] = {
	{ "allow-mounted", KEY_FIRST + GUARD_MOUNTED, NULL, 0, NULL, 0 },
	{ "allow-swap", KEY_FIRST + GUARD_SWAP, NULL, 0, NULL, 0 },
	{ "allow-route", KEY_FIRST + GUARD_ROUTE, NULL, 0, NULL, 0 },
	{ "allow-bridge", KEY_FIRST + GUARD_BRIDGE, NULL, 0, NULL, 0 },
	{ "allow-group", KEY_FIRST + GUARD_GROUP, NULL, 0, NULL, 0 },
	{ "allow-vfs", KEY_FIRST + GUARD_VFS, NULL, 0, NULL, 0 },
	{ "allow-display", KEY_FIRST + GUARD_DISPLAY, NULL, 0, NULL, 0 },
	{ "allow-in-use", KEY_FIRST + GUARD_IN_USE, NULL, 0, NULL, 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	unsigned int *allowed = state->input;

	(void)arg;
	if (key < KEY_FIRST || key >= KEY_FIRST + GUARD_ALLOWABLE)
		return ARGP_ERR_UNKNOWN;
	*allowed |= 1u << (key - KEY_FIRST);
	return 0;
}

static char *help_filter(int key, const char *text, void *input)
{
	(void)input;
	if (key < KEY_FIRST || key >= KEY_FIRST + GUARD_ALLOWABLE)
		return (char *)text;
	return xasprintf("allow %s",
			 guard_info((enum guard_rule)(key - KEY_FIRST))->help);
}

const struct argp opts_guard_argp = {
	.options = options,
	.parser = parse,
	.help_filter = help_filter,
};
