/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that scenarios take away: from the user's words and facts about the target to a
 * device that the guards let go, and how it becomes what it was.
 */
#pragma once

#include "device/guard.h"
#include "run/engine.h"

/* How one device becomes what it was. */
struct device_undo {
	struct strbuf words; /* of the worker's `restore` */
	bool apart; /* it goes with the device, but who takes that does not know it */
	bool done;
};

/* The target cannot do what is asked of it: run->sight.refused, clean. */
void device_refuse(struct run *run, const char *format, ...) _printf_(2, 3);
/* Has the worker tell its facts, as markers. */
void device_ask_facts(struct run *run);
/*
 * What the words stand for; of a group all but its bridges, which keep their driver, while a
 * bridge alone stays. False: refused; no words are, too.
 */
bool device_choose(struct run *run, const struct facts *facts, const char *const *words,
		   size_t n, struct facts_chosen *chosen);
/* One line each: the first that is not allowed ends the run, allowed ones are told. */
bool device_guards_pass(struct run *run, const struct guard_result *guard);
/* Where a device is, for the worker. */
void device_add_place(struct strbuf *words, const struct facts *facts,
		      const struct device_facts *device);
/* Words for the worker's `restore`. */
void device_undo_words(struct strbuf *words, const struct facts *facts,
		       const struct device_facts *device, const char *method);
void device_record_undo(struct run *run, struct device_undo *undo, bool done);
/*
 * Slots and drivers have names of the target's choice, and go through its shell. False:
 * refused.
 */
bool device_words_are_plain(struct run *run, const char *words);
/* What is taken away. */
void device_record(struct run *run, const struct device_facts *device);
