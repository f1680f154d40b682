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
		 const char *missing)
{
	/* One that is forgotten would make a false pass. */
	if (facts->n_proofs == PROOFS_MAX)
		abort();
	facts->proofs[facts->n_proofs++] = (struct proof){ held, phase, missing };
}

/* The next one that is missing from index on, which moves behind it; NULL: none is. */
static const struct proof *proof_missing(const struct cycle_facts *f, size_t *index)
{
	static const struct proof all_lines = {
		false, PHASE_UP, "the console has lost some of what the kernel said"
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

/* -- rules --------------------------------------------------------------------------- */

static bool is_invalid(const struct cycle_facts *f)
{
	return f->invalid[0];
}

static bool is_lost(const struct cycle_facts *f)
{
	/* What could not be observed may as well be there. */
	return f->recovery_failed && !f->invalid[0];
}

static bool is_dead(const struct cycle_facts *f)
{
	return f->panic || f->oops;
}

static bool is_hang(const struct cycle_facts *f)
{
	return f->hang_phase != PHASE_NONE;
}

static bool is_restart(const struct cycle_facts *f)
{
	return f->early_banners || f->banners > 1;
}

static bool is_splat(const struct cycle_facts *f)
{
	return f->splats || f->faults || f->precursors;
}

static bool is_unproven(const struct cycle_facts *f)
{
	return first_missing(f);
}

static bool is_rest(const struct cycle_facts *f)
{
	(void)f;
	return true;
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

static enum phase explain_invalid(const struct cycle_facts *f, struct strbuf *reason)
{
	strbuf_addf(reason, "%s", f->invalid);
	return f->invalid_phase;
}

static enum phase explain_lost(const struct cycle_facts *f, struct strbuf *reason)
{
	strbuf_addf(reason, "did not come back, even after power recovery");
	if (is_hang(f)) {
		strbuf_addf(reason, ": ");
		add_silence(f, reason);
	}
	return f->hang_phase != PHASE_NONE ? f->hang_phase : f->worst_phase;
}

static enum phase explain_dead(const struct cycle_facts *f, struct strbuf *reason)
{
	strbuf_addf(reason, "%s",
		    f->worst[0] ? f->worst :
		    f->panic    ? "the kernel panicked" :
				  "the kernel oopsed");
	if (is_hang(f)) {
		strbuf_addf(reason, "; then ");
		add_silence(f, reason);
	}
	add_unmeasured(f, reason);
	return f->worst_phase != PHASE_NONE ? f->worst_phase : f->hang_phase;
}

static enum phase explain_hang(const struct cycle_facts *f, struct strbuf *reason)
{
	add_silence(f, reason);
	if (f->last_line[0])
		strbuf_addf(reason, "; last line: %s", f->last_line);
	else
		strbuf_addf(reason, "; it printed nothing at all");
	return f->hang_phase;
}

static enum phase explain_restart(const struct cycle_facts *f, struct strbuf *reason)
{
	strbuf_addf(reason, "restarted by itself in phase %s",
		    phase_name(f->restart_phase));
	if (f->attempt)
		strbuf_addf(reason, ", which nobody asked for");
	else if (f->early_banners)
		strbuf_addf(reason, ", before the request");
	else
		strbuf_addf(reason, ": %u kernel banners after the request", f->banners);
	return f->restart_phase;
}

static enum phase explain_splat(const struct cycle_facts *f, struct strbuf *reason)
{
	const struct proof *missing = first_missing(f);

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
	return f->worst_phase;
}

static enum phase explain_unproven(const struct cycle_facts *f, struct strbuf *reason)
{
	const struct proof *first = first_missing(f), *missing;
	size_t index = 0;

	/* Later ones mostly follow from the first. */
	strbuf_addf(reason, "no proof of a pass: ");
	while ((missing = proof_missing(f, &index)))
		strbuf_addf(reason, "%s%s", missing == first ? "" : ", ",
			    missing->missing);
	return first->phase;
}

static enum phase explain_pass(const struct cycle_facts *f, struct strbuf *reason)
{
	strbuf_addf(reason, "%s, no finding", f->passed);
	return PHASE_UP;
}

/* -- attempts to unplug -------------------------------------------------------------------- */

/* One of the worker's processes was killed: what follows from that is not the kernel's. */
static bool has_died(const struct attempt *a)
{
	return !strcmp(a->unplug, "died") || (!strcmp(a->release, "died") && !a->blocked);
}

static bool attempt_is_stuck(const struct cycle_facts *f)
{
	const struct attempt *a = f->attempt;

	return a && !has_died(a) &&
	       (!strcmp(a->unplug, "stuck") || !strcmp(a->release, "stuck") ||
		!strcmp(a->back, "stuck"));
}

static bool attempt_is_gone(const struct cycle_facts *f)
{
	return f->attempt && f->attempt->seen && strcmp(f->attempt->back, "ok") != 0 &&
	       strcmp(f->attempt->unplug, "died") != 0;
}

/* Unplug and release did not meet. */
static bool attempt_is_unmade(const struct cycle_facts *f)
{
	const struct attempt *a = f->attempt;

	return a && (has_died(a) || (strcmp(a->unplug, "ok") != 0 && a->unplug_ns < 0));
}

static bool attempt_is_unseen(const struct cycle_facts *f)
{
	return f->attempt && !f->attempt->seen;
}

static bool attempt_is_blocked(const struct cycle_facts *f)
{
	return f->attempt && f->attempt->blocked;
}

static bool attempt_is_busy(const struct cycle_facts *f)
{
	return f->attempt && strcmp(f->attempt->unplug, "ok") != 0;
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

static enum phase attempt_explain_stuck(const struct cycle_facts *f,
					struct strbuf *reason)
{
	const struct attempt *a = f->attempt;
	bool is_back = !strcmp(a->back, "stuck");

	if (is_back) {
		strbuf_addf(reason, "bringing the device back never ended");
	} else if (!strcmp(a->release, "stuck")) {
		strbuf_addf(reason, "the user never came back from letting go");
		add_holder(a, reason);
	} else {
		strbuf_addf(reason, "the unplug never returned");
		if (a->release[0]) {
			strbuf_addf(reason, ", though nobody");
			add_holder(a, reason);
			strbuf_addf(reason, " holds the device any more");
		}
	}
	add_where(a, reason);
	return is_back ? PHASE_BACK : PHASE_UNPLUG;
}

static enum phase attempt_explain_gone(const struct cycle_facts *f, struct strbuf *reason)
{
	const struct attempt *a = f->attempt;

	if (a->moved[0])
		strbuf_addf(reason, "the device came back as %s", a->moved);
	else
		strbuf_addf(reason, "the device did not come back");
	return PHASE_BACK;
}

static enum phase attempt_explain_unseen(const struct cycle_facts *f,
					 struct strbuf *reason)
{
	(void)f;
	strbuf_addf(reason, "the worker did not tell how the attempt ended");
	return PHASE_UNPLUG;
}

static enum phase attempt_explain_unmade(const struct cycle_facts *f,
					 struct strbuf *reason)
{
	const struct attempt *a = f->attempt;

	if (!strcmp(a->unplug, "died"))
		strbuf_addf(reason, "the worker's process that unplugs died");
	else if (has_died(a))
		strbuf_addf(reason,
			    "the user died before it let go, or had to be killed");
	else
		strbuf_addf(reason, "the unplug was never begun: %s", a->unplug);
	return PHASE_UNPLUG;
}

static enum phase attempt_explain_blocked(const struct cycle_facts *f,
					  struct strbuf *reason)
{
	const struct attempt *a = f->attempt;
	char time[NUM_DURATION_MAX];

	strbuf_addf(reason, "the unplug waited for the user");
	add_holder(a, reason);
	if (a->free_ns >= 0)
		strbuf_addf(reason, ", free after %s",
			    num_format_duration(time, (uint64_t)a->free_ns));
	add_where(a, reason);
	return PHASE_UNPLUG;
}

static enum phase attempt_explain_busy(const struct cycle_facts *f, struct strbuf *reason)
{
	strbuf_addf(reason, "the unplug was refused: %s", f->attempt->unplug);
	add_holder(f->attempt, reason);
	return PHASE_UNPLUG;
}

static bool attempt_is_made(const struct cycle_facts *f)
{
	return f->attempt;
}

static enum phase attempt_explain_pass(const struct cycle_facts *f, struct strbuf *reason)
{
	const struct attempt *a = f->attempt;
	char got[NUM_DURATION_MAX], took[NUM_DURATION_MAX];
	uint64_t offset = (uint64_t)(a->got_ns < 0 ? -a->got_ns : a->got_ns);

	strbuf_addf(reason, "let go at %s%s, unplugged in %s", a->got_ns < 0 ? "-" : "",
		    num_format_duration(got, offset),
		    num_format_duration(took, (uint64_t)a->unplug_ns));
	if (strcmp(a->release, "ok") != 0)
		strbuf_addf(reason, ", letting go gave %s", a->release);
	strbuf_addf(reason, ", device back, no finding");
	return PHASE_BACK;
}

/* -- the table --------------------------------------------------------------------------- */

static const struct rule {
	bool (*holds)(const struct cycle_facts *f);
	enum phase (*explain)(const struct cycle_facts *f, struct strbuf *reason);
	enum outcome outcome;
	bool hides; /* findings, which would be lost behind its words */
} rules[] = {
	{ is_lost, explain_lost, OUTCOME_LOST, true },
	/* Before the hang: the silence after an oops is its consequence. */
	{ is_dead, explain_dead, OUTCOME_CRASH, false },
	{ is_hang, explain_hang, OUTCOME_HANG, true },
	{ is_restart, explain_restart, OUTCOME_CRASH, true },
	{ attempt_is_stuck, attempt_explain_stuck, OUTCOME_HANG, true },
	{ attempt_is_gone, attempt_explain_gone, OUTCOME_GONE, true },
	{ is_splat, explain_splat, OUTCOME_SPLAT, false },
	{ is_invalid, explain_invalid, OUTCOME_INVALID, false },
	{ attempt_is_unseen, attempt_explain_unseen, OUTCOME_INVALID, false },
	{ attempt_is_unmade, attempt_explain_unmade, OUTCOME_INVALID, false },
	{ attempt_is_blocked, attempt_explain_blocked, OUTCOME_BLOCKED, false },
	{ attempt_is_busy, attempt_explain_busy, OUTCOME_BUSY, false },
	{ is_unproven, explain_unproven, OUTCOME_INVALID, false },
	{ attempt_is_made, attempt_explain_pass, OUTCOME_PASS, false },
	{ is_rest, explain_pass, OUTCOME_PASS, false },
};

void verdict_of_cycle(const struct cycle_facts *facts, struct verdict *ret)
{
	_cleanup_strbuf_ struct strbuf reason = { 0 };
	const struct rule *rule = rules;

	while (!rule->holds(facts))
		rule++;
	*ret = (struct verdict){ .outcome = rule->outcome };
	ret->phase = rule->explain(facts, &reason);
	if (rule->hides && facts->worst[0])
		strbuf_addf(&reason, "; seen before: %s", facts->worst);
	else if (rule->hides && facts->panic)
		strbuf_addf(&reason, "; seen before: a kernel panic");
	/* Cuts at a character, where snprintf would cut within one. */
	text_clean(ret->reason, sizeof(ret->reason), (struct text){ reason.s, reason.n });
}
