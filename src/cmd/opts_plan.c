// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of each scenario that become parts of its plan: how long, and the load. */
#include "base/num.h"
#include "cmd.h"
#include "flood/engines.h"
#include "opts.h"
#include "run/plan.h"

#include <stdlib.h>
#include <string.h>

/* -- run ---------------------------------------------------------------------------------- */

enum {
	KEY_FOR = 0x200,
	KEY_UNTIL_HIT,
	KEY_SEED,
	KEY_RUN_DIR,
	KEY_LIMIT,
};

static const struct argp_option run_options[] = {
	{ "cycles", 'n', "CYCLES", 0,
	  "end after this many cycles (default 10; unplug: 100)", 0 },
	{ "for", KEY_FOR, "DURATION", 0,
	  "end with the first cycle that ends after this time", 0 },
	{ "until-hit", KEY_UNTIL_HIT, "N", OPTION_ARG_OPTIONAL,
	  "end after N (1) cycles with a finding", 0 },
	{ "seed", KEY_SEED, "N", 0, "of the random times (default 1)", 0 },
	{ "limit", KEY_LIMIT, "PHASE=TIME", 0,
	  "a phase that takes longer is a hang; may be repeated", 0 },
	{ "run-dir", KEY_RUN_DIR, "DIR", 0,
	  "where the run is recorded (default iommu-stress-runs/TIME-TARGET)", 0 },
	{ "resume", OPTS_KEY(struct opts_run, resume), "RUNDIR", 0,
	  "go on with a run that was killed or interrupted, as its journal tells", 0 },
	{ "dry-run", OPTS_KEY(struct opts_run, dry_run), NULL, 0,
	  "print the plan and its steps, do nothing", 0 },
	{ 0 },
};

static uint32_t count(struct argp_state *state, const char *option, const char *arg)
{
	uint32_t n = 0;

	if (num_parse_u32(arg, &n) < 0 || !n)
		argp_error(state, "%s: '%s' is not a number above 0", option, arg);
	return n;
}

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
	struct opts_run *run = state->input;
	struct plan *plan = run->plan;
	_cleanup_free_ char *error = NULL;

	switch (key) {
	case 'n':
		plan->cycles = count(state, "-n", arg);
		run->cycles_given = true;
		return 0;
	case KEY_FOR:
		plan->for_ns = plan_duration(state, "for", arg);
		if (!plan->for_ns)
			argp_error(state, "--for: '%s' is no time at all", arg);
		return 0;
	case KEY_UNTIL_HIT:
		plan->until_hits = arg ? count(state, "--until-hit", arg) : 1;
		return 0;
	case KEY_SEED:
		if (num_parse_u64(arg, &plan->seed) < 0)
			argp_error(state, "--seed: '%s' is not a number", arg);
		return 0;
	case KEY_LIMIT:
		if (plan_set_limit(plan, arg, &error) < 0)
			argp_error(state, "--limit: %s", error);
		return 0;
	case KEY_RUN_DIR:
		plan->run_dir = arg;
		return 0;
	case ARGP_KEY_END:
		if (!run->cycles_given && (plan->for_ns || plan->until_hits))
			plan->cycles = 0;
		return 0;
	default:
		return opts_set(key, arg, run);
	}
}

const struct argp opts_run_argp = { .options = run_options, .parser = parse_run };

/* -- load --------------------------------------------------------------------------------- */

enum {
	KEY_FLOOD = 0x100,
	KEY_RATE,
	KEY_SIZE,
};

static const struct argp_option load_options[] = {
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
	_cleanup_free_ char *error = NULL;

	if (flood_spec_parse(words, &plan->load, &error) < 0)
		argp_error(state, "--flood: %s", error);
}

static void apply_word(struct argp_state *state, const char *key, const char *value)
{
	_cleanup_free_ char *words = xasprintf("%s=%s", key, value);

	if (strchr(value, ','))
		argp_error(state, "--%s: '%s' is one value too many", key, value);
	apply(state, state->input, words);
}

static error_t parse_load(int key, char *arg, struct argp_state *state)
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
	case KEY_SIZE:
		apply_word(state, key == KEY_RATE ? "rate" : "size", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp opts_load_argp = { .options = load_options, .parser = parse_load };
