// SPDX-License-Identifier: GPL-2.0-or-later
#include "parts.h"

#include "base/num.h"
#include "report/summary.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_MIN 80
/* Text is not squeezed into less than this. */
#define NARROWEST 20

static const char *const colors[OUTCOME_COUNT] = {
	[OUTCOME_PASS] = "\033[32m",    [OUTCOME_SPLAT] = "\033[33m",
	[OUTCOME_CRASH] = "\033[31m",   [OUTCOME_HANG] = "\033[31m",
	[OUTCOME_LOST] = "\033[1;31m",  [OUTCOME_GONE] = "\033[31m",
	[OUTCOME_INVALID] = "\033[35m", [OUTCOME_BLOCKED] = "\033[36m",
	[OUTCOME_BUSY] = "\033[36m",
};
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

bool report_wants_color(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(fileno(stream)) && (!term || strcmp(term, "dumb") != 0);
}

static unsigned int terminal_width(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = { 0 };
	int fd = fileno(out);
	uint32_t width = 0;

	/* Not every stream has a descriptor; pipes keep lines whole, for grep. */
	if (fd < 0 || !isatty(fd))
		return 0;
	if (!columns || num_parse_u32(columns, &width) < 0) {
		if (ioctl(fd, TIOCGWINSZ, &size) == 0)
			width = size.ws_col;
	}
	return width < WIDTH_MIN ? WIDTH_MIN : width;
}

struct layout layout_of(FILE *out, bool color)
{
	return (struct layout){ out, color, terminal_width(out) };
}

void layout_outcome(const struct layout *l, enum outcome outcome)
{
	fprintf(l->out, "%s%-7s%s", l->color ? colors[outcome] : "",
		outcome_name(outcome), l->color ? PLAIN : "");
}

void layout_heading(const struct layout *l, const char *heading)
{
	fprintf(l->out, "%s%s%s\n", l->color ? BOLD : "", heading, l->color ? PLAIN : "");
}

/* Columns of clean text: every character counts as one. */
static unsigned int columns_of(struct text t)
{
	unsigned int n = 0;

	for (size_t i = 0; i < t.n; i++)
		n += ((unsigned char)t.s[i] & 0xc0) != 0x80;
	return n;
}

void layout_text(const struct layout *l, unsigned int indent, const char *text)
{
	_cleanup_free_ char *clean = text_clean_copy(text_of(text));
	struct text rest = text_of(clean);
	unsigned int column = indent;

	if (l->width < indent + NARROWEST) {
		fprintf(l->out, "%s\n", clean);
		return;
	}
	for (rest = text_trim(rest); rest.n; rest = text_trim(rest)) {
		size_t blank = strcspn(rest.s, " ");
		struct text word = { rest.s, blank < rest.n ? blank : rest.n };
		unsigned int wide = columns_of(word);

		if (column > indent && column + 1 + wide > l->width) {
			fprintf(l->out, "\n%*s", (int)indent, "");
			column = indent;
		}
		if (column > indent) {
			fputc(' ', l->out);
			column++;
		}
		fprintf(l->out, "%.*s", TEXT_ARG(word));
		column += wide;
		rest = text_from(rest, word.n);
	}
	fputc('\n', l->out);
}
