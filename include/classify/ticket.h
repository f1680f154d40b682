/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose marker is this? A controller draws a number of nine digits for each boot of its
 * target, and what it types or starts there must give it back: a marker's cycle=TICKET is
 * that number with the cycle behind it, in seven digits. So an old log that is printed
 * again, a worker that outlived its controller, another run on the same console, and a
 * program that guesses are told from an answer. Cycle 0: of none.
 */
#pragma once

#include <stdint.h>

#define TICKET_CYCLES 10000000u
/* Drawn from NONCE_MIN to 10 * NONCE_MIN - 1. */
#define NONCE_MIN 100000000u

static inline uint64_t ticket_make(uint32_t nonce, unsigned int cycle)
{
	return (uint64_t)nonce * TICKET_CYCLES + cycle % TICKET_CYCLES;
}

/* 0: a bare cycle, as older journals have it. */
static inline uint64_t ticket_nonce(uint64_t ticket)
{
	return ticket / TICKET_CYCLES;
}

static inline unsigned int ticket_cycle(uint64_t ticket)
{
	return ticket % TICKET_CYCLES;
}
