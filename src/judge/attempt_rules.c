// SPDX-License-Identifier: GPL-2.0-or-later
#include "attempt_rules.h"

#include "base/num.h"

#include <string.h>

/* One of the worker's processes was killed: what follows from that is not the kernel's. */
static bool has_died(const struct attempt *a)
{
	return !strcmp(a->unplug, "died") || (!strcmp(a->release, "died") && !a->blocked);
}

bool attempt_is_stuck(const struct cycle_facts *f)
{
	const struct attempt *a = f->attempt;

	return a && !has_died(a) &&
	       (!strcmp(a->unplug, "stuck") || !strcmp(a->release, "stuck") ||
		!strcmp(a->back, "stuck"));
}

bool attempt_is_gone(const struct cycle_facts *f)
{
	return f->attempt && f->attempt->seen && strcmp(f->attempt->back, "ok") != 0 &&
	       strcmp(f->attempt->unplug, "died") != 0;
}

/* Unplug and release did not meet. */
bool attempt_is_unmade(const struct cycle_facts *f)
{
	const struct attempt *a = f->attempt;

	return a && (has_died(a) || (strcmp(a->unplug, "ok") != 0 && a->unplug_ns < 0));
}

bool attempt_is_unseen(const struct cycle_facts *f)
{
	return f->attempt && !f->attempt->seen;
}

bool attempt_is_blocked(const struct cycle_facts *f)
{
	return f->attempt && f->attempt->blocked;
}

bool attempt_is_busy(const struct cycle_facts *f)
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

enum phase attempt_explain_stuck(const struct cycle_facts *f, struct strbuf *reason)
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

enum phase attempt_explain_gone(const struct cycle_facts *f, struct strbuf *reason)
{
	const struct attempt *a = f->attempt;

	if (a->moved[0])
		strbuf_addf(reason, "the device came back as %s", a->moved);
	else
		strbuf_addf(reason, "the device did not come back");
	return PHASE_BACK;
}

enum phase attempt_explain_unseen(const struct cycle_facts *f, struct strbuf *reason)
{
	(void)f;
	strbuf_addf(reason, "the worker did not tell how the attempt ended");
	return PHASE_UNPLUG;
}

enum phase attempt_explain_unmade(const struct cycle_facts *f, struct strbuf *reason)
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

enum phase attempt_explain_blocked(const struct cycle_facts *f, struct strbuf *reason)
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

enum phase attempt_explain_busy(const struct cycle_facts *f, struct strbuf *reason)
{
	strbuf_addf(reason, "the unplug was refused: %s", f->attempt->unplug);
	add_holder(f->attempt, reason);
	return PHASE_UNPLUG;
}

bool attempt_is_made(const struct cycle_facts *f)
{
	return f->attempt;
}

enum phase attempt_explain_pass(const struct cycle_facts *f, struct strbuf *reason)
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
