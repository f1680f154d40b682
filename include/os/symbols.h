/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From "function+0x14" to file and line, by the kernel's DWARF (elfutils' libdw; without it
 * at build time symbols_open says -EOPNOTSUPP). Addresses play no part, so a kernel that was
 * loaded anywhere is as good as any.
 */
#pragma once

#include "base/text.h"

#include <stdint.h>

struct symbols;

/* One level: the function itself, or one that the compiler put into it. */
struct symbols_place {
	char function[96];
	char file[160]; /* below the kernel's tree, as far as the path tells */
	unsigned int line;
	bool inlined;
};

/* Which code: names are without compiler suffixes, module "" is the kernel itself. */
struct symbols_query {
	const char *module, *function;
	uint64_t offset, size; /* of "function+offset/size"; size 0: not told */
	bool returns;          /* where a call returns to: the line is the call's */
};

/*
 * vmlinux: the kernel with its DWARF, or NULL. dir: is searched for MODULE.ko and
 * MODULE.ko.debug, and for vmlinux where that is not given; may be NULL.
 * -ENOENT: there is no vmlinux; -EINVAL: it is no ELF file; -EOPNOTSUPP.
 */
int symbols_open(const char *vmlinux, const char *dir, struct symbols **ret);
void symbols_close(struct symbols *symbols);
/* Innermost first; 0: not found. */
size_t symbols_find(struct symbols *symbols, const struct symbols_query *query,
		    struct symbols_place *ret, size_t max);
