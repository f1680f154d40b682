// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision table row by row, and its one law: no pass without every proof. */
#include "judge/verdict.h"

#include "base/num.h"
#include "scenario/reboot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define WORST "NULL pointer dereference in iommu_get_dma_domain"

static const struct reboot_proofs good_proofs = {
	.wants_load = true,
	.shell_before = true,
	.triggered = true,
	.load_before = true,
	.load_after = true,
	.wants_reset = true,
	.reset = true,
	.shell_back = true,
	.new_boot_id = true,
};

static struct cycle_facts proven(const struct reboot_proofs *seen, unsigned int banners)
{
	struct cycle_facts f = { .cycle = 1, .banners = banners };

	reboot_prove(seen, &f);
	return f;
}

static struct cycle_facts good_facts(void)
{
	return proven(&good_proofs, 1);
}

static void check(const struct cycle_facts *facts, enum outcome outcome, enum phase phase,
		  const char *reason)
{
	struct verdict verdict;

	memset(&verdict, 0xff, sizeof(verdict));
	verdict_of_cycle(facts, &verdict);
	assert_string_equal(verdict.reason, reason);
	assert_int_equal(verdict.outcome, outcome);
	assert_int_equal(verdict.phase, phase);
}

static void passes(void **state)
{
	struct reboot_proofs seen = good_proofs;
	struct cycle_facts f = proven(&seen, 1);
	struct verdict verdict;

	(void)state;
	check(&f, OUTCOME_PASS, PHASE_UP,
	      "one new kernel, shell back, new boot id, load answered before and after, "
	      "no finding");
	verdict_of_cycle(&f, &verdict);
	assert_string_equal(verdict.proofs,
			    "shell before, steady replies before, request in the kernel "
			    "log, reset told by the power switch, one new banner, shell "
			    "back, a boot id that is new in this run, replies after");
	f.banners = 2;
	verdict_of_cycle(&f, &verdict);
	assert_string_equal(verdict.proofs, "");
	seen.wants_load = seen.load_before = seen.load_after = false;
	f = proven(&seen, 1);
	check(&f, OUTCOME_PASS, PHASE_UP,
	      "one new kernel, shell back, new boot id, no finding");
}

/* Without one of the proofs. */
static void check_missing(size_t member, enum phase phase, const char *reason)
{
	struct reboot_proofs seen = good_proofs;
	struct cycle_facts f;

	*((bool *)&seen + member) = false;
	f = proven(&seen, 1);
	check(&f, OUTCOME_INVALID, phase, reason);
}
#define CHECK_MISSING(member, phase, reason)                         \
	check_missing(offsetof(struct reboot_proofs, member), phase, \
		      "no proof of a pass: " reason)

static void missing_proofs(void **state)
{
	struct reboot_proofs seen = good_proofs;
	struct cycle_facts f = proven(&seen, 0);

	(void)state;
	CHECK_MISSING(shell_before, PHASE_SETTLE,
		      "the shell did not answer before the request");
	CHECK_MISSING(load_before, PHASE_FLOOD, "replies to the load were not steady");
	CHECK_MISSING(triggered, PHASE_TRIGGER,
		      "the request was not seen in the kernel log");
	check(&f, OUTCOME_INVALID, PHASE_FIRMWARE,
	      "no proof of a pass: no banner of a new kernel was seen");
	CHECK_MISSING(reset, PHASE_FIRMWARE, "the power switch saw no reset");
	CHECK_MISSING(shell_back, PHASE_EARLY_BOOT, "the shell did not come back");
	CHECK_MISSING(new_boot_id, PHASE_EARLY_BOOT, "no new boot id was told");
	CHECK_MISSING(load_after, PHASE_UP, "no reply to the load after the new boot");
	seen.wants_none = true;
	seen.wants_reset = false;
	f = proven(&seen, 1);
	check(&f, OUTCOME_INVALID, PHASE_FIRMWARE,
	      "no proof of a pass: the machine was reset, which kexec does not do");
	seen.reset = false;
	f = proven(&seen, 1);
	check(&f, OUTCOME_PASS, PHASE_UP,
	      "one new kernel, shell back, new boot id, load answered before and after, "
	      "no finding");
	seen.load_after = seen.shell_back = false;
	f = proven(&seen, 1);
	check(&f, OUTCOME_INVALID, PHASE_EARLY_BOOT,
	      "no proof of a pass: the shell did not come back, no reply to the load after "
	      "the new boot");
	seen = (struct reboot_proofs){ .wants_load = true };
	f = proven(&seen, 0);
	check(&f, OUTCOME_INVALID, PHASE_SETTLE,
	      "no proof of a pass: the shell did not answer before the request, replies to "
	      "the load were not steady, the request was not seen in the kernel log, no "
	      "banner of a new kernel was seen, the shell did not come back, no new boot id was told, no reply to "
	      "the load after the new boot");
}

static void findings(void **state)
{
	struct cycle_facts f = good_facts();

	(void)state;
	f.splats = 1;
	f.worst_phase = PHASE_SHUTDOWN;
	strcpy(f.worst, WORST);
	check(&f, OUTCOME_SPLAT, PHASE_SHUTDOWN, WORST);
	f.n_proofs = 0;
	facts_prove(&f, true, PHASE_UP, "there", "this is there");
	facts_prove(&f, false, PHASE_EARLY_BOOT, "shell back",
		    "the shell did not come back");
	check(&f, OUTCOME_SPLAT, PHASE_SHUTDOWN,
	      WORST "; and the shell did not come back");
	f = good_facts();
	f.faults = 3;
	check(&f, OUTCOME_SPLAT, PHASE_NONE, "0 splats, 3 faults, 0 precursors");
	f = good_facts();
	f.precursors = 1;
	f.worst_phase = PHASE_SHUTDOWN;
	strcpy(f.worst, "Removing from iommu group during shutdown");
	check(&f, OUTCOME_SPLAT, PHASE_SHUTDOWN,
	      "precursor, the bug is there but did not strike: "
	      "Removing from iommu group during shutdown");
}

static void crashes(void **state)
{
	struct cycle_facts f = good_facts();

	(void)state;
	f.oops = true;
	f.splats = 1;
	f.worst_phase = PHASE_SHUTDOWN;
	strcpy(f.worst, WORST);
	check(&f, OUTCOME_CRASH, PHASE_SHUTDOWN, WORST);
	/* panic=0: the silence that follows is not another verdict. */
	f.panic = true;
	f.hang_phase = PHASE_SHUTDOWN;
	f.hang_after_ns = 60 * NS_PER_SEC;
	check(&f, OUTCOME_CRASH, PHASE_SHUTDOWN,
	      WORST "; then phase shutdown did not end within 1 min 0 s");
	f.worst[0] = '\0';
	f.worst_phase = PHASE_NONE;
	check(&f, OUTCOME_CRASH, PHASE_SHUTDOWN,
	      "the kernel panicked; then phase shutdown did not end within 1 min 0 s");
	f = good_facts();
	f.oops = true;
	check(&f, OUTCOME_CRASH, PHASE_NONE, "the kernel oopsed");
}

static void restarts(void **state)
{
	struct cycle_facts f = good_facts();

	(void)state;
	f.early_banners = 1;
	f.restart_phase = PHASE_FLOOD;
	check(&f, OUTCOME_CRASH, PHASE_FLOOD,
	      "restarted by itself in phase flood, before the request");
	f = good_facts();
	f.banners = 2;
	f.restart_phase = PHASE_EARLY_BOOT;
	check(&f, OUTCOME_CRASH, PHASE_EARLY_BOOT,
	      "restarted by itself in phase early-boot: 2 kernel banners after the request");
	/* More than a splat that was seen on the way. */
	f.splats = 1;
	strcpy(f.worst, "WARNING in foo");
	check(&f, OUTCOME_CRASH, PHASE_EARLY_BOOT,
	      "restarted by itself in phase early-boot: 2 kernel banners after the request; "
	      "seen before: WARNING in foo");
}

static void hangs(void **state)
{
	struct cycle_facts f = good_facts();

	(void)state;
	f.hang_phase = PHASE_FIRMWARE;
	f.hang_after_ns = 1500 * NS_PER_MSEC;
	f.banners = 0;
	strcpy(f.last_line, "reboot: Restarting system");
	check(&f, OUTCOME_HANG, PHASE_FIRMWARE,
	      "phase firmware did not end within 1.50 s; last line: reboot: Restarting "
	      "system");
	f.last_line[0] = '\0';
	check(&f, OUTCOME_HANG, PHASE_FIRMWARE,
	      "phase firmware did not end within 1.50 s; it printed nothing at all");
	/* A stall that was printed explains the hang, but the target did not die of it. */
	f.splats = 1;
	strcpy(f.worst, "soft lockup in arm_smmu_cmdq_issue_cmdlist");
	check(&f, OUTCOME_HANG, PHASE_FIRMWARE,
	      "phase firmware did not end within 1.50 s; it printed nothing at all; seen "
	      "before: soft lockup in arm_smmu_cmdq_issue_cmdlist");
}

static void lost(void **state)
{
	struct cycle_facts f = good_facts();

	(void)state;
	f.recovery_failed = true;
	check(&f, OUTCOME_LOST, PHASE_NONE,
	      "did not come back, even after power recovery");
	f.hang_phase = PHASE_SHUTDOWN;
	f.hang_after_ns = 60 * NS_PER_SEC;
	f.panic = true;
	check(&f, OUTCOME_LOST, PHASE_SHUTDOWN,
	      "did not come back, even after power recovery: phase "
	      "shutdown did not end within 1 min 0 s; seen before: a kernel panic");
}

static void invalid(void **state)
{
	struct cycle_facts f = good_facts();

	(void)state;
	strcpy(f.invalid, "the console was closed");
	f.invalid_phase = PHASE_SHUTDOWN;
	check(&f, OUTCOME_INVALID, PHASE_SHUTDOWN, "the console was closed");
	f.recovery_failed = true;
	check(&f, OUTCOME_INVALID, PHASE_SHUTDOWN, "the console was closed");
	/* What was found before counts all the same. */
	f.faults = 1;
	f.worst_phase = PHASE_SHUTDOWN;
	strcpy(f.worst, WORST);
	check(&f, OUTCOME_SPLAT, PHASE_SHUTDOWN, WORST "; then: the console was closed");
	f.oops = f.panic = true;
	check(&f, OUTCOME_CRASH, PHASE_SHUTDOWN, WORST "; then: the console was closed");
}

/* -- the law ------------------------------------------------------------------------- */

static bool is_proven(const struct reboot_proofs *seen, const struct cycle_facts *f)
{
	return seen->shell_before && seen->triggered && f->banners == 1 &&
	       seen->shell_back && seen->new_boot_id && !f->lines_lost &&
	       (!seen->wants_reset || seen->reset) &&
	       !(seen->wants_none && seen->reset) &&
	       (!seen->wants_load || (seen->load_before && seen->load_after));
}

static bool is_spotless(const struct cycle_facts *f)
{
	return !f->splats && !f->faults && !f->precursors && !f->oops && !f->panic &&
	       !f->early_banners && f->hang_phase == PHASE_NONE && !f->recovery_failed &&
	       !f->invalid[0];
}

static void facts_of_bits(unsigned int bits, struct reboot_proofs *seen,
			  struct cycle_facts *f)
{
	unsigned int bit = 0;

#define NEXT_BIT ((bits >> bit++) & 1)
	memset(f, 0, sizeof(*f));
	seen->wants_load = NEXT_BIT;
	seen->shell_before = NEXT_BIT;
	seen->triggered = NEXT_BIT;
	seen->load_before = NEXT_BIT;
	seen->load_after = NEXT_BIT;
	f->banners = NEXT_BIT;
	f->banners += NEXT_BIT;
	f->early_banners = NEXT_BIT;
	seen->shell_back = NEXT_BIT;
	seen->new_boot_id = NEXT_BIT;
	seen->wants_reset = NEXT_BIT;
	seen->wants_none = NEXT_BIT;
	seen->reset = NEXT_BIT;
	f->splats = NEXT_BIT;
	f->faults = NEXT_BIT;
	f->precursors = NEXT_BIT;
	f->oops = NEXT_BIT;
	f->panic = NEXT_BIT;
	f->hang_phase = NEXT_BIT ? PHASE_SHUTDOWN : PHASE_NONE;
	f->recovery_failed = NEXT_BIT;
	f->lines_lost = NEXT_BIT;
	f->invalid[0] = NEXT_BIT ? 'x' : '\0';
	assert_int_equal(bit, 22);
	reboot_prove(seen, f);
}

static void pass_only_with_every_proof(void **state)
{
	unsigned int seen[OUTCOME_COUNT] = { 0 };

	(void)state;
	for (unsigned int bits = 0; bits < 1u << 22; bits++) {
		struct reboot_proofs proofs;
		struct cycle_facts facts;
		struct verdict verdict;
		bool pass;

		facts_of_bits(bits, &proofs, &facts);
		verdict_of_cycle(&facts, &verdict);
		pass = is_proven(&proofs, &facts) && is_spotless(&facts);
		assert_int_equal(verdict.outcome == OUTCOME_PASS, pass);
		assert_true(verdict.reason[0]);
		/* What was seen is never taken for "could not be measured", unless said. */
		if (verdict.outcome == OUTCOME_INVALID && !facts.invalid[0])
			assert_true(is_spotless(&facts) && !is_proven(&proofs, &facts));
		if (facts.oops || facts.splats || facts.faults || facts.precursors)
			assert_true(verdict.outcome != OUTCOME_INVALID);
		seen[verdict.outcome]++;
	}
	for (unsigned int i = 0; i < OUTCOME_COUNT; i++)
		assert_int_equal(seen[i] != 0, i != OUTCOME_GONE &&
						       i != OUTCOME_BLOCKED &&
						       i != OUTCOME_BUSY);
}

/* A name stands for one outcome. */
static void names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < OUTCOME_COUNT; i++) {
		assert_true(outcome_name((enum outcome)i)[0] != '\0');
		for (unsigned int k = 0; k < i; k++)
			assert_string_not_equal(outcome_name((enum outcome)i),
						outcome_name((enum outcome)k));
	}
}

static void reasons_are_cut_at_a_character(void **state)
{
	struct cycle_facts f = good_facts();
	struct verdict verdict;

	(void)state;
	f.hang_phase = PHASE_UP;
	for (size_t i = 0; i + 3 < sizeof(f.last_line); i += 3)
		strcpy(f.last_line + i, "\u20ac");
	for (size_t i = 0; i + 3 < sizeof(f.worst); i += 3)
		strcpy(f.worst + i, "\u20ac");
	verdict_of_cycle(&f, &verdict);
	assert_in_range(strlen(verdict.reason), VERDICT_REASON_MAX - 6,
			VERDICT_REASON_MAX - 1);
	assert_string_equal(verdict.reason + strlen(verdict.reason) - 3, "\u20ac");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes),
		cmocka_unit_test(missing_proofs),
		cmocka_unit_test(findings),
		cmocka_unit_test(crashes),
		cmocka_unit_test(restarts),
		cmocka_unit_test(hangs),
		cmocka_unit_test(lost),
		cmocka_unit_test(invalid),
		cmocka_unit_test(pass_only_with_every_proof),
		cmocka_unit_test(names),
		cmocka_unit_test(reasons_are_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
