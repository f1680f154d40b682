// SPDX-License-Identifier: GPL-2.0-or-later
/* The reboot test, told in the order in which it happens. */
#include "internal.h"

#include "base/num.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

/* The last sample before the trigger must not be older. */
#define SAMPLE_FRESH_NS (NS_PER_MSEC * 5 * FLOOD_SAMPLE_MS)

/* What the target takes to tell its counters, when it is slow. */
#define COUNTERS_NS (150 * NS_PER_MSEC)

bool run_shell_up(const struct run *run)
{
	return run->facts.shell;
}

static void settle(struct run *run)
{
	uint64_t jitter = run->plan->jitter_ns;

	shell_mark(run, "settle");
	run->settle_until_ns = loop_now_ns() + run->plan->settle_ns;
	if (jitter)
		run->settle_until_ns += random_next(&run->random) % jitter;
	run->wake_ns = run->settle_until_ns - COUNTERS_NS;
}

static bool nearly_settled(const struct run *run)
{
	return loop_now_ns() + COUNTERS_NS >= run->settle_until_ns;
}

/* The load has not stopped since the last cycle, so there is something to tell. */
static void settle_on(struct run *run)
{
	counters_ask(run);
	run->wake_ns = run->settle_until_ns;
}

static bool settled(const struct run *run)
{
	return loop_now_ns() >= run->settle_until_ns;
}

/* From here to the next trigger a silence is not the one that is waited for. */
static void tell_up(struct run *run)
{
	if (run->load)
		run->rig->load_tell(run->load, LOAD_UP);
}

static void load_on(struct run *run)
{
	struct load_events events = observe_load_events(run);
	int r;

	if (!run->plan->flood)
		return;
	shell_mark(run, "flood");
	if (run->load)
		return;
	r = run->rig->load_start(run->loop, run->plan, run->target, &events, &run->load);
	if (r < 0)
		snprintf(run->facts.load_ended, sizeof(run->facts.load_ended),
			 "the flood could not be started");
	tell_up(run);
}

static bool load_steady(const struct run *run)
{
	const struct flood_sample *s = &run->facts.sample;

	return !run->plan->flood ||
	       (s->steady && loop_now_ns() - s->at_ns < SAMPLE_FRESH_NS);
}

/* Nothing is looked for any more: from here on it takes some time to be confirmed. */
static bool load_holds(const struct run *run)
{
	return !run->plan->flood || run->facts.sample.state == FLOOD_HOLD;
}

/* The first cycle's load. What is confirmed already is not kept waiting. */
static void confirm(struct run *run)
{
	if (!load_steady(run))
		counters_ask(run);
}

/* From here on the load is more than what was confirmed. */
static void surge(struct run *run)
{
	run->cycle.shell_before = run->facts.shell;
	run->cycle.load_before = run->plan->flood && load_steady(run);
	run->surge_until_ns = 0;
	if (!run->load || !run->plan->load.surge_ns)
		return;
	run->rig->load_tell(run->load, LOAD_SURGE);
	run->surge_until_ns = loop_now_ns() + run->plan->load.surge_ns;
	run->wake_ns = run->surge_until_ns;
}

static bool surged(const struct run *run)
{
	return loop_now_ns() >= run->surge_until_ns;
}

static void request(struct run *run)
{
	struct run_facts *f = &run->facts;

	memcpy(f->boot_id_before, f->boot_id, sizeof(f->boot_id_before));
	/* A slow console is what opens the window: the shutdown path prints. */
	target_set_baud(run->target, run->plan->baud);
	f->trigger_ns = loop_now_ns();
	run->acted = true;
	if (run->load)
		run->rig->load_tell(run->load, LOAD_MARK);
	if (run->plan->flood)
		record_load(run);
	shell_request(run, run->plan->method->command);
}

static bool requested(const struct run *run)
{
	return run->facts.trigger_seen;
}

bool run_banner_seen(const struct run *run)
{
	return run->facts.banner_ns > run->facts.trigger_ns;
}

static bool kernel_gone(const struct run *run)
{
	if (run->plan->method->powers_off)
		return run->facts.powered_off || run_banner_seen(run);
	return run->facts.restart_seen || run_banner_seen(run);
}

static void power_on(struct run *run)
{
	if (!run->plan->method->powers_off || run_banner_seen(run))
		return;
	if (!run_power(run, POWER_ON))
		snprintf(run->facts.gone, sizeof(run->facts.gone),
			 "power could not be switched on");
}

/* The shell has done its part: nothing needs to be spared any more. */
static void press(struct run *run)
{
	if (run->load)
		run->rig->load_tell(run->load, LOAD_PRESS);
}

/* From the banner on neither console nor load shall slow the boot down. */
void run_release(struct run *run)
{
	target_set_baud(run->target, 0);
	if (run->load)
		run->rig->load_tell(run->load, LOAD_RELEASE);
}

static bool load_back(const struct run *run)
{
	return !run->plan->flood || run->facts.first_reply_up_ns;
}

/* clang-format off */
const struct step reboot_steps[] = {
	/* phase            act          go on when */
	{ PHASE_BOOT,       NULL,        run_shell_up },
	{ PHASE_SETTLE,     settle,      nearly_settled },
	{ PHASE_SETTLE,     settle_on,   settled },
	{ PHASE_FLOOD,      load_on,     load_holds },
	{ PHASE_FLOOD,      confirm,     load_steady },
	{ PHASE_TRIGGER,    surge,       surged },
	{ PHASE_TRIGGER,    request,     requested },
	{ PHASE_SHUTDOWN,   press,       kernel_gone },
	{ PHASE_FIRMWARE,   power_on,    run_banner_seen },
	{ PHASE_EARLY_BOOT, run_release, run_shell_up },
	{ PHASE_UP,         tell_up,     load_back },
};
/* clang-format on */
const size_t reboot_steps_count = ARRAY_SIZE(reboot_steps);
