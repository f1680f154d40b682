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
/* mkdir -p. */
int file_make_directories(const char *path) _must_check_;
