// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/stats.h"

#include <limits.h>
#include <math.h>

#define ALPHA 0.05
/* Quantile 1 - ALPHA/2 of the normal distribution. */
#define Z 1.959963984540054

struct stats_interval stats_interval_of(unsigned int hits, unsigned int cycles)
{
	double n = cycles, p, centre, half, scale;

	if (!cycles)
		return (struct stats_interval){ 0, 1 };
	if (hits > cycles)
		hits = cycles;
	p = hits / n;
	scale = 1 + Z * Z / n;
	centre = (p + Z * Z / (2 * n)) / scale;
	half = Z / scale * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));
	/* The ends are exact there; rounding would leave 1e-17. */
	return (struct stats_interval){
		hits == 0 ? 0 : centre - half,
		hits == cycles ? 1 : centre + half,
	};
}

double stats_rate_below(unsigned int cycles)
{
	return cycles ? 1 - pow(ALPHA, 1.0 / cycles) : 1;
}

unsigned int stats_cycles_needed(double rate)
{
	double n;

	if (rate <= 0)
		return 0;
	if (rate >= 1)
		return 1;
	/* A rate that is exactly enough for n must not need n + 1 by rounding. */
	n = ceil(log(ALPHA) / log1p(-rate) - 1e-9);
	return n < UINT_MAX ? (unsigned int)n : UINT_MAX;
}
