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

void unplug_put_back(struct run *run)
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
