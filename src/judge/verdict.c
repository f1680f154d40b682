// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decision table: the first rule that holds decides. Absence of evidence is never a
 * pass: a pass is what is left when every proof that the scenario asks for was held.
 */
#include "judge/verdict.h"

#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_PASS] = "pass",       [OUTCOME_SPLAT] = "splat",
	[OUTCOME_CRASH] = "crash",     [OUTCOME_HANG] = "hang",
	[OUTCOME_LOST] = "lost",       [OUTCOME_GONE] = "gone",
	[OUTCOME_INVALID] = "invalid", [OUTCOME_BLOCKED] = "blocked",
	[OUTCOME_BUSY] = "busy",
};

const char *outcome_name(enum outcome outcome)
{
	return outcome_names[outcome];
}

bool outcome_is_hit(enum outcome outcome)
{
	return outcome >= OUTCOME_SPLAT && outcome <= OUTCOME_GONE;
}

void facts_prove(struct cycle_facts *facts, bool held, enum phase phase,
		 const char *given, const char *missing)
{
	/* One that is forgotten would make a false pass. */
	if (facts->n_proofs == PROOFS_MAX)
		abort();
	facts->proofs[facts->n_proofs++] = (struct proof){ held, phase, given, missing };
}

/* The next one that is missing from index on, which moves behind it; NULL: none is. */
static const struct proof *proof_missing(const struct cycle_facts *f, size_t *index)
{
	static const struct proof all_lines = {
		false, PHASE_UP, NULL, "the console has lost some of what the kernel said"
	};

	while (*index < f->n_proofs)
		if (!f->proofs[(*index)++].held)
			return &f->proofs[*index - 1];
	return (*index)++ == f->n_proofs && f->lines_lost ? &all_lines : NULL;
}

static const struct proof *first_missing(const struct cycle_facts *f)
{
	size_t index = 0;

	return proof_missing(f, &index);
}

/* -- rules: one that holds gives the reason, and the phase in which it was decided ----- */

static bool is_hang(const struct cycle_facts *f)
{
	return f->hang_phase != PHASE_NONE;
}

static void add_silence(const struct cycle_facts *f, struct strbuf *reason)
{
	char limit[NUM_DURATION_MAX];

	strbuf_addf(reason, "phase %s did not end within %s", phase_name(f->hang_phase),
		    num_format_duration(limit, f->hang_after_ns));
}

/* What was found counts, even where the rest of the cycle could not be measured. */
static void add_unmeasured(const struct cycle_facts *f, struct strbuf *reason)
{
	if (f->invalid[0])
		strbuf_addf(reason, "; then: %s", f->invalid);
}

static bool invalid(const struct cycle_facts *f, struct strbuf *reason, enum phase *ret)
{
	if (!f->invalid[0])
		return false;
	strbuf_addf(reason, "%s", f->invalid);
	*ret = f->invalid_phase;
	return true;
}

static bool lost(const struct cycle_facts *f, struct strbuf *reason, enum phase *ret)
{
	/* What could not be observed may as well be there. */
	if (!f->recovery_failed || f->invalid[0])
		return false;
	strbuf_addf(reason, "did not come back, even after power recovery");
	if (is_hang(f)) {
		strbuf_addf(reason, ": ");
		add_silence(f, reason);
	}
	*ret = is_hang(f) ? f->hang_phase : f->worst_phase;
	return true;
}

static bool dead(const struct cycle_facts *f, struct strbuf *reason, enum phase *ret)
{
	if (!f->panic && !f->oops)
		return false;
	strbuf_addf(reason, "%s",
		    f->worst[0] ? f->worst :
		    f->panic    ? "the kernel panicked" :
				  "the kernel oopsed");
	if (is_hang(f)) {
		strbuf_addf(reason, "; then ");
		add_silence(f, reason);
	}
	add_unmeasured(f, reason);
	*ret = f->worst_phase != PHASE_NONE ? f->worst_phase : f->hang_phase;
	return true;
}

static bool hang(const struct cycle_facts *f, struct strbuf *reason, enum phase *ret)
{
	if (!is_hang(f))
		return false;
	add_silence(f, reason);
	if (f->last_line[0])
		strbuf_addf(reason, "; last line: %s", f->last_line);
	else
		strbuf_addf(reason, "; it printed nothing at all");
	*ret = f->hang_phase;
	return true;
}

static bool restart(const struct cycle_facts *f, struct strbuf *reason, enum phase *ret)
{
	if (!f->early_banners && f->banners <= 1)
		return false;
	strbuf_addf(reason, "restarted by itself in phase %s",
		    phase_name(f->restart_phase));
	if (f->attempt)
		strbuf_addf(reason, ", which nobody asked for");
	else if (f->early_banners)
		strbuf_addf(reason, ", before the request");
	else
		strbuf_addf(reason, ": %u kernel banners after the request", f->banners);
	*ret = f->restart_phase;
	return true;
}

static bool splat(const struct cycle_facts *f, struct strbuf *reason, enum phase *ret)
{
	const struct proof *missing = first_missing(f);

	if (!f->splats && !f->faults && !f->precursors)
		return false;
	if (!f->splats && !f->faults)
		strbuf_addf(reason, "precursor, the bug is there but did not strike: ");
	if (f->worst[0])
		strbuf_addf(reason, "%s", f->worst);
	else
		strbuf_addf(reason, "%u splats, %u faults, %u precursors", f->splats,
			    f->faults, f->precursors);
	if (f->invalid[0])
		add_unmeasured(f, reason);
	else if (missing)
		strbuf_addf(reason, "; and %s", missing->missing);
	*ret = f->worst_phase;
	return true;
}

static bool unproven(const struct cycle_facts *f, struct strbuf *reason, enum phase *ret)
{
	const struct proof *first = first_missing(f), *missing;
	size_t index = 0;

	if (!first)
		return false;
	/* Later ones mostly follow from the first. */
	strbuf_addf(reason, "no proof of a pass: ");
	while ((missing = proof_missing(f, &index)))
		strbuf_addf(reason, "%s%s", missing == first ? "" : ", ",
			    missing->missing);
	*ret = first->phase;
	return true;
}

/* -- attempts to unplug -------------------------------------------------------------------- */

/* One of the worker's processes was killed: what follows from that is not the kernel's. */
static bool has_died(const struct attempt *a)
{
	return !strcmp(a->unplug, "died") || (!strcmp(a->release, "died") && !a->blocked);
}

static void add_holder(const struct attempt *a, struct strbuf *reason)
{
	if (a->who[0])
		strbuf_addf(reason, " (%s)", a->who);
}

/* The innermost ones; the journal has more. */
#define WHERE_FUNCTIONS 3

static void add_where(const struct attempt *a, struct strbuf *reason)
{
	size_t n = strcspn(a->where, "<");

	for (int i = 1; i < WHERE_FUNCTIONS && a->where[n]; i++)
		n += 1 + strcspn(a->where + n + 1, "<");
	if (n)
		strbuf_addf(reason, ", in %.*s", (int)n, a->where);
}

static bool attempt_stuck(const struct cycle_facts *f, struct strbuf *reason,
			  enum phase *ret)
{
	const struct attempt *a = f->attempt;

	if (!a || has_died(a))
		return false;
	*ret = PHASE_UNPLUG;
	if (!strcmp(a->back, "stuck")) {
		strbuf_addf(reason, "bringing the device back never ended");
		*ret = PHASE_BACK;
	} else if (!strcmp(a->release, "stuck")) {
		strbuf_addf(reason, "the user never came back from letting go");
		add_holder(a, reason);
	} else if (!strcmp(a->unplug, "stuck")) {
		strbuf_addf(reason, "the unplug never returned");
		if (a->release[0]) {
			strbuf_addf(reason, ", though nobody");
			add_holder(a, reason);
			strbuf_addf(reason, " holds the device any more");
		}
	} else {
		return false;
	}
	add_where(a, reason);
	return true;
}

static bool attempt_gone(const struct cycle_facts *f, struct strbuf *reason,
			 enum phase *ret)
{
	const struct attempt *a = f->attempt;

	if (!a || !a->seen || !strcmp(a->back, "ok") || !strcmp(a->unplug, "died"))
		return false;
	if (a->moved[0])
		strbuf_addf(reason, "the device came back as %s", a->moved);
	else
		strbuf_addf(reason, "the device did not come back");
	*ret = PHASE_BACK;
	return true;
}

static bool attempt_unseen(const struct cycle_facts *f, struct strbuf *reason,
			   enum phase *ret)
{
	if (!f->attempt || f->attempt->seen)
		return false;
	strbuf_addf(reason, "the worker did not tell how the attempt ended");
	*ret = PHASE_UNPLUG;
	return true;
}

/* Unplug and release did not meet. */
static bool attempt_unmade(const struct cycle_facts *f, struct strbuf *reason,
			   enum phase *ret)
{
	const struct attempt *a = f->attempt;

	*ret = PHASE_UNPLUG;
	if (!a)
		return false;
	if (!strcmp(a->unplug, "died"))
		strbuf_addf(reason, "the worker's process that unplugs died");
	else if (has_died(a))
		strbuf_addf(reason,
			    "the user died before it let go, or had to be killed");
	else if (strcmp(a->unplug, "ok") != 0 && a->unplug_ns < 0)
		strbuf_addf(reason, "the unplug was never begun: %s", a->unplug);
	else
		return false;
	return true;
}

static bool attempt_blocked(const struct cycle_facts *f, struct strbuf *reason,
			    enum phase *ret)
{
	const struct attempt *a = f->attempt;
	char time[NUM_DURATION_MAX];

	if (!a || !a->blocked)
		return false;
	strbuf_addf(reason, "the unplug waited for the user");
	add_holder(a, reason);
	if (a->free_ns >= 0)
		strbuf_addf(reason, ", free after %s",
			    num_format_duration(time, (uint64_t)a->free_ns));
	add_where(a, reason);
	*ret = PHASE_UNPLUG;
	return true;
}

static bool attempt_busy(const struct cycle_facts *f, struct strbuf *reason,
			 enum phase *ret)
{
	if (!f->attempt || !strcmp(f->attempt->unplug, "ok"))
		return false;
	strbuf_addf(reason, "the unplug was refused: %s", f->attempt->unplug);
	add_holder(f->attempt, reason);
	*ret = PHASE_UNPLUG;
	return true;
}

static bool pass(const struct cycle_facts *f, struct strbuf *reason, enum phase *ret)
{
	const struct attempt *a = f->attempt;
	char got[NUM_DURATION_MAX], took[NUM_DURATION_MAX];

	*ret = a ? PHASE_BACK : PHASE_UP;
	if (!a) {
		strbuf_addf(reason, "%s, no finding", f->passed);
		return true;
	}
	strbuf_addf(reason, "let go at %s%s, unplugged in %s", a->got_ns < 0 ? "-" : "",
		    num_format_duration(got, (uint64_t)llabs(a->got_ns)),
		    num_format_duration(took, (uint64_t)a->unplug_ns));
	if (strcmp(a->release, "ok") != 0)
		strbuf_addf(reason, ", letting go gave %s", a->release);
	strbuf_addf(reason, ", device back, no finding");
	return true;
}

/* -- the table --------------------------------------------------------------------------- */

static const struct rule {
	bool (*holds)(const struct cycle_facts *f, struct strbuf *reason,
		      enum phase *ret);
	enum outcome outcome;
	bool hides; /* findings, which would be lost behind its words */
} rules[] = {
	{ lost, OUTCOME_LOST, true },
	/* Before the hang: the silence after an oops is its consequence. */
	{ dead, OUTCOME_CRASH, false },
	{ hang, OUTCOME_HANG, true },
	{ restart, OUTCOME_CRASH, true },
	{ attempt_stuck, OUTCOME_HANG, true },
	{ attempt_gone, OUTCOME_GONE, true },
	{ splat, OUTCOME_SPLAT, false },
	{ invalid, OUTCOME_INVALID, false },
	{ attempt_unseen, OUTCOME_INVALID, false },
	{ attempt_unmade, OUTCOME_INVALID, false },
	{ attempt_blocked, OUTCOME_BLOCKED, false },
	{ attempt_busy, OUTCOME_BUSY, false },
	{ unproven, OUTCOME_INVALID, false },
	{ pass, OUTCOME_PASS, false },
};

static void tell_proofs(const struct cycle_facts *f, struct verdict *verdict)
{
	_cleanup_strbuf_ struct strbuf words = { 0 };

	for (size_t i = 0; i < f->n_proofs; i++)
		if (f->proofs[i].given)
			strbuf_addf(&words, "%s%s", words.n ? ", " : "",
				    f->proofs[i].given);
	text_clean(verdict->proofs, sizeof(verdict->proofs),
		   (struct text){ words.s, words.n });
}

void verdict_of_cycle(const struct cycle_facts *facts, struct verdict *ret)
{
	_cleanup_strbuf_ struct strbuf reason = { 0 };
	const struct rule *rule = rules;

	*ret = (struct verdict){ 0 };
	while (!rule->holds(facts, &reason, &ret->phase))
		rule++;
	ret->outcome = rule->outcome;
	if (rule->hides && facts->worst[0])
		strbuf_addf(&reason, "; seen before: %s", facts->worst);
	else if (rule->hides && facts->panic)
		strbuf_addf(&reason, "; seen before: a kernel panic");
	/* Cuts at a character, where snprintf would cut within one. */
	text_clean(ret->reason, sizeof(ret->reason), (struct text){ reason.s, reason.n });
	if (ret->outcome == OUTCOME_PASS)
		tell_proofs(facts, ret);
}
