// SPDX-License-Identifier: GPL-2.0-or-later
/* The plan in words: what --dry-run shows. */
#include "unplug.h"

#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>

/* What a step waits for, for people; the code's own words are in reboot.c. */
static const char *const waits_for[PHASE_COUNT] = {
	[PHASE_BOOT] = "the shell answers on the console",
	[PHASE_SETTLE] = "the settle time is over",
	[PHASE_FLOOD] = "replies are steady",
	[PHASE_TRIGGER] = "the request stands in the kernel log",
	[PHASE_SHUTDOWN] = "the kernel's last word, or a new banner",
	[PHASE_FIRMWARE] = "a new kernel banner",
	[PHASE_EARLY_BOOT] = "the shell answers again",
	[PHASE_UP] = "replies are back",
};

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

static void print_reboot(FILE *out, const struct plan *plan)
{
	char settle[NUM_DURATION_MAX], jitter[NUM_DURATION_MAX], limit[NUM_DURATION_MAX];

	fprintf(out, "scenario: %s, method %s (%s)\n", plan->scenario, plan->method->name,
		plan->method->command);
	print_board(out, plan);
	print_load(out, plan);
	print_end(out, plan);
	fprintf(out, "settle: %s, jitter below %s, seed %" PRIu64 "\n",
		num_format_duration(settle, plan->settle_ns),
		num_format_duration(jitter, plan->jitter_ns), plan->seed);
	if (plan->baud)
		fprintf(out,
			"console: %u baud from the trigger to the next kernel banner\n",
			plan->baud);
	fprintf(out, "run directory: %s\n",
		plan->run_dir ? plan->run_dir : "iommu-stress-runs/TIME-TARGET");
	fputs("steps of a cycle:\n", out);
	for (size_t i = 0; i < reboot_steps_count; i++) {
		enum phase phase = reboot_steps[i].phase;

		if (i + 1 < reboot_steps_count && reboot_steps[i + 1].phase == phase)
			continue;
		num_format_duration(limit, plan->limit_ns[phase]);
		fprintf(out, "  %-11s until %s; at most %s\n", phase_name(phase),
			waits_for[phase], limit);
	}
}

static void print_offset(FILE *out, int64_t ns)
{
	fprintf(out, "%.3f us", (double)ns / 1000);
}

static void print_sweep(FILE *out, const struct unplug_plan *u)
{
	if (u->sweep == UNPLUG_AUTO) {
		fprintf(out,
			"offsets: the window is measured by %d attempts, evidence "
			"attracts attempts\n",
			UNPLUG_MEASURED);
		return;
	}
	fputs("offsets: from ", out);
	print_offset(out, u->window.from_ns);
	fputs(" to ", out);
	print_offset(out, u->window.to_ns);
	if (u->step_ns) {
		fputs(" in steps of ", out);
		print_offset(out, (int64_t)u->step_ns);
	}
	fputs(u->sweep == UNPLUG_WITHIN ? ", evidence attracts attempts\n" : "\n", out);
}

static void print_unplug(FILE *out, const struct plan *plan)
{
	const struct unplug_plan *u = &plan->unplug;
	char limit[NUM_DURATION_MAX];

	fprintf(out, "scenario: unplug, holder %s, release %s, method %s%s\n",
		u->holder->name, u->release,
		u->method ? u->method->name : "as suits the device",
		u->churn ? ", churn" : "");
	print_board(out, plan);
	fputs("devices:", out);
	for (size_t i = 0; i < u->n_devices; i++)
		fprintf(out, " %s", u->devices[i]);
	fputs(u->n_devices ? "\n" : " the board's test device\n", out);
	print_sweep(out, u);
	print_end(out, plan);
	fprintf(out, "batches of %u attempts, seed %" PRIu64 "\n", u->batch, plan->seed);
	fprintf(out, "an unplug that takes longer than %s waits for the user\n",
		num_format_duration(limit, u->blocked_ns));
	fprintf(out, "run directory: %s\n",
		plan->run_dir ? plan->run_dir : "iommu-stress-runs/TIME-TARGET");
}

void run_print_plan(FILE *out, const struct plan *plan)
{
	if (plan_is_unplug(plan)) {
		print_unplug(out, plan);
		return;
	}
	print_reboot(out, plan);
}
