// SPDX-License-Identifier: GPL-2.0-or-later
#include "splat.h"

#include "blame.h"
#include "frame.h"

#include <stdio.h>

/* Lines that may stand between the parts of one report's beginning. */
#define MERGE_LINES 30
/* The same kind again before a trace: printed twice, or by two CPUs at once. */
#define AGAIN_LINES 20
/* So many lines that look like no report end one that has no end marker. */
#define QUIET_LINES 40
/* A panic that follows the end marker follows at once. */
#define PANIC_LINES 8

static bool is_kind(const struct finding *f, const char *kind)
{
	return !strcmp(f->kind, kind);
}

static void extend(struct splat *splat, const struct console_line *line)
{
	struct finding *f = &splat->slot->finding;

	f->size = line->offset + line->size - f->offset;
	splat->slot->last_line = line->number;
	splat->quiet_lines = 0;
}

static void set_function(struct finding *f, struct text function)
{
	if (function.n && !f->function[0])
		text_copy(f->function, sizeof(f->function), function);
}

/* Messages that a WARN or BUG of their own file follows, and what it then is. */
struct home {
	const char *kind, *file;
};

static const struct home homes[] = {
	{ "refcount", "lib/refcount.c" },
	{ "refcount", "include/linux/refcount.h" },
	{ "list-corruption", "lib/list_debug.c" },
	{ "dma-api-debug", "kernel/dma/debug.c" },
	{ "dma-api-debug", "lib/dma-debug.c" },
};

static const char *home_kind(struct text file)
{
	for (size_t i = 0; i < ARRAY_SIZE(homes); i++)
		if (text_has(file, text_of(homes[i].file)))
			return homes[i].kind;
	return NULL;
}

static bool has_home(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(homes); i++)
		if (!strcmp(homes[i].kind, kind))
			return true;
	return false;
}

static void set_kind(struct finding *f, const struct header_match *match)
{
	const char *kind = match->file.n ? home_kind(match->file) : NULL;

	text_copy(f->kind, sizeof(f->kind), text_of(kind ? kind : match->header->kind));
}

static void take_header(struct splat *splat, const struct header_match *match,
			const struct console_line *line)
{
	struct finding *f = &splat->slot->finding;
	const char *driver = NULL;

	set_function(f, match->function);
	if (match->file.n && !f->file[0])
		text_copy(f->file, sizeof(f->file), match->file);
	if (match->file.n && blame_is_iommu_file(match->file, &driver))
		f->iommu = true;
	if (is_kind(f, "dma-api-debug")) {
		f->iommu = true;
		driver = "dma-debug";
	}
	if (driver && !f->driver[0])
		text_copy(f->driver, sizeof(f->driver), text_of(driver));
	splat->header = match->header;
	splat->stage = match->header->stage;
	if (splat->stage != STAGE_ALONE && splat->stage != STAGE_LATE)
		splat->marked = true;
	splat->header_line = line->number;
	splat->torn = match->header->name == NAME_HEADER && !match->complete;
	text_copy(splat->text, sizeof(splat->text), match->line);
	text_copy(splat->before, sizeof(splat->before),
		  (struct text){ line->body.s, line->body.n - match->line.n });
	extend(splat, line);
}

void splat_open(struct splat *splat, struct slot *slot, const struct header_match *match,
		const struct console_line *line)
{
	struct finding *f = &slot->finding;

	*splat = (struct splat){ .slot = slot, .prefixed = line->prefixed };
	f->type = FINDING_SPLAT;
	f->count = 1;
	f->panic = match->header->stage == STAGE_PANIC;
	set_kind(f, match);
	text_copy(f->text, sizeof(f->text), match->line);
	take_header(splat, match, line);
}

int splat_stuck_cpu(struct text line)
{
	static const char *const formats[] = { "soft lockup - CPU#%d ",
					       "LOCKUP on cpu %d" };
	struct pattern_match m;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (pattern_find(formats[i], line, &m))
			return (int)(pattern_number(m.captures[0], 10) & 0xffff);
	return -1;
}

/* Two CPUs that are stuck at once: each of them has a report of its own. */
static bool is_of_other_cpu(const struct splat *splat, const struct header_match *match)
{
	int first = splat_stuck_cpu(text_of(splat->text));
	int second = splat_stuck_cpu(match->line);

	return first >= 0 && second >= 0 && first != second;
}

/* A second header of the same report: the next stage, a repetition, a late message. */
static bool belongs(const struct splat *splat, const struct header_match *match,
		    uint64_t distance)
{
	const struct finding *f = &splat->slot->finding;
	enum header_stage next = match->header->stage, stage = splat->stage;
	bool same = is_kind(f, match->header->kind);
	const char *home;

	if (next == STAGE_LATE)
		return true;
	if (splat->ended || f->n_frames)
		return false;
	if (same && is_of_other_cpu(splat, match))
		return false;
	if (same && distance <= AGAIN_LINES && !is_kind(f, "workqueue-lockup") &&
	    (!match->function.n || !f->function[0] || splat->torn ||
	     text_equal(match->function, text_of(f->function)) ||
	     text_ends(text_of(splat->text), TEXT("[inline]"))))
		return stage != STAGE_WARN || distance <= 2 ||
		       (!splat->has_cpu && match->file.n &&
			text_equal(match->file, text_of(f->file)));
	if (distance > MERGE_LINES)
		return false;
	/* Old kernels print the message below the WARNING. */
	if (next == STAGE_TEXT && stage == STAGE_WARN)
		return is_kind(f, match->header->kind) && distance <= 3;
	if (is_kind(f, "kasan") && next == STAGE_OOPS)
		return distance <= 6;
	if (next <= stage || next > STAGE_OOPS)
		return false;
	if (stage == STAGE_TEXT && next == STAGE_WARN) {
		home = match->file.n ? home_kind(match->file) : f->kind;
		return !has_home(f->kind) || (home && is_kind(f, home));
	}
	return (stage == STAGE_TEXT || stage == STAGE_CAUSE) && next != STAGE_WARN;
}

bool splat_merge(struct splat *splat, const struct header_match *match,
		 const struct console_line *line)
{
	struct finding *f;

	if (!splat->slot || splat->headless ||
	    !belongs(splat, match, line->number - splat->header_line))
		return false;
	f = &splat->slot->finding;
	/* What follows says better what it is, or where. */
	if (splat->stage == STAGE_TEXT && match->header->stage == STAGE_CAUSE &&
	    !has_home(f->kind))
		set_kind(f, match);
	if (match->function.n && text_ends(text_of(splat->text), TEXT("[inline]")))
		f->function[0] = '\0';
	if (match->header->stage == STAGE_LATE || is_kind(f, "kasan"))
		extend(splat, line);
	else
		take_header(splat, match, line);
	return true;
}

static const char *const panic_words[] = { "Fatal exception",
					   "panic_on_",
					   "hung_task",
					   "softlockup",
					   "RCU Stall",
					   "Attempted to kill",
					   "Hard LOCKUP",
					   "SError Interrupt",
					   "Aiee, killing",
					   "UBSAN: panic",
					   "kernel stack overflow" };

bool splat_is_panic_of_report(struct text body)
{
	for (size_t i = 0; i < ARRAY_SIZE(panic_words); i++)
		if (text_has(body, text_of(panic_words[i])))
			return true;
	return false;
}

bool splat_panic(struct splat *splat, const struct console_line *line)
{
	if (!splat->slot || splat->headless || is_kind(&splat->slot->finding, "oom"))
		return false;
	if (line->number - splat->slot->last_line > PANIC_LINES &&
	    !splat_is_panic_of_report(line->body))
		return false;
	splat->slot->finding.panic = true;
	extend(splat, line);
	return true;
}

/* "CPU: 0 PID: 1 Comm: x Not tainted 6.1.0 #5", "... Tainted: G W 6.1.0 #5" */
static void take_release(struct finding *f, struct text body)
{
	ptrdiff_t at = text_find(body, TEXT("ainted"), 0);
	struct text rest;
	size_t start;

	if (at < 0 || f->kernel[0])
		return;
	at = text_find(body, TEXT(" #"), (size_t)at);
	if (at < 0)
		return;
	rest = (struct text){ body.s, (size_t)at };
	for (start = rest.n; start > 0 && rest.s[start - 1] != ' ';)
		start--;
	rest = text_from(rest, start);
	if (rest.n && rest.s[0] >= '0' && rest.s[0] <= '9')
		text_copy(f->kernel, sizeof(f->kernel), rest);
}

/* Registers, code and stack dumps: at least one word of eight hexadecimal digits. */
static bool is_dump(struct text body)
{
	size_t run = 0;

	for (size_t i = 0; i < body.n && i < 160; i++) {
		char c = body.s[i];

		run = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ? run + 1 : 0;
		if (run == 8)
			return true;
	}
	return text_starts(body, TEXT("Code: ")) ||
	       text_starts(body, TEXT("Modules linked in:")) ||
	       text_starts(body, TEXT("Hardware name:"));
}

/* The header was cut off by a line feed: its function stands in the next line. */
static void mend_header(struct splat *splat, const struct console_line *line)
{
	struct finding *f = &splat->slot->finding;
	static const char *const glues[] = { "", " " };
	char joined[2 * SPLAT_HEADER_MAX];
	struct text header = text_of(splat->text), body = text_trim(line->body);

	splat->torn = false;
	/* "BUG: KASAN: use-after-free in", "WARNING: file.c:12 at": no torn name. */
	for (size_t i = text_ends(header, TEXT(" in")) || text_ends(header, TEXT(" at"));
	     i < ARRAY_SIZE(glues); i++) {
		size_t n = header.n + strlen(glues[i]);
		struct text name;

		snprintf(joined, sizeof(joined), "%s%s%.*s", splat->text, glues[i],
			 TEXT_ARG(body));
		name = frame_find_symbol(text_of(joined));
		/* It must reach over the seam, or stand at its far side. */
		if (!name.n || name.s + name.n <= joined + n || name.s > joined + n)
			continue;
		text_copy(f->function, sizeof(f->function), name);
		return;
	}
}

/* A mail put a blank into the header's name: "at file.c:12 ar m_lpae_unmap+0x78/0x88". */
static void mend_name(struct splat *splat, struct text function)
{
	struct finding *f = &splat->slot->finding;
	size_t n = strlen(f->function);
	char torn[sizeof(f->function) + 2];

	if (!n || function.n <= n || !text_ends(function, text_of(f->function)))
		return;
	snprintf(torn, sizeof(torn), "%.*s %s", (int)(function.n - n), function.s,
		 f->function);
	if (text_has(text_of(splat->text), text_of(torn)))
		text_copy(f->function, sizeof(f->function), function);
}

static bool take_caller(struct finding *f, struct text body)
{
	if (!text_starts(body, TEXT("caller is ")))
		return false;
	body = frame_find_symbol(body);
	if (!blame_is_machinery(body))
		set_function(f, body);
	return true;
}

static bool is_cpu(struct text body)
{
	return text_starts(body, TEXT("CPU: ")) || text_starts(body, TEXT("Pid: "));
}

enum splat_progress splat_progress(const struct splat *splat)
{
	if (splat->trace == TRACE_READ && !splat->marked)
		return SPLAT_OVER;
	if (splat->trace != TRACE_AHEAD)
		return SPLAT_TRACE;
	if (splat->has_pc)
		return SPLAT_PC;
	return splat->has_cpu ? SPLAT_CPU : SPLAT_HEADER;
}

enum splat_progress splat_needed(struct text body)
{
	struct finding_frame frame;
	struct text function;

	if (is_cpu(body))
		return SPLAT_CPU;
	if (frame_parse_pc(body, &function))
		return SPLAT_PC;
	if (frame_is_trace_start(body))
		return SPLAT_TRACE;
	return frame_parse(body, &frame) ? SPLAT_FRAME : SPLAT_HEADER;
}

/* The program counter, which names the function of some reports. */
static bool take_pc(struct splat *splat, struct text body)
{
	struct finding *f = &splat->slot->finding;
	enum header_name name = splat->header->name;
	bool torn = splat->pc_torn;
	struct finding_frame frame;
	struct text function;

	splat->pc_torn = false;
	if (frame_parse_pc(body, &function)) {
		splat->has_pc = true;
		splat->pc_torn = !function.n;
		if (name == NAME_PC ||
		    (name == NAME_HEADER && splat->trace != TRACE_READ))
			set_function(f, function);
		if (name == NAME_HEADER)
			mend_name(splat, function);
		return true;
	}
	if (!torn || name != NAME_PC || !frame_parse(body, &frame))
		return false;
	set_function(f, text_of(frame.function));
	return true;
}

/* Where a trace begins, and its frames; without a begin, a frame may still name one. */
static bool take_trace(struct splat *splat, const struct console_line *line)
{
	struct finding *f = &splat->slot->finding;
	bool names = splat->header->name == NAME_FRAME;
	struct text body = line->body;
	struct finding_frame frame;

	if (frame_is_trace_start(body)) {
		if (splat->trace == TRACE_AHEAD)
			splat->trace = TRACE_READING;
		return true;
	}
	if (splat->trace == TRACE_AHEAD && frame_starts_trace(body))
		splat->trace = TRACE_READING;
	if ((splat->trace == TRACE_READING || (names && !f->function[0])) &&
	    frame_parse(body, &frame)) {
		if (names && frame.reliable &&
		    !blame_is_machinery(text_of(frame.function)))
			set_function(f, text_of(frame.function));
		if (splat->trace == TRACE_READING && f->n_frames < FINDING_FRAMES_MAX)
			f->frames[f->n_frames++] = frame;
		return true;
	}
	if (splat->trace == TRACE_READING && f->n_frames && !text_has(body, TEXT("<")) &&
	    !frame_is_saved(body) && line->prefixed >= splat->prefixed)
		splat->trace = TRACE_READ;
	return false;
}

/* Does the line belong to the report? Then what it says is taken. */
static bool take_body(struct splat *splat, const struct console_line *line)
{
	struct finding *f = &splat->slot->finding;
	struct text body = line->body;
	struct finding_frame frame;

	if (take_pc(splat, body) || take_trace(splat, line))
		return true;
	if (is_cpu(body)) {
		splat->has_cpu = true;
		take_release(f, body);
		return true;
	}
	/* Further traces: who allocated, who holds the lock. */
	return take_caller(f, body) || is_dump(body) || frame_parse(body, &frame);
}

void splat_end(struct splat *splat, const struct console_line *line)
{
	if (!splat->slot || splat->ended)
		return;
	extend(splat, line);
	splat->ended = true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Loggers and vendors have prefixes of their own: "12:34:56.789 ", "(0)[12:kworker] ". What
 * the line has in common with the begin of the header's is none of the kernel's words.
 */
static struct text skip_before(const struct splat *splat, struct text body)
{
	const char *before = splat->before;
	size_t end = 0;

	for (size_t i = 0; before[i] && i < body.n; i++) {
		if (body.s[i] != before[i] &&
		    (!is_digit(body.s[i]) || !is_digit(before[i])))
			break;
		if (before[i] == ' ' || before[i] == ']' || !before[i + 1])
			end = i + 1;
	}
	return text_from(body, end);
}

void splat_line(struct splat *splat, const struct console_line *line)
{
	struct console_line rest;

	if (!splat->slot)
		return;
	if (splat->ended) {
		if (line->number - splat->slot->last_line > PANIC_LINES)
			splat_close(splat);
		return;
	}
	if (splat->torn && line->number == splat->header_line + 1)
		mend_header(splat, line);
	if (line->milestone == MILESTONE_PANIC_END ||
	    line->milestone == MILESTONE_PANIC_WAIT) {
		splat_end(splat, line);
		return;
	}
	if (splat->before[0]) {
		rest = *line;
		rest.body = skip_before(splat, line->body);
	}
	if (take_body(splat, splat->before[0] ? &rest : line)) {
		extend(splat, line);
		return;
	}
	if (++splat->quiet_lines > QUIET_LINES)
		splat_close(splat);
}

void splat_close(struct splat *splat)
{
	struct finding *f;

	if (!splat->slot)
		return;
	f = &splat->slot->finding;
	f->truncated |= splat->marked && !splat->ended && !f->panic;
	/* Registers may be missing: then the trace tells. */
	for (size_t i = 0; i < f->n_frames && !f->function[0]; i++)
		if (splat->header->name != NAME_NONE && f->frames[i].reliable &&
		    !blame_is_machinery(text_of(f->frames[i].function)))
			text_copy(f->function, sizeof(f->function),
				  text_of(f->frames[i].function));
	splat->slot->done = true;
	splat->slot = NULL;
}
