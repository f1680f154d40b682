/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run directory for each test, and what stands in it. */
#pragma once

#include "journal/journal.h"

#include "os/file.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch[64];
static char dir[96];

static inline int remove_one(const char *path, const struct stat *st, int type,
			     struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int setup(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/test_journal.XXXXXX");
	if (!mkdtemp(scratch))
		return -1;
	snprintf(dir, sizeof(dir), "%s/a/run", scratch);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline char *content_of(const char *name, size_t *ret_n)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	char *content = NULL;

	assert_int_equal(file_read(path, 1 << 20, &content, ret_n), 0);
	return content;
}

static inline void assert_content(const char *name, const char *expected)
{
	_cleanup_free_ char *content = content_of(name, NULL);

	assert_string_equal(content, expected);
}

static inline void put(const char *name, const char *content)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(file_write(path, text_of(content)), 0);
}

static const struct record cycle_1 = { .type = RECORD_CYCLE, .at_ns = 1, .cycle = 1 };
#define CYCLE_1 "{\"type\":\"cycle\",\"at\":1,\"cycle\":1}\n"

static inline struct journal *create(void)
{
	struct journal *j = NULL;

	assert_int_equal(journal_create(dir, &j), 0);
	return j;
}

/* Records in the journal of dir; fails on any line that is none. */
static inline unsigned int records(bool *ret_torn)
{
	struct journal_reader *r;
	const struct record *record;
	const char *error = NULL;
	unsigned int n = 0;
	int got;

	assert_int_equal(journal_reader_open(dir, &r), 0);
	while ((got = journal_reader_next(r, &record, &error)) == 1)
		n++;
	assert_int_equal(got, 0);
	if (ret_torn)
		*ret_torn = journal_reader_torn(r);
	journal_reader_close(r);
	return n;
}

static inline void remove_run(void)
{
	assert_int_equal(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}
