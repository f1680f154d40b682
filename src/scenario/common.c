// SPDX-License-Identifier: GPL-2.0-or-later
#include "common.h"

#include "base/num.h"
#include "base/random.h"
#include "traffic.h"

#include <inttypes.h>
#include <string.h>

/* How long a slow target takes to report its counters. */
#define COUNTERS_NS (150 * NS_PER_MSEC)

/* Of the time limit of the phase, for a target that is slow to print. */
#define SETTLE_MARGIN (10 * NS_PER_SEC)

enum {
	KEY_METHOD = 0x800,
	KEY_SETTLE,
	KEY_JITTER,
};

static const struct argp_option options[] = {
	{ "method", KEY_METHOD, "METHOD", 0, NULL, 0 },
	{ "settle", KEY_SETTLE, "TIME", 0, "wait between shell and load (default 200ms)",
	  0 },
	{ "jitter", KEY_JITTER, "TIME", 0, "settle longer by a random time below this",
	  0 },
	{ 0 },
};

/* This phase ends by our own clock: it is no hang however long it was asked to be. */
static void allow(struct plan *plan)
{
	uint64_t least = plan->settle_ns + plan->jitter_ns + SETTLE_MARGIN;

	if (plan->limit_ns[PHASE_SETTLE] < least)
		plan->limit_ns[PHASE_SETTLE] = least;
}

static void set_method(struct argp_state *state, struct plan *plan, const char *name)
{
	const struct method *m = plan->scenario->methods;

	while (m->name && strcmp(m->name, name) != 0)
		m++;
	if (!m->name)
		argp_error(state, "--method: there is no '%s'; see --help", name);
	plan->method = m;
	plan->board.kexec = m->needs_kexec;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;

	switch (key) {
	case KEY_METHOD:
		set_method(state, plan, arg);
		return 0;
	case KEY_SETTLE:
		plan->settle_ns = plan_duration(state, "settle", arg);
		return 0;
	case KEY_JITTER:
		plan->jitter_ns = plan_duration(state, "jitter", arg);
		return 0;
	case ARGP_KEY_END:
		allow(plan);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *help_filter(int key, const char *text, void *input)
{
	const struct plan *plan = input;

	if (key != KEY_METHOD)
		return (char *)text;
	return xasprintf("%s (default %s), see below", plan->scenario->methods_help,
			 plan->scenario->methods[0].name);
}

static const struct argp argp = { .options = options,
				  .parser = parse,
				  .help_filter = help_filter };

const struct argp_child common_options[] = { { .argp = &argp }, { 0 } };

char *common_help_tables(const struct scenario *scenario)
{
	struct strbuf list = { 0 };

	strbuf_addf(&list, "Methods:\n");
	for (const struct method *m = scenario->methods; m->name; m++)
		strbuf_addf(&list, "  %-9s %s\n", m->name, m->help);
	strbuf_add(&list, TEXT("\n"));
	return list.s;
}

void settle_print(FILE *out, const struct plan *plan)
{
	char settle[NUM_DURATION_MAX], jitter[NUM_DURATION_MAX];

	fprintf(out, "settle: %s, jitter below %s, seed %" PRIu64 "\n",
		num_format_duration(settle, plan->settle_ns),
		num_format_duration(jitter, plan->jitter_ns), plan->seed);
}

void settle_begin(struct run *run)
{
	struct clock *clock = &run->clock;
	uint64_t jitter = run->plan->jitter_ns;

	shell_mark(run, "settle");
	clock->settle_until_ns = loop_now_ns() + run->plan->settle_ns;
	if (jitter)
		clock->settle_until_ns += random_next(&clock->random) % jitter;
	clock->wake_ns = clock->settle_until_ns - COUNTERS_NS;
}

bool settle_nearly(const struct run *run)
{
	return loop_now_ns() + COUNTERS_NS >= run->clock.settle_until_ns;
}

void settle_end(struct run *run)
{
	traffic_ask_counters(run);
	run->clock.wake_ns = run->clock.settle_until_ns;
}

bool settle_over(const struct run *run)
{
	return loop_now_ns() >= run->clock.settle_until_ns;
}

void settle_recall(struct run *run, const struct record *record)
{
	struct clock *clock = &run->clock;

	/* The cycle without a verdict will draw again. */
	if (record->type == RECORD_PHASE && record->phase.phase == PHASE_SETTLE)
		clock->drawn = true;
	if (record->type != RECORD_VERDICT)
		return;
	if (clock->drawn && run->plan->jitter_ns)
		(void)random_next(&clock->random);
	clock->drawn = false;
}
