/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device that a scenario takes away: from the user's words and facts about the target to
 * one that the guards let go, and how it becomes what it was.
 */
#pragma once

#include "device/guard.h"
#include "device/means.h"
#include "run/engine.h"

/* By which uevents may be later than the worker's result: they come another way. */
#define DEVICE_UEVENTS_NS (2 * NS_PER_SEC)

/* {0} is valid; freed with taken_done. */
struct taken {
	struct facts facts; /* of the target */
	size_t device;      /* the one that is taken away, index in facts */
	/* How it, and each one that goes with it, becomes what it was. */
	struct device_undo {
		struct strbuf words; /* of the worker's `restore` */
		bool apart; /* it goes with the device, but who takes that does not know it */
		bool done;
	} * undo;
	size_t n_undo;
	bool undo_recorded; /* and not all of it is done */
};

void taken_done(struct taken *taken);
const struct device_facts *taken_device(const struct taken *taken);

/* The target cannot do what is asked of it: run->sight.refused, clean. */
void device_refuse(struct run *run, const char *format, ...) _printf_(2, 3);
/* Forgets all facts, and has the worker tell them, as markers. */
void device_ask_facts(struct run *run, struct taken *taken);
/* Takes such a marker; what is damaged makes the facts incomplete for ever. */
bool device_take_fact(struct taken *taken, struct text marker);
bool device_facts_told(const struct taken *taken);
/* False: refused, as they were damaged on their way. */
bool device_facts_whole(struct run *run, const struct taken *taken);
/*
 * What the words stand for; of a group all but its bridges, which keep their driver, while a
 * bridge alone stays. False: refused; no words are, too.
 */
bool device_choose(struct run *run, const struct facts *facts, const char *const *words,
		   size_t n, struct facts_chosen *chosen);
/* Has the device what these means need? False: refused. name: how the user knows them. */
bool device_has_means(struct run *run, const struct taken *taken,
		      const struct means *means, const char *name);
/*
 * One device that has a driver: what the word stands for, or for NULL the one with the board's
 * network interface; once it has the means, and guards let it go. False: refused.
 */
bool device_take_one(struct run *run, struct taken *taken, const char *word,
		     const struct means *means, const char *name);
/* One line each: the first that is not allowed ends the run, allowed ones are told. */
bool device_guards_pass(struct run *run, const struct guard_result *guard);
/* Where a device is, for the worker. */
void device_add_place(struct strbuf *words, const struct facts *facts,
		      const struct device_facts *device);
/* One more that is undone by the worker's `restore`; index in facts. */
struct device_undo *device_add_undo(struct taken *taken, size_t index,
				    const char *method);
void device_forget_undo(struct taken *taken);
/* All of it, unless it stands in the journal. */
void device_record_undo(struct run *run, struct taken *taken);
void device_record_done(struct run *run, struct device_undo *undo);
/* How the user puts back what this run did not. */
void device_tell_restore(const struct run *run);
/*
 * Slots and drivers have names of the target's choice, and go through its shell. False:
 * refused.
 */
bool device_words_are_plain(struct run *run, const char *words);
/* What is taken away. */
void device_record(struct run *run, const struct device_facts *device);
