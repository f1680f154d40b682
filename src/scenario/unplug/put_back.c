// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of an unplug run: devices get their drivers back, or it is said how. */
#include "unplug.h"

#include "base/log.h"

#include <string.h>

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

	for (size_t i = 0; all && i < u->n_undo; i++)
		if (!u->undo[i].apart || !u->ready)
			device_record_undo(run, &u->undo[i], true);
	if (u->why[0])
		log_warning("%s", u->why);
	return all;
}

static void ask_restore(struct run *run)
{
	struct unplug *u = unplug_of(run);
	_cleanup_free_ char *words =
		xasprintf("restore %s", u->undo[u->restoring].words.s);

	u->why[0] = '\0';
	(void)!target_ask(run->rig.target, words);
}

static bool restore_told(const struct run *run)
{
	const struct unplug *u = unplug_of(run);

	return u->undo[u->restoring].done || u->why[0];
}

/* What went along: other functions of the slot, VFs, what is behind a bridge. */
static bool put_back_others(struct run *run)
{
	static const struct step step[] = { { PHASE_BACK, ask_restore, restore_told,
					      NULL } };
	struct unplug *u = unplug_of(run);
	bool all = true;

	for (size_t i = u->n_undo; i > 0; i--) {
		u->restoring = i - 1;
		if (u->undo[i - 1].done)
			continue;
		if (step_walk(run, step, ARRAY_SIZE(step)) != STEP_DONE)
			return false;
		if (u->why[0])
			log_warning("%s", u->why);
		all &= u->undo[i - 1].done;
	}
	return all;
}

static void tell_restore(const struct run *run)
{
	if (unplug_of(run)->undo_recorded && run->rig.target->parts & TARGET_KEPT)
		log_warning("`iommu-stress restore %s` puts back what was changed",
			    journal_dir(run->recorder.journal));
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
		tell_restore(run);
}

/* The target found out on the way that it cannot, and puts back what it had changed. */
static void put_back_refused(struct run *run)
{
	char why[sizeof(run->sight.refused)];

	if (!unplug_of(run)->undo_recorded)
		return;
	/* Waiting ends at once for a target that refuses. */
	memcpy(why, run->sight.refused, sizeof(why));
	run->sight.refused[0] = '\0';
	unplug_of(run)->refused = true;
	if (!await_put_back(run, NULL)) {
		run->sight.acted = true;
		tell_restore(run);
	}
	memcpy(run->sight.refused, why, sizeof(why));
}

void unplug_put_back(struct run *run, enum run_end end)
{
	/* The worker sees that we have gone, and puts back by itself. */
	if (end == RUN_INTERRUPTED)
		return;
	if (end == RUN_REFUSED)
		put_back_refused(run);
	else if (run->recorder.failed || run->sight.lost)
		tell_restore(run);
	else
		put_back_all(run);
}
