// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A ladder: wait where the target may come back by itself, pull reset, cut the power. Each
 * rung counts only when a new kernel banner and a shell prove it.
 */
#include "base/num.h"
#include "run/engine.h"

#include <stdio.h>

/* What a hung target still says is evidence: read on until it is quiet, with a bound. */
#define DRAIN_QUIET_NS (2 * NS_PER_SEC)
#define DRAIN_LIMIT_NS (30 * NS_PER_SEC)

static bool is_quiet(const struct run *run)
{
	return loop_now_ns() >= run->sight.last_byte_ns + DRAIN_QUIET_NS;
}

static bool new_boot(const struct run *run)
{
	return !run->sight.banner_expected;
}

/* Steps end at once for a target that is known to be dead: what is recovered from here on
 * starts with a clean slate. */
static void forget(struct run *run)
{
	struct sight *s = &run->sight;

	s->gone[0] = run->traffic.ended[0] = '\0';
	s->panic = s->panic_end = s->shell = s->powered_off = false;
	s->panic_until_ns = 0;
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

	if (target_power(run->rig.target, action) < 0)
		return false;
	run_record_power(run, names[action], "");
	return true;
}

static bool power(struct run *run, enum power_action action)
{
	/* The console is cut here, in the middle of a line or not. */
	observe_cut(run);
	forget(run);
	run->sight.banner_expected = true;
	if (!run_power(run, action))
		return false;
	return step_wait(run, new_boot, run->plan->limit_ns[PHASE_FIRMWARE]) ==
		       STEP_DONE &&
	       comes_up(run);
}

void run_release(struct run *run)
{
	target_set_baud(run->rig.target, 0);
	if (run->rig.load)
		run->rig.ops->load_tell(run->rig.load, LOAD_RELEASE);
}

static void stop_ended_load(struct run *run)
{
	if (!run->traffic.ended[0])
		return;
	run->rig.ops->load_stop(run->rig.load);
	run->rig.load = NULL;
	run->traffic.sample = (struct flood_sample){ 0 };
	run->traffic.ended[0] = '\0';
}

bool recover(struct run *run, enum step_end why)
{
	bool gone = run->sight.gone[0];

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
	return !run->recorder.failed && power(run, POWER_CYCLE);
}
