/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a number of hits in a number of cycles says about the true rate. Pure; every
 * statement at 95 % confidence.
 */
#pragma once

/* Rates from 0 to 1. */
struct stats_interval {
	double low, high;
};

/*
 * Wilson's score interval (1927): sound for few cycles and rates near 0 and 1, where the
 * normal approximation is not. cycles = 0 gives 0 .. 1.
 */
struct stats_interval stats_interval_of(unsigned int hits, unsigned int cycles);

/*
 * After this many cycles without a hit the true rate is below the result: the exact form
 * of the rule of three, 1 - 0.05^(1/cycles). 1 for no cycles.
 */
double stats_rate_below(unsigned int cycles);

/*
 * Cycles in a row without a hit that rule out a bug of this rate: the smallest n with
 * (1 - rate)^n <= 0.05. 0 when no number does (rate <= 0).
 */
unsigned int stats_cycles_needed(double rate);
