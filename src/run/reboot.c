// SPDX-License-Identifier: GPL-2.0-or-later
/* The reboot test, told in the order in which it happens. */
#include "internal.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

/* The last sample before the trigger must not be older. */
#define SAMPLE_FRESH_NS (NS_PER_MSEC * 5 * FLOOD_SAMPLE_MS)

bool run_shell_up(const struct run *run)
{
	return run->facts.shell;
}

/* splitmix64: small, and the same numbers for the same seed everywhere. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void settle(struct run *run)
{
	uint64_t jitter = run->plan->jitter_ns;

	shell_mark(run, "settle");
	run->settle_until_ns = loop_now_ns() + run->plan->settle_ns;
	if (jitter)
		run->settle_until_ns += next_random(&run->random) % jitter;
	run->wake_ns = run->settle_until_ns;
}

static bool settled(const struct run *run)
{
	return loop_now_ns() >= run->settle_until_ns;
}

static void load_on(struct run *run)
{
	struct load_events events = observe_load_events(run);

	if (!run->plan->flood)
		return;
	shell_mark(run, "flood");
	if (!run->load && run->rig->load_start(run->loop, run->plan, run->target, &events,
					       &run->load) < 0)
		snprintf(run->facts.load_ended, sizeof(run->facts.load_ended),
			 "the flood could not be started");
}

static bool load_steady(const struct run *run)
{
	const struct flood_sample *s = &run->facts.sample;

	return !run->plan->flood ||
	       (s->steady && loop_now_ns() - s->at_ns < SAMPLE_FRESH_NS);
}

static void request(struct run *run)
{
	struct run_facts *f = &run->facts;

	run->cycle.shell_before = f->shell;
	run->cycle.load_before = run->plan->flood && load_steady(run);
	memcpy(f->boot_id_before, f->boot_id, sizeof(f->boot_id_before));
	/* A slow console is what opens the window: the shutdown path prints. */
	target_set_baud(run->target, run->plan->baud);
	f->trigger_ns = loop_now_ns();
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
		run->rig->load_press(run->load, true);
}

/* From the banner on neither console nor load shall slow the boot down. */
void run_release(struct run *run)
{
	target_set_baud(run->target, 0);
	if (run->load)
		run->rig->load_press(run->load, false);
}

static bool load_back(const struct run *run)
{
	return !run->plan->flood || run->facts.first_reply_up_ns;
}

/* clang-format off */
const struct step reboot_steps[] = {
	/* phase            act          go on when */
	{ PHASE_BOOT,       NULL,        run_shell_up },
	{ PHASE_SETTLE,     settle,      settled },
	{ PHASE_FLOOD,      load_on,     load_steady },
	{ PHASE_TRIGGER,    request,     requested },
	{ PHASE_SHUTDOWN,   press,       kernel_gone },
	{ PHASE_FIRMWARE,   power_on,    run_banner_seen },
	{ PHASE_EARLY_BOOT, run_release, run_shell_up },
	{ PHASE_UP,         NULL,        load_back },
};
/* clang-format on */
const size_t reboot_steps_count = ARRAY_SIZE(reboot_steps);
