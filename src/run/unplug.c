// SPDX-License-Identifier: GPL-2.0-or-later
/* The unplug test, told in the order in which it happens. */
#include "unplug.h"

#include "base/log.h"
#include "base/num.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a run that ends with what it finds. */
#define BATCH_UNTIL_HIT 4

struct unplug *unplug_new(const struct plan *plan)
{
	struct unplug *u = xcalloc(1, sizeof(*u));

	u->next_cycle = 1;
	u->outside = plan->unplug.method && !strcmp(plan->unplug.method->name, "qmp");
	return u;
}

void unplug_free(struct unplug *u)
{
	if (!u)
		return;
	for (size_t i = 0; i < u->n_undo; i++)
		strbuf_done(&u->undo[i].words);
	free(u->undo);
	free(u->race);
	facts_done(&u->facts);
	free(u);
}

/* -- the way to a device that is held and can be raced -------------------------------- */

static void ask_facts(struct run *run)
{
	struct unplug *u = run->unplug;

	facts_done(&u->facts);
	u->facts = (struct facts){ 0 };
	u->ready = u->ended = u->stuck = false;
	u->why[0] = '\0';
	/* What is not asked shows as an answer that never comes, within its limit. */
	(void)!target_ask_facts(run->target);
}

static bool facts_told(const struct run *run)
{
	return run->unplug->facts.complete || run->unplug->facts.damaged;
}

static void start_race(struct run *run)
{
	unplug_choose(run);
	if (run->facts.refused[0])
		return;
	/* On disk before anything is changed. */
	unplug_record_undo(run);
	if (run_sync(run) == 0)
		shell_worker(run, run->unplug->race);
}

static bool race_ready(const struct run *run)
{
	return run->unplug->ready;
}

/* clang-format off */
static const struct step begin_steps[] = {
	/* phase        act         go on when */
	{ PHASE_BOOT,   NULL,       run_shell_up },
	{ PHASE_BIND,   ask_facts,  facts_told },
	{ PHASE_BIND,   start_race, race_ready },
};
/* clang-format on */

/* -- attempts -------------------------------------------------------------------------- */

static void ask_tries(struct run *run)
{
	struct unplug *u = run->unplug;

	for (size_t i = 0; i < u->n_tries; i++) {
		char line[64];

		snprintf(line, sizeof(line), "try=%u at=%" PRId64, u->tries[i].cycle,
			 u->tries[i].want_ns);
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
	const struct unplug *u = run->unplug;

	return u->tries[u->n_tries - 1].ended || is_over(u);
}

/* QEMU unplugs while the holder holds, and plugs again when the device has gone. */
static bool try_begun(const struct run *run)
{
	return run->unplug->tries[0].begun || is_over(run->unplug);
}

static void pull(struct run *run)
{
	run->facts.unplugged = false;
	if (is_over(run->unplug))
		return;
	if (target_plug(run->target, false) < 0)
		snprintf(run->facts.refused, sizeof(run->facts.refused),
			 "the test device of %s cannot be unplugged by QEMU",
			 run->plan->target);
}

static bool pulled(const struct run *run)
{
	return run->facts.unplugged || tries_done(run);
}

static void plug(struct run *run)
{
	if (run->facts.unplugged && target_plug(run->target, true) < 0)
		snprintf(run->facts.gone, sizeof(run->facts.gone),
			 "QEMU does not plug the test device in again");
}

/* clang-format off */
static const struct step try_steps[] = {
	{ PHASE_UNPLUG, ask_tries, tries_done },
};

static const struct step outside_steps[] = {
	{ PHASE_UNPLUG, ask_tries, try_begun },
	{ PHASE_UNPLUG, pull,      pulled },
	{ PHASE_BACK,   plug,      tries_done },
};
/* clang-format on */

static size_t batch_size(const struct run *run)
{
	const struct plan *plan = run->plan;
	size_t n = run->unplug->outside ? 1 : plan->unplug.batch;
	unsigned int left = plan->cycles - run->fold.finished;

	/* What is found decides whether there is another one. */
	if (plan->until_hits && n > BATCH_UNTIL_HIT)
		n = BATCH_UNTIL_HIT;
	if (plan->cycles && left < n)
		n = left;
	return n < UNPLUG_BATCH_MAX ? n : UNPLUG_BATCH_MAX;
}

static void choose_tries(struct run *run)
{
	struct unplug *u = run->unplug;

	unplug_open_window(run);
	u->n_tries = batch_size(run);
	for (size_t i = 0; i < u->n_tries; i++) {
		struct unplug_try *try = &u->tries[i];

		*try = (struct unplug_try){ .cycle = u->next_cycle++ };
		try->want_ns = unplug_next_offset(u);
		try->facts.cycle = try->cycle;
		try->facts.attempt = &try->attempt;
	}
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
	c->recovered = run->cycle.recovered;
	c->recovery_failed = run->cycle.recovery_failed;
	memcpy(c->last_line, run->cycle.last_line, sizeof(c->last_line));
	memcpy(c->invalid, run->cycle.invalid, sizeof(c->invalid));
}

/* Attempts that never began are no cycles. */
static const char *judge_tries(struct run *run)
{
	struct unplug *u = run->unplug;
	const struct unplug_try *under_way = try_under_way(u);
	const char *enough = NULL;

	for (size_t i = 0; i < u->n_tries; i++) {
		struct unplug_try *try = &u->tries[i];
		const char *why;

		if (!try->begun && try != under_way)
			continue;
		u->next_cycle = try->cycle + 1;
		why = run_enough(run, unplug_judge(run, try));
		enough = enough ? enough : why;
	}
	u->n_tries = 0;
	return enough;
}

/* The device and its holder are as at the beginning. False: they cannot be had. */
static bool begin(struct run *run, enum step_end *ret)
{
	*ret = step_walk(run, begin_steps, ARRAY_SIZE(begin_steps));
	run->facts.trigger_ns = 0;
	return *ret == STEP_DONE;
}

/* False: interrupted, or recording failed. */
static bool run_batch(struct run *run, bool *ret_again)
{
	struct unplug *u = run->unplug;
	enum step_end end;
	bool over;

	choose_tries(run);
	run->cycle = (struct cycle_facts){ .cycle = u->tries[0].cycle };
	end = u->outside ? step_walk(run, outside_steps, ARRAY_SIZE(outside_steps)) :
			   step_walk(run, try_steps, ARRAY_SIZE(try_steps));
	if (end == STEP_STOPPED)
		return false;
	over = end != STEP_DONE || is_over(u);
	run_note_end(run, end);
	/* Nobody can reset a machine that we are a guest of: its run ends. */
	if (over && !(run->target->parts & TARGET_POWER))
		run->lost = true;
	else if (over && !run_bring_back(run, end))
		return false;
	if (end != STEP_DONE)
		blame(run, try_under_way(u));
	else if (u->why[0] && !try_under_way(u)->attempt.seen)
		snprintf(try_under_way(u)->facts.invalid, VERDICT_REASON_MAX, "%s",
			 u->why);
	observe_flush(run);
	*ret_again = over;
	return true;
}

/* A target that refuses, or dies before it was asked for anything. */
static const char *judge_begin(struct run *run, enum step_end end)
{
	struct unplug *u = run->unplug;
	struct unplug_try *try = &u->tries[0];

	*try = (struct unplug_try){ .cycle = u->next_cycle++ };
	try->facts.attempt = &try->attempt;
	try->facts.cycle = run->cycle.cycle = try->cycle;
	u->n_tries = 1;
	run_note_end(run, end);
	if (!run_bring_back(run, end))
		return "interrupted";
	blame(run, try);
	observe_flush(run);
	return judge_tries(run);
}

static void end_race(struct run *run)
{
	shell_type(run, "end");
}

static bool race_ended(const struct run *run)
{
	return run->unplug->ended;
}

/* The device gets its driver back; what is left undone is told. False: not all is. */
static bool await_put_back(struct run *run, void (*act)(struct run *))
{
	const struct step steps[] = { { PHASE_BACK, act, race_ended } };
	struct unplug *u = run->unplug;
	bool all = step_walk(run, steps, ARRAY_SIZE(steps)) == STEP_DONE && !u->why[0];

	for (size_t i = 0; all && i < u->n_undo; i++)
		if (!u->undo[i].apart || !u->ready)
			unplug_record_done(run, &u->undo[i]);
	if (u->why[0])
		log_warning("%s", u->why);
	return all;
}

static void ask_restore(struct run *run)
{
	struct unplug *u = run->unplug;
	_cleanup_free_ char *words =
		xasprintf("restore %s", u->undo[u->restoring].words.s);

	u->why[0] = '\0';
	(void)!target_ask(run->target, words);
}

static bool restore_told(const struct run *run)
{
	const struct unplug *u = run->unplug;

	return u->undo[u->restoring].done || u->why[0];
}

/* What went along: other functions of the slot, VFs, what is behind a bridge. */
static bool put_back_others(struct run *run)
{
	static const struct step steps[] = { { PHASE_BACK, ask_restore, restore_told } };
	struct unplug *u = run->unplug;
	bool all = true;

	for (size_t i = u->n_undo; i > 0; i--) {
		u->restoring = i - 1;
		if (u->undo[i - 1].done)
			continue;
		if (step_walk(run, steps, ARRAY_SIZE(steps)) != STEP_DONE)
			return false;
		if (u->why[0])
			log_warning("%s", u->why);
		all &= u->undo[i - 1].done;
	}
	return all;
}

static void tell_restore(const struct run *run)
{
	if (run->unplug->undo_recorded && run->target->parts & TARGET_KEPT)
		log_warning("`iommu-stress restore %s` puts back what was changed",
			    journal_dir(run->journal));
}

/* A virtual board ends with its run. */
static void put_back(struct run *run)
{
	struct unplug *u = run->unplug;

	if (!u->ready || u->ended || run->facts.gone[0])
		return;
	u->why[0] = '\0';
	if (await_put_back(run, end_race) && run->target->parts & TARGET_KEPT &&
	    !put_back_others(run))
		tell_restore(run);
}

/* The target found out on the way that it cannot, and puts back what it had changed. */
static void put_back_refused(struct run *run)
{
	char why[sizeof(run->facts.refused)];

	if (!run->unplug->undo_recorded)
		return;
	/* Else there would be nothing to wait for. */
	memcpy(why, run->facts.refused, sizeof(why));
	run->facts.refused[0] = '\0';
	run->unplug->refused = true;
	if (!await_put_back(run, NULL)) {
		run->acted = true;
		tell_restore(run);
	}
	memcpy(run->facts.refused, why, sizeof(why));
}

const char *unplug_cycles(struct run *run)
{
	const char *enough = run_complete(run);
	bool again = true;

	while (!enough) {
		enum step_end end;

		run->cycle_begin_ns = loop_now_ns();
		if (run_sync(run) < 0)
			return "failed";
		if (again && !begin(run, &end)) {
			if (end == STEP_STOPPED)
				return run->failed ? "failed" : "interrupted";
			if (run_is_refused(run)) {
				put_back_refused(run);
				return "refused";
			}
			enough = judge_begin(run, end);
			continue;
		}
		if (!run_batch(run, &again))
			return run->failed ? "failed" : "interrupted";
		enough = judge_tries(run);
	}
	if (!run->failed && !run->lost)
		put_back(run);
	else
		tell_restore(run);
	return enough;
}
