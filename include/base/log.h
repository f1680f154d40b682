/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the program says about itself, on standard error: one line a message, behind
 * "iommu-stress: ". Whatever it quotes, the line is clean (text_clean). Silent layers (base, os, classify, judge, journal) return -errno and
 * say nothing; speaking layers (target, load, run, report, cmd) say it once, with the
 * context that only they know.
 */
#pragma once

#include "base/mem.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE, /* the default: shown unless -q */
	LOG_LEVEL_DEBUG,  /* -v: also every started command */
};

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/*
 * Called around each message, so that a live status line can be cleared and drawn again.
 * NULL: none.
 */
void log_set_around(void (*before)(void), void (*after)(void));

void log_print(enum log_level level, const char *format, ...) _printf_(2, 3);
/* The message, then ": " and the words of errno value -r. Returns r (negative). */
int log_errno(int r, const char *format, ...) _printf_(2, 3);

/* A command that is about to be started, at LOG_LEVEL_DEBUG. */
void log_command(const char *const *argv);

#define log_error(...)   log_print(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_print(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_debug(...)   log_print(LOG_LEVEL_DEBUG, __VA_ARGS__)
