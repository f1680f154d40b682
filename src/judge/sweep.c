// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/sweep.h"

#include "base/random.h"

#include <math.h>

/* So many of an adaptive sweep's attempts look everywhere, whatever was found. */
#define EXPLORE 0.25
/* Until anything was found, evidence of it is all there is: it may attract so many. */
#define EXPLORE_BLIND 0.6

/* A slice is judged with its neighbours up to this distance: bands have a width. */
#define REACH 2
static const double nearness[REACH + 1] = { 1.0, 0.6, 0.2 };

/*
 * A slice of which nothing is known is worth so much, at so many imagined attempts: a
 * single hit stands out at once, and fades when nothing follows.
 */
#define PRIOR_WORTH    0.02
#define PRIOR_ATTEMPTS 2.0
/* Near evidence against a hit, while it is rare. What every other attempt gives says nothing. */
#define NEAR_WORTH 0.15

/* The fractions of n times this one fill an interval evenly at any time. */
#define GOLDEN 0.61803398874989484820

static double uniform(struct sweep *sweep)
{
	return (double)(random_next(&sweep->random) >> 11) * 0x1p-53;
}

void sweep_init(struct sweep *sweep, const struct sweep_options *options)
{
	*sweep = (struct sweep){ .options = *options, .random = options->seed };
}

static double window_width(const struct sweep *sweep)
{
	const struct sweep_window *w = &sweep->options.window;

	return (double)(w->to_ns - w->from_ns);
}

static unsigned int slice_of(const struct sweep *sweep, int64_t ns)
{
	const struct sweep_window *w = &sweep->options.window;
	double at;

	if (ns <= w->from_ns || w->to_ns <= w->from_ns)
		return 0;
	at = (double)(ns - w->from_ns) / window_width(sweep) * SWEEP_SLICES;
	return at >= SWEEP_SLICES ? SWEEP_SLICES - 1 : (unsigned int)at;
}

/* What one more attempt in this slice may be expected to give. */
static double slice_worth(const struct sweep *sweep, int slice, double near_worth)
{
	double gain = PRIOR_WORTH * PRIOR_ATTEMPTS, attempts = PRIOR_ATTEMPTS;

	for (int d = -REACH; d <= REACH; d++) {
		double weight = nearness[d < 0 ? -d : d];
		const struct sweep_slice *s;

		if (slice + d < 0 || slice + d >= SWEEP_SLICES)
			continue;
		s = &sweep->slices[slice + d];
		gain += weight * (s->hits + near_worth * s->near);
		attempts += weight * s->attempts;
	}
	return gain / attempts;
}

/* A slice by the square of its worth: the best ones are clearly preferred, none is lost. */
static unsigned int choose_slice(struct sweep *sweep)
{
	double rare = 1 - sweep->near / (sweep->attempts + 1);
	double weights[SWEEP_SLICES], sum = 0, at;

	for (int i = 0; i < SWEEP_SLICES; i++) {
		double worth = slice_worth(sweep, i, NEAR_WORTH * rare * rare);

		sum += weights[i] = worth * worth;
	}
	at = uniform(sweep) * sum;
	for (unsigned int i = 0; i < SWEEP_SLICES; i++) {
		at -= weights[i];
		if (at < 0)
			return i;
	}
	return SWEEP_SLICES - 1;
}

/* Where in the window, from 0 to below 1. */
static double next_place(struct sweep *sweep)
{
	double explore = sweep->hits > 0 ? EXPLORE : EXPLORE_BLIND, whole;

	if (!sweep->options.adaptive || uniform(sweep) < explore)
		return modf((double)sweep->tried * GOLDEN +
				    (double)(sweep->options.seed % 1024) / 1024,
			    &whole);
	return (choose_slice(sweep) + uniform(sweep)) / SWEEP_SLICES;
}

static int64_t next_step(const struct sweep *sweep)
{
	const struct sweep_options *o = &sweep->options;
	uint64_t width = (uint64_t)(o->window.to_ns - o->window.from_ns);

	return o->window.from_ns +
	       (int64_t)(sweep->tried % (width / o->step_ns + 1) * o->step_ns);
}

int64_t sweep_next(struct sweep *sweep)
{
	const struct sweep_options *o = &sweep->options;
	int64_t at;

	if (o->step_ns)
		at = next_step(sweep);
	else
		at = o->window.from_ns +
		     (int64_t)(next_place(sweep) * window_width(sweep));
	if (o->jitter_ns)
		at += (int64_t)(random_next(&sweep->random) % (o->jitter_ns + 1));
	sweep->tried++;
	return at;
}

void sweep_learn(struct sweep *sweep, int64_t got_ns, enum sweep_evidence evidence)
{
	struct sweep_slice *slice = &sweep->slices[slice_of(sweep, got_ns)];

	slice->attempts++;
	sweep->attempts++;
	if (evidence == SWEEP_HIT) {
		slice->hits++;
		sweep->hits++;
	} else if (evidence == SWEEP_NEAR) {
		slice->near++;
		sweep->near++;
	}
}
