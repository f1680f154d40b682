/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a kernel's stack trace and register dump, on every architecture. */
#pragma once

#include "classify/finding.h"

/*
 * One line of a call trace: "func+0x14/0x20 [module]" behind brackets, addresses, "?"
 * and the like, or "func file.c:12 [inline]" and "func (file.c:12) module" of symbolised
 * traces. body: behind printk's prefix. False for any other line.
 */
bool frame_parse(struct text body, struct finding_frame *ret);

/*
 * The function of a line that names the program counter: "RIP: 0010:f+", "EIP: f+",
 * "pc : f+", "PC is at f+", "Krnl PSW : ... (f+", "NIP [..] f+", "epc : f+".
 * True for such a line, also where it has no name (*ret empty).
 */
bool frame_parse_pc(struct text body, struct text *ret);

/* "Call Trace:", "Call trace:", "Backtrace:", "Stack:" ... */
bool frame_is_trace_start(struct text body);

/* The first frame of a trace that has no such line above it. */
bool frame_starts_trace(struct text body);

/* " r7:c0e05148 r6:00000001": what arm saved of the frame above. */
bool frame_is_saved(struct text body);

/* The first "name+0x1/0x2", else "name (file.c:12", in text: its name without suffixes. */
struct text frame_find_symbol(struct text text);

/* Without .isra.0, .constprop.1, .part.2, .cold, .llvm.123. */
struct text frame_trim_symbol(struct text symbol);
