// SPDX-License-Identifier: GPL-2.0-or-later
/* The unplug test, told in the order in which it happens. */
#include "unplug.h"

#include "base/log.h"
#include "base/num.h"
#include "scenario/table.h"
#include "scenario/traffic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a run that ends with what it finds. */
#define BATCH_UNTIL_HIT 4
/* Within this time the load has answers again: a sample comes each 100 ms. */
#define REPLIES_NS (10 * NS_PER_SEC)

static void done(void *own)
{
	struct unplug *u = own;

	free(u->race);
	taken_done(&u->taken);
}

/* -- the way to a device that is held and can be raced -------------------------------- */

static void ask_facts(struct run *run)
{
	struct unplug *u = unplug_of(run);

	u->ready = u->ended = u->stuck = false;
	u->why[0] = '\0';
	device_ask_facts(run, &u->taken);
}

static bool facts_told(const struct run *run)
{
	return device_facts_told(&unplug_of(run)->taken);
}

static void start_race(struct run *run)
{
	unplug_choose(run);
	if (run->sight.refused[0])
		return;
	/* On disk before anything is changed. */
	device_record_undo(run, &unplug_of(run)->taken);
	if (run_sync(run) == 0)
		shell_worker(run, unplug_of(run)->race);
}

static bool race_ready(const struct run *run)
{
	return unplug_of(run)->ready;
}

/* -- attempts -------------------------------------------------------------------------- */

static void ask_tries(struct run *run)
{
	struct unplug *u = unplug_of(run);

	/* An unplug may wait for its user. */
	run->clock.slack_ns = unplug_plan_of(run)->blocked_ns;
	for (size_t i = 0; i < u->n_tries; i++) {
		char line[64];

		snprintf(line, sizeof(line), "try=%" PRIu64 " at=%" PRId64,
			 run_ticket(run, u->tries[i].cycle), u->tries[i].want_ns);
		shell_type(run, line);
	}
}

/* After such an attempt there is no further one with this device as it is. */
static bool is_over(const struct unplug *u)
{
	for (size_t i = 0; i < u->n_tries; i++)
		if (u->tries[i].attempt.seen &&
		    strcmp(u->tries[i].attempt.back, "ok") != 0)
			return true;
	return u->stuck || u->ended;
}

static bool tries_done(const struct run *run)
{
	const struct unplug *u = unplug_of(run);

	return u->tries[u->n_tries - 1].ended || is_over(u);
}

/* QEMU unplugs while the holder holds, and plugs again when the device has gone. */
static bool try_begun(const struct run *run)
{
	return unplug_of(run)->tries[0].begun || is_over(unplug_of(run));
}

static void pull(struct run *run)
{
	run->sight.device_removed = false;
	if (is_over(unplug_of(run)))
		return;
	if (target_plug(run->rig.target, false) < 0)
		snprintf(run->sight.refused, sizeof(run->sight.refused),
			 "the test device of %s cannot be unplugged by QEMU",
			 run->plan->target);
}

static bool pulled(const struct run *run)
{
	return run->sight.device_removed || tries_done(run);
}

static void plug(struct run *run)
{
	if (run->sight.device_removed && target_plug(run->rig.target, true) < 0)
		snprintf(run->sight.gone, sizeof(run->sight.gone),
			 "QEMU does not plug the test device in again");
}

/* The network must not have gone with the device. */
static void await_replies(struct run *run)
{
	unplug_of(run)->replies_since_ns = loop_now_ns();
	run->clock.wake_ns = loop_now_ns() + REPLIES_NS;
}

static bool has_replied(const struct run *run)
{
	return run->traffic.sample.last_reply_ns > unplug_of(run)->replies_since_ns;
}

/* The worker has the console: no shell could say whether the target lives. */
static bool replies_told(const struct run *run)
{
	return has_replied(run) ||
	       loop_now_ns() >= unplug_of(run)->replies_since_ns + REPLIES_NS;
}

/* clang-format off */
static const struct step steps[] = {
	/* phase        act            go on when      in words */
	{ PHASE_BOOT,   NULL,          run_shell_up,   "the shell answers on the console" },
	{ PHASE_FLOOD,  traffic_on,    traffic_holds,  NULL },
	{ PHASE_FLOOD,  traffic_up,    traffic_steady, "replies are steady" },
	{ PHASE_BIND,   ask_facts,     facts_told,     NULL },
	{ PHASE_BIND,   start_race,    race_ready,     "the device is held" },
	/* From here on again and again. */
	{ PHASE_UNPLUG, ask_tries,     tries_done,     "each attempt has ended, the device is back" },
	{ PHASE_UP,     await_replies, replies_told,   "replies are back" },
};
#define BEGIN_STEPS (ARRAY_SIZE(steps) - 2)

/* The step of an attempt where the worker does not unplug itself. */
static const struct step outside_steps[] = {
	{ PHASE_UNPLUG, ask_tries,  try_begun,    NULL },
	{ PHASE_UNPLUG, pull,       pulled,       NULL },
	{ PHASE_BACK,   plug,       tries_done,   NULL },
};
/* clang-format on */

/* QEMU unplugs, not the worker. */
static bool is_outside(const struct run *run)
{
	return !strcmp(unplug_of(run)->method->name, "qmp");
}

static size_t batch_size(const struct run *run)
{
	const struct plan *plan = run->plan;
	size_t n = is_outside(run) ? 1 : unplug_plan_of(run)->batch;
	unsigned int left = plan->cycles - run->recorder.fold.finished;

	/* What is found decides whether there is another one. */
	if (plan->until_hits && n > BATCH_UNTIL_HIT)
		n = BATCH_UNTIL_HIT;
	if (plan->cycles && left < n)
		n = left;
	return n < UNPLUG_BATCH_MAX ? n : UNPLUG_BATCH_MAX;
}

static struct unplug_try *add_try(struct unplug *u)
{
	struct unplug_try *try = &u->tries[u->n_tries++];

	*try = (struct unplug_try){ .cycle = ++u->last_cycle };
	try->facts.cycle = try->cycle;
	try->facts.attempt = &try->attempt;
	return try;
}

static void choose_tries(struct run *run)
{
	struct unplug *u = unplug_of(run);

	unplug_open_window(run);
	u->replies_since_ns = loop_now_ns();
	u->removals = u->returns = 0;
	for (size_t n = batch_size(run); u->n_tries < n;)
		add_try(u)->want_ns = unplug_next_offset(u);
}

/*
 * Where the target's kernel reports removals by itself, the worker is not believed without
 * it: each attempt that it calls a good one must have taken the device and brought it back.
 */
static bool uevents_agree(const struct run *run)
{
	const struct unplug *u = unplug_of(run);
	unsigned int gone_and_back = 0;

	if (!(run->rig.target->parts & TARGET_UEVENTS) || !u->method ||
	    !u->method->removes)
		return true;
	for (size_t i = 0; i < u->n_tries; i++)
		gone_and_back += u->tries[i].attempt.seen &&
				 !strcmp(u->tries[i].attempt.unplug, "ok") &&
				 !strcmp(u->tries[i].attempt.back, "ok");
	return u->removals >= gone_and_back && u->returns >= gone_and_back;
}

/* The one that was under way when the steps ended: what they ended with is its doing. */
static struct unplug_try *try_under_way(struct unplug *u)
{
	struct unplug_try *last = NULL;

	for (size_t i = 0; i < u->n_tries; i++)
		if (u->tries[i].begun)
			last = &u->tries[i];
	return last ? last : &u->tries[0];
}

/* What the run saw of the target as a whole goes to one attempt. */
static void blame(const struct run *run, struct unplug_try *try)
{
	struct cycle_facts *c = &try->facts;

	c->panic |= run->cycle.panic;
	c->oops |= run->cycle.oops;
	c->early_banners = run->cycle.early_banners;
	c->restart_phase = run->cycle.restart_phase;
	c->hang_phase = run->cycle.hang_phase;
	c->hang_after_ns = run->cycle.hang_after_ns;
	c->invalid_phase = run->cycle.invalid_phase;
	c->recovery_failed = run->cycle.recovery_failed;
	memcpy(c->last_line, run->cycle.last_line, sizeof(c->last_line));
	memcpy(c->invalid, run->cycle.invalid, sizeof(c->invalid));
}

/* Attempts that never began are no cycles. */
static enum run_end judge_tries(struct run *run)
{
	struct unplug *u = unplug_of(run);
	const struct unplug_try *under_way = try_under_way(u);
	enum run_end enough = RUN_GOES_ON;

	for (size_t i = 0; i < u->n_tries; i++) {
		struct unplug_try *try = &u->tries[i];
		enum run_end end;

		if (!try->begun && try != under_way)
			continue;
		u->last_cycle = try->cycle;
		facts_prove(&try->facts, uevents_agree(run), PHASE_BACK,
			    run->rig.target->parts & TARGET_UEVENTS ? "uevents agree" :
								      NULL,
			    "the kernel's uevents do not show that the device went and "
			    "came back");
		facts_prove(&try->facts, !run->plan->flood || has_replied(run), PHASE_UP,
			    run->plan->flood ? "replies after it" : NULL,
			    "no reply to the load after the attempts");
		end = unplug_judge(run, try);
		enough = enough == RUN_GOES_ON ? end : enough;
	}
	u->n_tries = 0;
	return enough;
}

static enum run_end run_batch(struct run *run)
{
	struct unplug *u = unplug_of(run);
	enum step_end end;
	bool over;

	choose_tries(run);
	run->cycle = (struct cycle_facts){ .cycle = u->tries[0].cycle };
	end = is_outside(run) ? step_walk(run, outside_steps, ARRAY_SIZE(outside_steps)) :
				step_walk(run, steps + BEGIN_STEPS, 1);
	/* They come another way than the worker's words, and may be behind them. */
	if (end == STEP_DONE &&
	    step_wait(run, uevents_agree, DEVICE_UEVENTS_NS) == STEP_STOPPED)
		end = STEP_STOPPED;
	if (end == STEP_DONE && run->plan->flood)
		end = step_walk(run, steps + BEGIN_STEPS + 1, 1);
	if (end == STEP_STOPPED)
		return run_stopped(run);
	over = end != STEP_DONE || is_over(u);
	run_note_end(run, end);
	/* Nobody can reset a machine that we are a guest of: its run ends. */
	if (over && !(run->rig.target->parts & TARGET_POWER))
		run->sight.lost = true;
	else if (over && !run_bring_back(run, end))
		return run_stopped(run);
	if (end != STEP_DONE)
		blame(run, try_under_way(u));
	else if (u->why[0] && !try_under_way(u)->attempt.seen)
		snprintf(try_under_way(u)->facts.invalid, VERDICT_REASON_MAX, "%s",
			 u->why);
	classifier_flush(run->rig.classifier);
	u->begun = !over;
	return judge_tries(run);
}

/* A target that refuses, or dies before it was asked for anything. */
static enum run_end judge_begin(struct run *run, enum step_end end)
{
	struct unplug_try *try = add_try(unplug_of(run));

	run->cycle.cycle = try->cycle;
	run_note_end(run, end);
	if (!run_bring_back(run, end))
		return run_stopped(run);
	blame(run, try);
	classifier_flush(run->rig.classifier);
	return judge_tries(run);
}

/* The device and its holder are as at the beginning, then a batch of attempts. */
static enum run_end unplug_cycle(struct run *run)
{
	enum step_end end;

	if (unplug_of(run)->begun)
		return run_batch(run);
	end = step_walk(run, steps, BEGIN_STEPS);
	run->sight.trigger_ns = 0;
	if (end == STEP_STOPPED)
		return run_stopped(run);
	if (end != STEP_DONE)
		return run_is_refused(run) ? RUN_REFUSED : judge_begin(run, end);
	return run_batch(run);
}

/* -- the end of the run ------------------------------------------------------------------ */

static void end_race(struct run *run)
{
	shell_type(run, "end");
}

static bool race_ended(const struct run *run)
{
	return unplug_of(run)->ended;
}

/* The device gets its driver back; what is left undone is told. False: not all is. */
static bool await_put_back(struct run *run, void (*act)(struct run *))
{
	const struct step step[] = { { PHASE_BACK, act, race_ended, NULL } };
	struct unplug *u = unplug_of(run);
	bool all = step_walk(run, step, ARRAY_SIZE(step)) == STEP_DONE && !u->why[0];

	for (size_t i = 0; all && i < u->taken.n_undo; i++)
		if (!u->taken.undo[i].apart || !u->ready)
			device_record_done(run, &u->taken.undo[i]);
	if (u->why[0])
		log_warning("%s", u->why);
	return all;
}

static void ask_restore(struct run *run)
{
	struct unplug *u = unplug_of(run);
	_cleanup_free_ char *words =
		xasprintf("restore %s", u->taken.undo[u->restoring].words.s);

	u->why[0] = '\0';
	(void)!target_ask(run->rig.target, words);
}

static bool restore_told(const struct run *run)
{
	const struct unplug *u = unplug_of(run);

	return u->taken.undo[u->restoring].done || u->why[0];
}

/* What went along: other functions of the slot, VFs, what is behind a bridge. */
static bool put_back_others(struct run *run)
{
	static const struct step step[] = { { PHASE_BACK, ask_restore, restore_told,
					      NULL } };
	struct unplug *u = unplug_of(run);
	bool all = true;

	for (size_t i = u->taken.n_undo; i > 0; i--) {
		u->restoring = i - 1;
		if (u->taken.undo[i - 1].done)
			continue;
		if (step_walk(run, step, ARRAY_SIZE(step)) != STEP_DONE)
			return false;
		if (u->why[0])
			log_warning("%s", u->why);
		all &= u->taken.undo[i - 1].done;
	}
	return all;
}

/* A virtual board ends with its run. */
static void put_back_all(struct run *run)
{
	struct unplug *u = unplug_of(run);

	if (!u->ready || u->ended || run->sight.gone[0])
		return;
	u->why[0] = '\0';
	if (await_put_back(run, end_race) && run->rig.target->parts & TARGET_KEPT &&
	    !put_back_others(run))
		device_tell_restore(run);
}

/* Devices get their drivers back, or it is said how. */
static void put_back(struct run *run)
{
	bool changed = unplug_of(run)->taken.undo_recorded;

	switch (run->end) {
	case RUN_INTERRUPTED:
		/* The worker sees that we have gone, and puts back by itself. */
		break;
	case RUN_REFUSED:
		/* So it does when it found out on the way that it cannot. */
		if (changed && !await_put_back(run, NULL)) {
			run->sight.acted = true;
			device_tell_restore(run);
		}
		break;
	default:
		if (!run->recorder.failed && !run->sight.lost)
			put_back_all(run);
		else if (changed)
			device_tell_restore(run);
	}
}

/* -- the scenario -------------------------------------------------------------------------- */

static void words(const struct run *run, char *buffer, size_t size)
{
	const struct unplug_plan *plan = unplug_plan_of(run);
	const struct means *method = unplug_of(run)->method;

	snprintf(buffer, size, "holder %s, release %s, method %s", plan->holder->name,
		 plan->release, method ? method->name : "none yet");
}

static struct cycle_facts *facts_of(struct run *run, unsigned int cycle)
{
	struct unplug_try *try = unplug_try_of(unplug_of(run), cycle);

	return try ? &try->facts : NULL;
}

const struct scenario scenario_unplug = {
	.name = "unplug",
	.help = "unplug a device while VFIO holds it, in a loop",
	.doc = "Unplugs a PCI device while VFIO holds it, again and again, with the holder "
	       "letting go at offsets that are swept over the unplug, and says what "
	       "happened. DEVICE is a PCI address, vendor:device, a network interface or "
	       "group:N; without it, the test device of a virtual board.",
	.target = "virt:amd64",
	.cycles = 100,
	.takes = SCENARIO_LOAD | SCENARIO_DEVICES | SCENARIO_GUARDS | SCENARIO_WORKER,
	.options = &unplug_options,
	.help_tables = unplug_help_tables,
	.plan_size = sizeof(struct unplug_plan),
	.plan_init = unplug_plan_init,
	.plan_check = unplug_plan_check,
	.plan_json = unplug_plan_json,
	.print_head = unplug_print_head,
	.print_rest = unplug_print_rest,
	.steps = steps,
	.n_steps = ARRAY_SIZE(steps),
	.own_size = sizeof(struct unplug),
	.done = done,
	.cycle = unplug_cycle,
	.put_back = put_back,
	.on_marker = unplug_on_marker,
	.on_line = unplug_on_line,
	.on_uevent = unplug_on_uevent,
	.facts_of = facts_of,
	.recall = unplug_recall,
	.words = words,
};
