// SPDX-License-Identifier: GPL-2.0-or-later
#include "headless.h"

#include "frame.h"

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t skip_blanks(struct text t, size_t i)
{
	while (i < t.n && t.s[i] == ' ')
		i++;
	return i;
}

/* "x17: ffff8000109f6a90 x16: ...", "RAX: 6b6b6b6b6b6b6b6b RBX: ...", "sp : ..." */
static bool is_registers(struct text t)
{
	size_t name = 0, i, start;

	while (name < t.n && is_letter_or_digit(t.s[name]))
		name++;
	i = skip_blanks(t, name);
	if (!name || name > 4 || i == t.n || t.s[i] != ':')
		return false;
	for (start = i = skip_blanks(t, i + 1); i < t.n && is_hex(t.s[i]);)
		i++;
	return (i - start == 8 || i - start == 16) && (i == t.n || t.s[i] == ' ');
}

bool headless_is_body(struct text body)
{
	struct text function;

	return is_registers(text_trim(body)) || frame_parse_pc(body, &function) ||
	       frame_is_trace_start(body);
}

void headless_open(struct splat *splat, struct slot *slot,
		   const struct console_line *line)
{
	/* Most reports with an end marker are warnings. */
	static const struct header lost = { "", "warn", STAGE_LATE, NAME_PC };
	const struct header_match match = { .header = &lost, .line = line->body };

	splat_open(splat, slot, &match, line);
	splat->headless = true;
	slot->untold = true;
}

void headless_line(struct splat *splat, const struct console_line *line)
{
	struct finding *f;

	if (!splat->slot || !splat->headless)
		return;
	f = &splat->slot->finding;
	/* A warning has these above its trace, if at all. */
	if (f->n_frames && (text_starts(line->body, TEXT("Code: ")) ||
			    text_starts(line->body, TEXT("Modules linked in:"))))
		text_copy(f->kind, sizeof(f->kind), TEXT("oops"));
}

void headless_prove(struct splat *splat)
{
	if (!splat->slot || !splat->slot->finding.n_frames)
		return;
	splat->headless = false;
	splat->slot->untold = false;
	splat->slot->finding.truncated = true;
}
