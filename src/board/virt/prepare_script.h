/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script that makes a board's files: embed/prepare.sh explains the cache. */
#pragma once

#include "base/mem.h"
#include "base/text.h"

#include <stdint.h>

/* What every file of a board is made for and with. */
struct recipe {
	const char *arch, *suite;
	char *dir; /* the board's part of the cache */
	char *key; /* recipe_key() */
};

/* FNV-1a (draft-eastlake-fnv): to tell versions apart, not to resist anybody. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t hash_add(uint64_t hash, struct text t);

/* Stands for what this program puts into every initramfs, and how. Caller frees. */
char *recipe_key(void);

/*
 * Runs the script for `what` (up to 5 words, NULL behind them). Speaks; -ENOENT: the
 * script could not make the files, and has said why.
 */
int make_files(const struct recipe *recipe, const char *const what[]) _must_check_;
