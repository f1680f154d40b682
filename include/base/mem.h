/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and cleanup. Allocation never fails: a controller without memory cannot
 * judge anything, so it says so and aborts instead of carrying a half-made run on.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define _cleanup_(fn)       __attribute__((cleanup(fn)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _must_check_        __attribute__((warn_unused_result))
#define ARRAY_SIZE(array)   (sizeof(array) / sizeof((array)[0]))

/* Locals that release themselves at the end of their scope. */
#define _cleanup_free_  _cleanup_(mem_free_ptr)
#define _cleanup_close_ _cleanup_(mem_close_fd)

void mem_free_ptr(void *pointer_to_pointer);
/* Closes *fd if it is >= 0, and makes it -1. */
void mem_close_fd(int *fd);

/* All return heap memory that the caller frees. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *format, ...) _printf_(1, 2);
