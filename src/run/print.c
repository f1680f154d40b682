// SPDX-License-Identifier: GPL-2.0-or-later
/* The plan in words: what --dry-run shows. */
#include "base/num.h"
#include "run/run.h"

#include <inttypes.h>
#include <stdio.h>

static void print_end(FILE *out, const struct plan *plan)
{
	char text[NUM_DURATION_MAX];

	fputs("ends:", out);
	if (plan->cycles)
		fprintf(out, " after %u cycles", plan->cycles);
	if (plan->for_ns)
		fprintf(out, " after %s", num_format_duration(text, plan->for_ns));
	if (plan->until_hits)
		fprintf(out, " after %u cycles with a finding", plan->until_hits);
	fputc('\n', out);
}

static void print_load(FILE *out, const struct plan *plan)
{
	_cleanup_strbuf_ struct strbuf words = { 0 };

	if (!plan->flood) {
		fputs("load: none (--flood)\n", out);
		return;
	}
	flood_spec_describe(&plan->load, &words);
	fprintf(out, "load: %s\n", words.s);
	strbuf_reset(&words);
	flood_spec_format(&plan->load, &words);
	fprintf(out, "      --flood=%s\n", words.s);
}

static void print_word(FILE *out, const char *name, const char *value)
{
	if (value)
		fprintf(out, " %s=%s", name, value);
}

static void print_board(FILE *out, const struct plan *plan)
{
	const struct board_options *board = &plan->board;

	fprintf(out, "target: %s", plan->target);
	print_word(out, "suite", board->suite);
	print_word(out, "kernel", board->kernel);
	print_word(out, "initrd", board->initrd);
	print_word(out, "modules", board->modules);
	print_word(out, "nic", board->nic);
	print_word(out, "tap", board->tap);
	if (board->smp)
		fprintf(out, " smp=%u", board->smp);
	if (board->memory)
		fprintf(out, " memory=%" PRIu64 "M", board->memory >> 20);
	print_word(out, "append", board->append);
	fputc('\n', out);
}

/* Each phase once, with what its last step waits for. */
static void print_steps(FILE *out, const struct plan *plan)
{
	const struct scenario *scenario = plan->scenario;
	char limit[NUM_DURATION_MAX];

	fputs("steps of a cycle:\n", out);
	for (size_t i = 0; i < scenario->n_steps; i++) {
		const struct step *step = &scenario->steps[i];

		if (!step->words)
			continue;
		num_format_duration(limit, plan->limit_ns[step->phase]);
		fprintf(out, "  %-11s until %s; at most %s\n", phase_name(step->phase),
			step->words, limit);
	}
}

static void print_devices(FILE *out, const struct plan *plan)
{
	fputs("devices:", out);
	for (size_t i = 0; i < plan->n_devices; i++)
		fprintf(out, " %s", plan->devices[i]);
	fputs(plan->n_devices ? "\n" : " the board's test device\n", out);
}

void run_print_plan(FILE *out, const struct plan *plan)
{
	const struct scenario *scenario = plan->scenario;

	fprintf(out, "scenario: %s, ", scenario->name);
	scenario->print_head(out, plan);
	print_board(out, plan);
	if (scenario->takes & SCENARIO_LOAD)
		print_load(out, plan);
	if (scenario->takes & SCENARIO_DEVICES)
		print_devices(out, plan);
	print_end(out, plan);
	scenario->print_rest(out, plan);
	fprintf(out, "run directory: %s\n",
		plan->run_dir ? plan->run_dir : "iommu-stress-runs/TIME-TARGET");
	print_steps(out, plan);
}
