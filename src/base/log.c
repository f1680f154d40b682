// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum log_level max_level = LOG_LEVEL_NOTICE;
static void (*around_before)(void);
static void (*around_after)(void);

void log_set_level(enum log_level level)
{
	max_level = level;
}

enum log_level log_get_level(void)
{
	return max_level;
}

void log_set_around(void (*before)(void), void (*after)(void))
{
	around_before = before;
	around_after = after;
}

/* One write for the whole line, so that lines of several processes do not mix. */
static void emit(const char *format, va_list args, const char *suffix) _printf_(1, 0);
static void emit(const char *format, va_list args, const char *suffix)
{
	char line[2048], clean[3 * sizeof(line)];
	int n = snprintf(line, sizeof(line), "iommu-stress: ");
	int body = vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);

	if (body > 0)
		n += body;
	if ((size_t)n >= sizeof(line))
		n = sizeof(line) - 1;
	if (around_before)
		around_before();
	/* Targets, journals and file names must not steer the terminal. */
	text_clean(clean, sizeof(clean), (struct text){ line, (size_t)n });
	fprintf(stderr, "%s%s\n", clean, suffix);
	fflush(stderr);
	if (around_after)
		around_after();
}

void log_print(enum log_level level, const char *format, ...)
{
	va_list args;

	if (level > max_level)
		return;
	va_start(args, format);
	emit(format, args, "");
	va_end(args);
}

int log_errno(int r, const char *format, ...)
{
	char suffix[128];
	va_list args;

	snprintf(suffix, sizeof(suffix), ": %s", strerror(-r));
	va_start(args, format);
	emit(format, args, suffix);
	va_end(args);
	return r;
}

void log_command(const char *const *argv)
{
	char line[1536];
	size_t n = 0;

	if (max_level < LOG_LEVEL_DEBUG)
		return;
	line[0] = '\0';
	for (; *argv && n < sizeof(line); argv++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, " %s", *argv);
	log_debug("starting:%s", line);
}
