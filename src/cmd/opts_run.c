// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"
#include "opts.h"
#include "run/plan.h"

#include <stdlib.h>

enum {
	KEY_FOR = 0x200,
	KEY_UNTIL_HIT,
	KEY_SEED,
	KEY_RUN_DIR,
	KEY_LIMIT,
	KEY_DRY_RUN,
	KEY_RESUME,
};

static const struct argp_option options[] = {
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
	{ "resume", KEY_RESUME, "RUNDIR", 0,
	  "go on with a run that was killed or interrupted, as its journal tells", 0 },
	{ "dry-run", KEY_DRY_RUN, NULL, 0, "print the plan and its steps, do nothing",
	  0 },
	{ 0 },
};

static uint32_t count(struct argp_state *state, const char *option, const char *arg)
{
	uint32_t n = 0;

	if (num_parse_u32(arg, &n) < 0 || !n)
		argp_error(state, "%s: '%s' is not a number above 0", option, arg);
	return n;
}

static void set_limit(struct argp_state *state, struct plan *plan, const char *arg)
{
	char *error = NULL;

	if (plan_set_limit(plan, arg, &error) < 0)
		argp_error(state, "--limit: %s", error);
	free(error);
}

/* What follows from several options together. */
static void finish(struct opts_run *run)
{
	struct plan *plan = run->plan;

	if (!run->cycles_given && (plan->for_ns || plan->until_hits))
		plan->cycles = 0;
}

static error_t parse_plan(int key, char *arg, struct argp_state *state, struct plan *plan)
{
	switch (key) {
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
		set_limit(state, plan, arg);
		return 0;
	case KEY_RUN_DIR:
		plan->run_dir = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct opts_run *run = state->input;

	switch (key) {
	case 'n':
		run->plan->cycles = count(state, "-n", arg);
		run->cycles_given = true;
		return 0;
	case KEY_DRY_RUN:
		run->dry_run = true;
		return 0;
	case KEY_RESUME:
		run->resume = arg;
		return 0;
	case ARGP_KEY_END:
		finish(run);
		return 0;
	default:
		return parse_plan(key, arg, state, run->plan);
	}
}

const struct argp opts_run_argp = { .options = options, .parser = parse };
