// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of key=value, for the reader of standard output and for the kernel log. */
#include "internal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

static int kmsg = -1;
static bool use_stdout = true, lost;
static char ticket[32];

bool output_is_lost(void)
{
	return lost;
}

int output_open(bool markers, bool to_stdout, int64_t number)
{
	use_stdout = to_stdout;
	if (number)
		snprintf(ticket, sizeof(ticket), "cycle=%lld ", (long long)number);
	if (!markers)
		return 0;
	kmsg = open(path_make("/dev/kmsg").s, O_WRONLY | O_APPEND | O_CLOEXEC);
	return kmsg < 0 ? -errno : 0;
}

static void line_put(struct line *line, char c)
{
	/* One byte stays free for the newline. */
	if (line->n + 1 < sizeof(line->text))
		line->text[line->n++] = c;
}

void line_add(struct line *line, const char *key, const char *value)
{
	bool quoted = !*value || strpbrk(value, " \"'\t\n\\");

	if (line->n)
		line_put(line, ' ');
	while (*key)
		line_put(line, *key++);
	line_put(line, '=');
	if (quoted)
		line_put(line, '"');
	for (; *value; value++) {
		/* A reader knows no escapes, so nothing may need one. */
		if ((unsigned char)*value < ' ' || *value == 0x7f)
			line_put(line, ' ');
		else
			line_put(line, *value == '"' ? '\'' : *value);
	}
	if (!quoted)
		return;
	/* Closed even if it was cut. */
	if (line->n + 1 == sizeof(line->text))
		line->n--;
	line_put(line, '"');
}

void line_addf(struct line *line, const char *key, const char *format, ...)
{
	char value[LINE_SIZE];
	va_list ap;

	va_start(ap, format);
	vsnprintf(value, sizeof(value), format, ap);
	va_end(ap);
	line_add(line, key, value);
}

void line_number(struct line *line, const char *key, int64_t number)
{
	line_addf(line, key, "%lld", (long long)number);
}

void line_name(struct line *line, const char *key, const char *value)
{
	line_add(line, key, *value ? value : "-");
}

const char *errno_name(int error)
{
	static char number[16];
	const char *name = strerrorname_np(error < 0 ? -error : error);

	if (name)
		return name;
	snprintf(number, sizeof(number), "E%d", error < 0 ? -error : error);
	return number;
}

void line_errno(struct line *line, const char *key, int error)
{
	line_add(line, key, error ? errno_name(error) : "ok");
}

void line_end(struct line *line)
{
	static const char prefix[] = "<2>iommu-stress: ";
	bool own = line->n >= 6 && !memcmp(line->text, "cycle=", 6);
	char record[LINE_SIZE + sizeof(prefix) + sizeof(ticket)];
	int n = snprintf(record, sizeof(record), "%s%s%.*s\n", prefix, own ? "" : ticket,
			 (int)line->n, line->text);

	/*
	 * One write is one record, and only with its newline is it printed before the next
	 * one comes. One that is refused is not worth a second.
	 */
	if (kmsg >= 0 && write(kmsg, record, (size_t)n) < 0)
		errno = 0;
	if (use_stdout &&
	    (fputs(record + sizeof(prefix) - 1, stdout) == EOF || fflush(stdout)))
		lost = true;
	line->n = 0;
}

int say(int status, const char *key, const char *word, const char *format, ...)
{
	char why[LINE_SIZE - 64];
	struct line line = { .n = 0 };
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	line_add(&line, key, word);
	line_add(&line, "why", why);
	line_end(&line);
	return status;
}
