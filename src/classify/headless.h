/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report whose header was lost: its console begins in its middle, while another CPU
 * begins the next. Nobody is told of it before an end marker proves that it was one, as
 * much else prints registers and traces: every CPU in a stall, for one.
 */
#pragma once

#include "splat.h"

/* Registers, a program counter or a trace: what a report goes on with. */
bool headless_is_body(struct text body);
/* line: the first that is left of it. */
void headless_open(struct splat *splat, struct slot *slot,
		   const struct console_line *line);
/* Before splat_line: what kind it is. */
void headless_line(struct splat *splat, const struct console_line *line);
/* Its end marker came: is there a trace, it is told. */
void headless_prove(struct splat *splat);
