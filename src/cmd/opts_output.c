// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "opts.h"

static const struct argp_option options[] = {
	{ "verbose", 'v', NULL, 0, "say more, also every command that is started", 0 },
	{ "quiet", 'q', NULL, 0, "only warnings and errors, and the summary", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	(void)state;
	switch (key) {
	case 'v':
		log_set_level(LOG_LEVEL_DEBUG);
		return 0;
	case 'q':
		log_set_level(LOG_LEVEL_WARNING);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp opts_output_argp = { .options = options, .parser = parse };
