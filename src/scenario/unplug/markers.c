// SPDX-License-Identifier: GPL-2.0-or-later
/* What the worker says becomes facts of the attempts on their way, and nothing more. */
#include "unplug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct unplug_try *unplug_try_of(struct unplug *u, unsigned int cycle)
{
	for (size_t i = 0; i < u->n_tries; i++)
		if (u->tries[i].cycle == cycle)
			return &u->tries[i];
	return NULL;
}

static void on_begin(struct run *run, struct unplug_try *try)
{
	struct record record = { .type = RECORD_CYCLE, .cycle = try->cycle };

	if (try->begun)
		return;
	try->begun = true;
	run->cycle.cycle = try->cycle;
	run->clock.limit_begin_ns = loop_now_ns();
	run_record(run, &record);
}

/* A result that lost characters is none: the attempt has no proof then. */
static void on_result(struct run *run, struct unplug_try *try, struct text words)
{
	struct record record = { .type = RECORD_ATTEMPT, .cycle = try->cycle };

	try->ended = true;
	run->clock.limit_begin_ns = loop_now_ns();
	if (try->attempt.seen || !attempt_parse(words, &try->attempt))
		return;
	try->attempt.order = try->order;
	record.attempt = try->attempt;
	run_record(run, &record);
}

static void on_race(struct run *run, struct text word)
{
	struct unplug *u = unplug_of(run);

	u->ready |= text_equal(word, TEXT("ready"));
	run->sight.acted |= u->ready;
	u->ended |= text_equal(word, TEXT("end"));
	u->stuck |= text_equal(word, TEXT("stuck"));
}

/* Before the race is on, the target cannot do what is asked for; later the race is over. */
static void on_error(struct run *run, struct text words, struct text why)
{
	struct unplug *u = unplug_of(run);

	text_value(words, "why", &why);
	if (!u->ready) {
		/* The first is why; others tell what putting back came to. */
		if (run->sight.refused[0])
			text_clean(u->why, sizeof(u->why), why);
		else
			text_clean(run->sight.refused, sizeof(run->sight.refused), why);
		return;
	}
	text_clean(u->why, sizeof(u->why), why);
	u->ended = true;
}

static void on_restored(struct run *run, struct text words)
{
	struct unplug *u = unplug_of(run);
	struct text device, own;

	for (size_t i = 0; text_value(words, "device", &device) && i < u->taken.n_undo;
	     i++) {
		struct device_undo *undo = &u->taken.undo[i];

		if (!undo->done && text_value(text_of(undo->words.s), "device", &own) &&
		    text_equal(own, device))
			device_record_done(run, undo);
	}
}

void unplug_on_uevent(struct run *run, const char *action, const char *bdf)
{
	struct unplug *u = unplug_of(run);

	if (!u->ready || strcmp(bdf, taken_device(&u->taken)->bdf) != 0)
		return;
	u->returns += !strcmp(action, "add");
	u->removals += !strcmp(action, "remove");
}

bool unplug_on_marker(struct run *run, const struct console_line *line)
{
	struct unplug *u = unplug_of(run);
	struct unplug_try *try = unplug_try_of(u, line->cycle);
	struct text word;

	if (device_take_fact(&u->taken, line->marker))
		return true;
	if (text_value(line->marker, "race", &word)) {
		on_race(run, word);
	} else if (text_value(line->marker, "restore", &word)) {
		on_restored(run, line->marker);
	} else if (text_value(line->marker, "error", &word)) {
		on_error(run, line->marker, word);
	} else if (try && line->phase == PHASE_UNPLUG) {
		on_begin(run, try);
	} else if (try && line->phase == PHASE_BACK) {
		on_result(run, try, line->marker);
	} else {
		return false;
	}
	return true;
}

/* FNV-1a over the words; numbers differ from attempt to attempt. */
static uint32_t hash_words(uint32_t hash, struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.s[i] < '0' || t.s[i] > '9')
			hash = (hash ^ (unsigned char)t.s[i]) * 16777619u;
	return hash;
}

void unplug_on_line(struct run *run, const struct console_line *line)
{
	struct unplug_try *try = unplug_try_of(unplug_of(run), line->cycle);

	if (try && line->phase == PHASE_UNPLUG && line->milestone == MILESTONE_NONE)
		try->order =
			hash_words(try->order ? try->order : 2166136261u, line->body);
}
