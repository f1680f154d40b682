/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: whole reads, whole writes, directories. 0 or -errno; nothing is said. */
#pragma once

#include "base/text.h"

/* Writes all n bytes or fails. */
int file_write_all(int fd, const void *bytes, size_t n) _must_check_;
/*
 * The same for a line, whose newline is added, but never waits for the reader: -EAGAIN when
 * there is no room. A pipe that says it has room takes PIPE_BUF bytes.
 */
int file_offer_line(int fd, struct strbuf *line) _must_check_;
/*
 * Whole content of a file of at most max bytes (-EFBIG above), NUL-terminated;
 * caller frees *ret. ret_n may be NULL.
 */
int file_read(const char *path, size_t max, char **ret, size_t *ret_n) _must_check_;
/* Creates path with this content, or replaces it in one step. */
int file_write(const char *path, struct text content) _must_check_;
/*
 * openat() of a file in a directory that may be another user's. -ELOOP: it is a symbolic link,
 * a pipe or a socket. To write, also -EPERM: it is another user's, or has
 * further names. A file that is made has the mode 0644.
 */
int file_open_at(int dir_fd, const char *name, int flags, int *ret_fd) _must_check_;
/*
 * Opens a directory whose files are relied on. -EPERM: it is another user's, or group or
 * others may write in it.
 */
int file_open_own_directory(int dir_fd, const char *name, int flags,
			    int *ret_fd) _must_check_;
/* mkdir -p, writable for the caller alone. */
int file_make_directories(const char *path) _must_check_;
