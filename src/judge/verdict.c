// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decision table: the first rule that holds decides. Absence of evidence is never a
 * pass, so the proofs of one stand last, each with the words for its absence.
 */
#include "judge/verdict.h"

#include "base/num.h"

#include <stdio.h>
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

/* -- proofs of a pass, in the order in which a cycle gives them ---------------------- */

static bool has_shell_before(const struct cycle_facts *f)
{
	return f->shell_before;
}

static bool has_load_before(const struct cycle_facts *f)
{
	return !f->wants_load || f->load_before;
}

static bool has_trigger(const struct cycle_facts *f)
{
	return f->triggered;
}

static bool has_banner(const struct cycle_facts *f)
{
	return f->banners == 1;
}

static bool has_shell_after(const struct cycle_facts *f)
{
	return f->shell_back;
}

static bool has_new_boot_id(const struct cycle_facts *f)
{
	return f->boot_id_known && f->boot_id_changed;
}

static bool has_load_after(const struct cycle_facts *f)
{
	return !f->wants_load || f->load_after;
}

static bool has_all_lines(const struct cycle_facts *f)
{
	return !f->lines_lost;
}

static const struct proof {
	bool (*holds)(const struct cycle_facts *f);
	enum phase phase;
	const char *missing;
} proofs[] = {
	{ has_shell_before, PHASE_SETTLE, "the shell did not answer before the request" },
	{ has_load_before, PHASE_FLOOD, "replies to the load were not steady" },
	{ has_trigger, PHASE_TRIGGER, "the request was not seen in the kernel log" },
	{ has_banner, PHASE_FIRMWARE, "no banner of a new kernel was seen" },
	{ has_shell_after, PHASE_EARLY_BOOT, "the shell did not come back" },
	{ has_new_boot_id, PHASE_EARLY_BOOT, "no new boot id was told" },
	{ has_load_after, PHASE_UP, "no reply to the load after the new boot" },
	{ has_all_lines, PHASE_UP, "the console has lost some of what the kernel said" },
};

/* That a device went and came is told by the worker: the others are of a reboot. */
static bool is_missing(const struct cycle_facts *f, const struct proof *proof)
{
	return (!f->attempt || proof->holds == has_all_lines) && !proof->holds(f);
}

/* NULL: all are there. */
static const struct proof *proof_missing(const struct cycle_facts *f)
{
	for (size_t i = 0; i < ARRAY_SIZE(proofs); i++)
		if (is_missing(f, &proofs[i]))
			return &proofs[i];
	return NULL;
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

/* One of the worker's processes was killed: what follows from that is not the kernel's. */
static bool has_died(const struct attempt *a)
{
	return !strcmp(a->unplug, "died") || (!strcmp(a->release, "died") && !a->blocked);
}

static bool is_stuck(const struct cycle_facts *f)
{
	const struct attempt *a = f->attempt;

	return a && !has_died(a) &&
	       (!strcmp(a->unplug, "stuck") || !strcmp(a->release, "stuck") ||
		!strcmp(a->back, "stuck"));
}

static bool is_gone(const struct cycle_facts *f)
{
	return f->attempt && f->attempt->seen && strcmp(f->attempt->back, "ok") != 0 &&
	       strcmp(f->attempt->unplug, "died") != 0;
}

/* Unplug and release did not meet. */
static bool is_unmade(const struct cycle_facts *f)
{
	const struct attempt *a = f->attempt;

	return a && (has_died(a) || (strcmp(a->unplug, "ok") != 0 && a->unplug_ns < 0));
}

static bool is_unseen(const struct cycle_facts *f)
{
	return f->attempt && !f->attempt->seen;
}

static bool is_blocked(const struct cycle_facts *f)
{
	return f->attempt && f->attempt->blocked;
}

static bool is_busy(const struct cycle_facts *f)
{
	return f->attempt && strcmp(f->attempt->unplug, "ok") != 0;
}

static bool is_unproven(const struct cycle_facts *f)
{
	return proof_missing(f) != NULL;
}

static bool is_rest(const struct cycle_facts *f)
{
	(void)f;
	return true;
}

/* "; seen before: ..." where findings would be lost behind another reason. */
static void add_worst(const struct cycle_facts *f, struct strbuf *reason)
{
	if (f->worst[0])
		strbuf_addf(reason, "; seen before: %s", f->worst);
	else if (f->panic)
		strbuf_addf(reason, "; seen before: a kernel panic");
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
	add_worst(f, reason);
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
	add_worst(f, reason);
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
	add_worst(f, reason);
	return f->restart_phase;
}

static enum phase explain_splat(const struct cycle_facts *f, struct strbuf *reason)
{
	const struct proof *missing = proof_missing(f);

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

static enum phase explain_stuck(const struct cycle_facts *f, struct strbuf *reason)
{
	const struct attempt *a = f->attempt;
	bool is_back = !strcmp(a->back, "stuck");

	if (is_back) {
		strbuf_addf(reason, "bringing the device back never ended");
	} else if (!strcmp(a->release, "stuck")) {
		strbuf_addf(reason, "the user never came back from letting go");
		add_holder(a, reason);
	} else {
		strbuf_addf(reason, "the unplug never returned, though nobody");
		add_holder(a, reason);
		strbuf_addf(reason, " holds the device any more");
	}
	add_where(a, reason);
	add_worst(f, reason);
	return is_back ? PHASE_BACK : PHASE_UNPLUG;
}

static enum phase explain_gone(const struct cycle_facts *f, struct strbuf *reason)
{
	const struct attempt *a = f->attempt;

	if (a->moved[0])
		strbuf_addf(reason, "the device came back as %s", a->moved);
	else
		strbuf_addf(reason, "the device did not come back");
	add_worst(f, reason);
	return PHASE_BACK;
}

static enum phase explain_unseen(const struct cycle_facts *f, struct strbuf *reason)
{
	(void)f;
	strbuf_addf(reason, "the worker did not tell how the attempt ended");
	return PHASE_UNPLUG;
}

static enum phase explain_unmade(const struct cycle_facts *f, struct strbuf *reason)
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

static enum phase explain_blocked(const struct cycle_facts *f, struct strbuf *reason)
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

static enum phase explain_busy(const struct cycle_facts *f, struct strbuf *reason)
{
	strbuf_addf(reason, "the unplug was refused: %s", f->attempt->unplug);
	add_holder(f->attempt, reason);
	return PHASE_UNPLUG;
}

static enum phase explain_unproven(const struct cycle_facts *f, struct strbuf *reason)
{
	const struct proof *first = proof_missing(f);

	/* Later ones mostly follow from the first. */
	strbuf_addf(reason, "no proof of a pass: ");
	for (size_t i = 0; i < ARRAY_SIZE(proofs); i++)
		if (is_missing(f, &proofs[i]))
			strbuf_addf(reason, "%s%s", &proofs[i] == first ? "" : ", ",
				    proofs[i].missing);
	return first->phase;
}

static enum phase explain_attempt(const struct attempt *a, struct strbuf *reason)
{
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

static enum phase explain_pass(const struct cycle_facts *f, struct strbuf *reason)
{
	if (f->attempt)
		return explain_attempt(f->attempt, reason);
	strbuf_addf(reason, "one new kernel, shell back, new boot id%s, no finding",
		    f->wants_load ? ", load answered before and after" : "");
	return PHASE_UP;
}

static const struct rule {
	bool (*holds)(const struct cycle_facts *f);
	enum outcome outcome;
	enum phase (*explain)(const struct cycle_facts *f, struct strbuf *reason);
} rules[] = {
	{ is_lost, OUTCOME_LOST, explain_lost },
	/* Before the hang: the silence after an oops is its consequence. */
	{ is_dead, OUTCOME_CRASH, explain_dead },
	{ is_hang, OUTCOME_HANG, explain_hang },
	{ is_restart, OUTCOME_CRASH, explain_restart },
	{ is_stuck, OUTCOME_HANG, explain_stuck },
	{ is_gone, OUTCOME_GONE, explain_gone },
	{ is_splat, OUTCOME_SPLAT, explain_splat },
	{ is_invalid, OUTCOME_INVALID, explain_invalid },
	{ is_unseen, OUTCOME_INVALID, explain_unseen },
	{ is_unmade, OUTCOME_INVALID, explain_unmade },
	{ is_blocked, OUTCOME_BLOCKED, explain_blocked },
	{ is_busy, OUTCOME_BUSY, explain_busy },
	{ is_unproven, OUTCOME_INVALID, explain_unproven },
	{ is_rest, OUTCOME_PASS, explain_pass },
};

void verdict_of_cycle(const struct cycle_facts *facts, struct verdict *ret)
{
	_cleanup_strbuf_ struct strbuf reason = { 0 };
	const struct rule *rule = rules;

	while (!rule->holds(facts))
		rule++;
	*ret = (struct verdict){ .outcome = rule->outcome };
	ret->phase = rule->explain(facts, &reason);
	/* Cuts at a character, where snprintf would cut within one. */
	text_clean(ret->reason, sizeof(ret->reason), (struct text){ reason.s, reason.n });
}
