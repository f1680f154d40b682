/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many bytes a serial line would have delivered by now. Pure: the caller brings the
 * clock. A line that was silent delivers no more than a FIFO at once afterwards.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* As in the UARTs that the boards have (PL011 32 bytes, 16550A 16). */
#define BAUD_FIFO 32

struct baud {
	unsigned int bytes_per_s; /* 0: no limit */
	uint64_t full_ns;         /* when the FIFO's worth of credit is complete again */
};

/* 8N1: ten bits a byte. baud 0: no limit. */
void baud_set(struct baud *line, unsigned int baud, uint64_t now_ns);
/* Bytes that may be read now: at most max, 0 when none has arrived yet. */
size_t baud_allows(const struct baud *line, size_t max, uint64_t now_ns);
/* n bytes were read, n <= baud_allows(). */
void baud_take(struct baud *line, size_t n, uint64_t now_ns);
