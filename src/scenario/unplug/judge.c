// SPDX-License-Identifier: GPL-2.0-or-later
/* What attempts mean: for their verdict, and for where to try next. */
#include "unplug.h"

#include "base/num.h"

#include <stdlib.h>

/* A window that was measured is wider than what was measured, by this and at least so much. */
#define WINDOW_MARGIN(ns) ((ns) / 2)
#define WINDOW_MIN_NS     (100 * (int64_t)NS_PER_USEC)

static int by_size(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

/* The lower quartile: what else the machines have to do only adds to a duration. */
static int64_t typical(const int64_t *values, size_t n)
{
	int64_t sorted[UNPLUG_MEASURED];

	if (!n)
		return 0;
	memcpy(sorted, values, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), by_size);
	return sorted[n / 4];
}

static bool counts_from_request(const struct run *run)
{
	return !strcmp(unplug_plan_of(run)->release, "request");
}

/*
 * From the answer to the request on, what is left of the unplug; else the whole of it, and as much
 * before it as the holder's own way out may take.
 */
static struct sweep_window measured_window(const struct run *run, int64_t unplug_ns,
					   int64_t request_ns)
{
	const struct unplug *u = unplug_of(run);
	int64_t length = unplug_ns;
	struct sweep_window w = { 0 };

	if (counts_from_request(run) && request_ns >= 0)
		length -= request_ns + typical(u->close_ns, u->n_measured);
	if (length < WINDOW_MIN_NS)
		length = WINDOW_MIN_NS;
	if (!counts_from_request(run))
		w.from_ns = -WINDOW_MARGIN(length);
	w.to_ns = length + WINDOW_MARGIN(length);
	return w;
}

static void start_sweep(struct run *run, const struct sweep_window *window)
{
	const struct unplug_plan *plan = unplug_plan_of(run);
	const struct sweep_options options = { .window = *window,
					       .step_ns = plan->step_ns,
					       .adaptive = plan->sweep != UNPLUG_EVENLY,
					       .jitter_ns = run->plan->jitter_ns,
					       .seed = run->plan->seed };

	sweep_init(&unplug_of(run)->sweep, &options);
	unplug_of(run)->has_window = true;
}

void unplug_open_window(struct run *run)
{
	const struct unplug_plan *plan = unplug_plan_of(run);
	struct unplug *u = unplug_of(run);
	struct record record = { .type = RECORD_WINDOW };

	if (u->has_window ||
	    (plan->sweep == UNPLUG_AUTO && u->n_measured < UNPLUG_MEASURED))
		return;
	record.window.unplug_ns = (uint64_t)typical(u->unplug_ns, u->n_measured);
	record.window.request_ns = u->n_measured ? typical(u->request_ns, u->n_measured) :
						   -1;
	record.window.window = plan->window;
	if (plan->sweep == UNPLUG_AUTO)
		record.window.window = measured_window(
			run, (int64_t)record.window.unplug_ns, record.window.request_ns);
	record.window.from_request = counts_from_request(run);
	start_sweep(run, &record.window.window);
	run_record(run, &record);
}

int64_t unplug_next_offset(struct unplug *u)
{
	return u->has_window ? sweep_next(&u->sweep) : 0;
}

/* Counts this order; the one that was seen most is the usual one. */
static uint32_t usual_order(struct unplug *u, uint32_t order)
{
	size_t most = 0;
	bool counted = false;

	for (size_t i = 0; i < UNPLUG_ORDERS; i++) {
		if (!counted && (u->orders[i].order == order || !u->orders[i].seen)) {
			u->orders[i].order = order;
			u->orders[i].seen++;
			counted = true;
		}
		if (u->orders[i].seen > u->orders[most].seen)
			most = i;
	}
	return u->orders[most].order;
}

static void learn(struct unplug *u, const struct attempt *a, enum outcome outcome)
{
	bool near = attempt_is_near(a, usual_order(u, a->order));

	if (u->has_window)
		sweep_learn(&u->sweep, a->got_ns,
			    outcome_is_hit(outcome) ? SWEEP_HIT :
			    near                    ? SWEEP_NEAR :
						      SWEEP_NOTHING);
	if (u->n_measured < UNPLUG_MEASURED && !a->blocked && a->unplug_ns >= 0) {
		u->unplug_ns[u->n_measured] = a->unplug_ns;
		u->close_ns[u->n_measured] = a->close_ns < 0 ? 0 : a->close_ns;
		u->request_ns[u->n_measured++] = a->request_ns;
	}
}

enum run_end unplug_judge(struct run *run, struct unplug_try *try)
{
	const struct cycle_times times = { .total = try->attempt.total_ns };
	enum run_end end;
	/* Thousands of attempts that found nothing are summed up by their number. */
	enum outcome outcome = run_judge(run, &try->facts, &times, true, &end);

	if (try->attempt.seen)
		learn(unplug_of(run), &try->attempt, outcome);
	return end;
}

/* Offsets are handed out a batch at once, and only then learned from. */
static void recall_offsets(struct unplug *u)
{
	while (u->recalled) {
		(void)sweep_next(&u->sweep);
		u->recalled--;
	}
}

static void recall_verdict(struct unplug *u, const struct record *record)
{
	struct unplug_try *try = &u->tries[record->cycle % UNPLUG_BATCH_MAX];

	recall_offsets(u);
	if (try->cycle == record->cycle && try->attempt.seen)
		learn(u, &try->attempt, record->verdict.verdict.outcome);
	try->cycle = 0;
	u->last_cycle = record->cycle;
}

void unplug_recall(struct run *run, const struct record *record)
{
	struct unplug *u = unplug_of(run);
	struct unplug_try *try = &u->tries[record->cycle % UNPLUG_BATCH_MAX];

	switch (record->type) {
	case RECORD_RUN:
		/* What had no verdict then was done again. */
		u->recalled = 0;
		break;
	case RECORD_WINDOW:
		start_sweep(run, &record->window.window);
		break;
	case RECORD_CYCLE:
		u->recalled += u->has_window;
		try->cycle = 0;
		break;
	case RECORD_ATTEMPT:
		try->cycle = record->cycle;
		try->attempt = record->attempt;
		break;
	case RECORD_VERDICT:
		recall_verdict(u, record);
		break;
	default:
		break;
	}
}
