// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ladder: wait where the target may come back by itself, pull reset, cut the power. Each
 * rung counts only when a new kernel banner and a shell prove it.
 */
#include "internal.h"

#include "base/num.h"

#include <stdio.h>

/* What a hung target still says is evidence: read on until it is quiet, with a bound. */
#define DRAIN_QUIET_NS (2 * NS_PER_SEC)
#define DRAIN_LIMIT_NS (30 * NS_PER_SEC)

static bool is_quiet(const struct run *run)
{
	return loop_now_ns() >= run->facts.last_byte_ns + DRAIN_QUIET_NS;
}

static bool new_boot(const struct run *run)
{
	return !run->facts.banner_expected;
}

/* Steps end at once for a target that is known to be dead: what is recovered from here on
 * starts with a clean slate. */
static void forget(struct run *run)
{
	struct run_facts *f = &run->facts;

	f->gone[0] = f->load_ended[0] = '\0';
	f->panic = f->panic_end = f->shell = f->powered_off = false;
	f->panic_until_ns = 0;
}

static bool comes_up(struct run *run)
{
	return step_wait(run, run_shell_up, run->plan->limit_ns[PHASE_EARLY_BOOT]) ==
	       STEP_DONE;
}

bool run_power(struct run *run, enum power_action action)
{
	static const char *const names[] = {
		[POWER_RESET] = "reset", [POWER_ON] = "on", [POWER_CYCLE] = "cycle"
	};
	struct record record = { .type = RECORD_POWER, .cycle = run->cycle.cycle };

	if (target_power(run->target, action) < 0)
		return false;
	record.power.action = names[action];
	record.power.event = "";
	run_record(run, &record);
	return true;
}

static bool power(struct run *run, enum power_action action)
{
	observe_cut(run);
	forget(run);
	run->facts.banner_expected = true;
	if (!run_power(run, action))
		return false;
	return step_wait(run, new_boot, run->plan->limit_ns[PHASE_FIRMWARE]) ==
		       STEP_DONE &&
	       comes_up(run);
}

static void stop_ended_load(struct run *run)
{
	if (!run->facts.load_ended[0])
		return;
	run->rig->load_stop(run->load);
	run->load = NULL;
	run->facts.sample = (struct flood_sample){ 0 };
	run->facts.load_ended[0] = '\0';
}

bool recover(struct run *run, enum step_end why)
{
	bool gone = run->facts.gone[0];

	run_release(run);
	stop_ended_load(run);
	if (why == STEP_STOPPED)
		return false;
	if (why == STEP_DEAD || why == STEP_LIMIT)
		(void)step_wait(run, is_quiet, DRAIN_LIMIT_NS);
	if (!gone && (why == STEP_RESTARTED || why == STEP_GONE) && comes_up(run))
		return true;
	if (!gone && power(run, POWER_RESET))
		return true;
	return !run->failed && power(run, POWER_CYCLE);
}
