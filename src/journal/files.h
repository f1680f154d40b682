/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The open files of a run directory (journal.c), shared by the files of this room. */
#pragma once

#include "journal/journal.h"

struct journal {
	char *dir;
	int dir_fd, splats_fd, journal_fd, raw_fd, timing_fd;
	uint64_t journal_size, timing_size, raw_size; /* whole lines; all bytes */
	uint64_t last_ns;     /* of console.timing, 0 = none yet */
	bool in_line;         /* console.raw does not end with a newline */
	bool first_line_over; /* its newline is in console.raw: see timing_add */
	bool torn;            /* what a killed writer left of the last line was cut off */
	uint64_t lines;       /* in console.raw when it was opened */
	unsigned int extracted;
	int journal_failed, console_failed; /* 0 or -errno, for good */
};

/*
 * Opens dir itself, which is to be the caller's alone (file_open_own_directory); nothing else is
 * open.
 */
int journal_files_new(const char *dir, struct journal **ret) _must_check_;
/* file_open_at() of one of its files, for appending and reading; flags are added. */
int journal_files_open(const struct journal *j, const char *name, int flags,
		       int *ret_fd) _must_check_;
/* Opens the console's files likewise, and makes splats/. */
int journal_files_console(struct journal *j, int flags) _must_check_;
/* -EBUSY when another process holds it. */
int journal_files_lock(const struct journal *j, bool wait) _must_check_;
/* Of a directory that holds a journal: -EBUSY when somebody writes it, else -EEXIST. */
int journal_files_taken(int dir_fd) _must_check_;
/* One line of console.timing. */
int journal_timing_add(struct journal *j, uint64_t delay_ns, uint64_t n) _must_check_;
