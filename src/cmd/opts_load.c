// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"
#include "cmd.h"
#include "flood/engines.h"
#include "opts.h"
#include "run/plan.h"

#include <stdlib.h>
#include <string.h>

enum {
	KEY_FLOOD = 0x100,
	KEY_RATE,
	KEY_SIZE,
};

static const struct argp_option options[] = {
	{ "flood", KEY_FLOOD, "SPEC", OPTION_ARG_OPTIONAL,
	  "flood, confirmed before the trigger and kept up through the reboot; SPEC is of "
	  "icmp, udp[=PORT], tcp[=PORT], arp, nd, igmp, mld, v4, v6, both, "
	  "rate=N|NMbit|auto|max, size=BYTES|FROM..TO, sources=N, vlan=ID, burst=N/TIME, "
	  "surge=TIME, joined by commas (icmp,both)",
	  0 },
	{ "rate", KEY_RATE, "N|NMbit|auto|max", 0,
	  "requests or bits a second; auto (the default) finds what the target keeps up with",
	  0 },
	{ "size", KEY_SIZE, "BYTES|FROM..TO", 0,
	  "payload of a request (default 1400), or all of a range in turn", 0 },
	{ 0 },
};

static bool flood_spec_is_default(const struct flood_spec *spec)
{
	const struct flood_spec usual = FLOOD_SPEC_DEFAULT;

	return spec->rate == usual.rate && spec->mbits == usual.mbits &&
	       spec->size == usual.size && spec->size_to == usual.size_to;
}

/* Both --flood=SPEC and its short forms end in the one parser of specs. */
static void apply(struct argp_state *state, struct plan *plan, const char *words)
{
	char *error = NULL;

	if (flood_spec_parse(words, &plan->load, &error) < 0)
		argp_error(state, "--flood: %s", error);
	free(error);
}

static void apply_word(struct argp_state *state, const char *key, const char *value)
{
	_cleanup_free_ char *words = xasprintf("%s=%s", key, value);

	if (strchr(value, ','))
		argp_error(state, "--%s: '%s' is one value too many", key, value);
	apply(state, state->input, words);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;

	switch (key) {
	case KEY_FLOOD:
		if (arg && !strcmp(arg, "help")) {
			engines_list(stdout);
			exit(EXIT_PASS);
		}
		plan->flood = true;
		if (arg)
			apply(state, plan, arg);
		return 0;
	case ARGP_KEY_END:
		if (!plan->flood && !flood_spec_is_default(&plan->load))
			argp_error(state,
				   "--rate and --size are nothing without --flood");
		return 0;
	case KEY_RATE:
		apply_word(state, "rate", arg);
		return 0;
	case KEY_SIZE:
		apply_word(state, "size", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp opts_load_argp = { .options = options, .parser = parse };
