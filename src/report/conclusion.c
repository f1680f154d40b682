// SPDX-License-Identifier: GPL-2.0-or-later
#include "parts.h"

#include "judge/stats.h"

#include <stdio.h>

static const char *plural(unsigned int n, const char *many)
{
	return n == 1 ? "" : many;
}

static void add_cycles(struct strbuf *s, unsigned int n)
{
	strbuf_addf(s, "%u cycle%s", n, plural(n, "s"));
}

/*
 * "4 crashes and 1 hang in 10 cycles", "seen in 10 of 10 cycles, without a crash", "seen in 9
 * of 10 cycles, 2 crashes".
 */
static void add_seen(struct strbuf *s, const struct fold_seen *seen,
		     const struct fold *fold)
{
	static const struct {
		enum outcome outcome;
		const char *one, *many;
	} deaths[] = {
		{ OUTCOME_CRASH, "crash", "crashes" },
		{ OUTCOME_HANG, "hang", "hangs" },
		{ OUTCOME_LOST, "lost target", "lost targets" },
		{ OUTCOME_GONE, "lost device", "lost devices" },
	};
	unsigned int died = 0, of = fold->finished;
	struct strbuf how = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(deaths); i++) {
		unsigned int n = seen->outcomes[deaths[i].outcome];

		if (!n)
			continue;
		strbuf_addf(&how, "%s%u %s", died ? " and " : "", n,
			    n == 1 ? deaths[i].one : deaths[i].many);
		died += n;
	}
	if (died && died >= seen->cycles) {
		strbuf_addf(s, "%s in ", how.s);
		add_cycles(s, of);
	} else if (seen->cycles) {
		strbuf_addf(s, "seen in %u of ", seen->cycles);
		add_cycles(s, of > seen->last_cycle ? of : seen->last_cycle);
		strbuf_addf(s, ", %s", died ? how.s : "without a crash");
	} else {
		strbuf_addf(s, "seen before the first cycle");
	}
	strbuf_done(&how);
}

static void add_known(struct strbuf *s, const struct fold *fold)
{
	for (size_t i = 0; i < fold->n_known; i++) {
		strbuf_addf(s, "%sThis kernel has the bug %s: ", i ? " " : "",
			    fold->known[i].id);
		add_seen(s, &fold->known[i].seen, fold);
		strbuf_addf(s, ".");
	}
}

static bool is_unknown(const struct fold_bug *bug)
{
	return fold_bug_counts(bug) && !bug->first.known[0];
}

/* The one that killed most; of equals the first. */
static const struct fold_bug *worst_unknown(const struct fold *fold, unsigned int *ret_n)
{
	const struct fold_bug *worst = NULL;
	unsigned int worst_deaths = 0;

	*ret_n = 0;
	for (size_t i = 0; i < fold->n_bugs; i++) {
		const struct fold_bug *bug = &fold->bugs[i];
		unsigned int deaths = bug->seen.outcomes[OUTCOME_CRASH] +
				      bug->seen.outcomes[OUTCOME_HANG] +
				      bug->seen.outcomes[OUTCOME_LOST];

		if (!is_unknown(bug))
			continue;
		++*ret_n;
		if (!worst || deaths > worst_deaths) {
			worst = bug;
			worst_deaths = deaths;
		}
	}
	return worst;
}

static void add_unknown(struct strbuf *s, const struct fold *fold)
{
	unsigned int n;
	const struct fold_bug *worst = worst_unknown(fold, &n);

	n += fold->more_bugs;
	if (!worst)
		return;
	if (s->n) {
		strbuf_addf(s, " %u more finding%s no known issue%s.", n,
			    n == 1 ? " is" : "s are", plural(n, "s"));
		return;
	}
	if (n == 1)
		strbuf_addf(s, "One finding, which is no known issue: ");
	else
		strbuf_addf(s, "%u findings, which are no known issues; the worst: ", n);
	strbuf_addf(s, "%s, ",
		    worst->first.title[0] ? worst->first.title : worst->first.bug);
	add_seen(s, &worst->seen, fold);
	strbuf_addf(s, ".");
}

/* A hang leaves no report. */
static void add_silent_hits(struct strbuf *s, const struct fold *fold)
{
	static const enum outcome order[] = { OUTCOME_LOST, OUTCOME_CRASH, OUTCOME_HANG,
					      OUTCOME_GONE, OUTCOME_SPLAT };
	struct fold_seen seen = { .cycles = fold_hits(fold) };

	if (s->n || !seen.cycles)
		return;
	memcpy(seen.outcomes, fold->outcomes, sizeof(seen.outcomes));
	strbuf_addf(s, "The kernel reported nothing, but: ");
	add_seen(s, &seen, fold);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (fold->outcomes[order[i]]) {
			strbuf_addf(s, ", first in cycle %u: %s",
				    fold->first[order[i]].cycle,
				    fold->first[order[i]].verdict.reason);
			break;
		}
	strbuf_addf(s, ".");
}

static void add_nothing(struct strbuf *s, const struct fold *fold)
{
	unsigned int measured = fold_measured(fold);

	if (s->n || !measured)
		return;
	strbuf_addf(s, "No finding in ");
	add_cycles(s, measured);
	strbuf_addf(s,
		    ": a bug that strikes in more than %.2g %% of them is ruled out "
		    "(95 %% confidence).",
		    100 * stats_rate_below(measured));
}

static void add_invalid(struct strbuf *s, const struct fold *fold)
{
	unsigned int n = fold->outcomes[OUTCOME_INVALID];

	if (!fold->finished) {
		strbuf_addf(s, "%sNo cycle was finished.", s->n ? " " : "");
		return;
	}
	if (!n)
		return;
	if (s->n)
		strbuf_addf(s, " ");
	if (n == fold->finished) {
		strbuf_addf(s, "Nothing could be measured");
	} else {
		add_cycles(s, n);
		strbuf_addf(s, " could not be measured");
	}
	strbuf_addf(s, ", first cycle %u: %s.", fold->first[OUTCOME_INVALID].cycle,
		    fold->first[OUTCOME_INVALID].verdict.reason);
}

static void add_end(struct strbuf *s, const struct fold *fold)
{
	if (!fold->ended)
		strbuf_addf(s, " The run has not ended: it goes on, or it was killed.");
	else if (!strcmp(fold->end, "interrupted"))
		strbuf_addf(s, " The run was interrupted.");
}

char *conclusion_of(const struct fold *fold)
{
	struct strbuf s = { 0 };

	add_known(&s, fold);
	add_unknown(&s, fold);
	add_silent_hits(&s, fold);
	add_nothing(&s, fold);
	add_invalid(&s, fold);
	add_end(&s, fold);
	return s.s;
}
