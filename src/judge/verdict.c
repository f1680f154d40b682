// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decision table: the first rule that holds decides. Absence of evidence is never a
 * pass: a pass is what is left when every proof that the scenario asks for was held.
 */
#include "judge/verdict.h"

#include "attempt_rules.h"
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
