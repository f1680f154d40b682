// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify/splat.h"

#include "classify/blame.h"
#include "classify/frame.h"

/* Lines that may stand between the parts of one report's beginning. */
#define MERGE_LINES 30
/* So many lines that look like no report end one that has no end marker. */
#define QUIET_LINES 40
/* A panic that follows the end marker follows at once. */
#define PANIC_LINES 8

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

static void take_header(struct splat *splat, const struct header_match *match)
{
	struct finding *f = &splat->slot->finding;
	const char *driver = NULL;

	set_function(f, match->function);
	if (match->file.n && blame_is_iommu_file(match->file, &driver))
		f->iommu = true;
	if (!strcmp(f->kind, "dma-api-debug")) {
		f->iommu = true;
		driver = "dma-debug";
	}
	if (driver && !f->driver[0])
		text_copy(f->driver, sizeof(f->driver), text_of(driver));
	splat->stage = match->header->stage;
	if (splat->stage != STAGE_ALONE)
		splat->marked = true;
}

void splat_open(struct splat *splat, struct slot *slot, const struct header_match *match,
		const struct console_line *line)
{
	struct finding *f = &slot->finding;

	*splat = (struct splat){
		.slot = slot,
		.header = match->header,
		.header_line = line->number,
	};
	f->type = FINDING_SPLAT;
	f->count = 1;
	f->panic = match->header->stage == STAGE_PANIC;
	text_copy(f->kind, sizeof(f->kind), text_of(match->header->kind));
	take_header(splat, match);
	extend(splat, line);
}

bool splat_merge(struct splat *splat, const struct header_match *match,
		 const struct console_line *line)
{
	enum header_stage next = match->header->stage;

	if (!splat->slot || splat->ended || splat->traced || splat->in_trace ||
	    line->number - splat->header_line > MERGE_LINES)
		return false;
	if (next == STAGE_ALONE || next == STAGE_TEXT || next <= splat->stage)
		return false;
	if (splat->stage == STAGE_WARN || splat->stage == STAGE_PANIC ||
	    splat->stage == STAGE_ALONE)
		return false;
	if (splat->stage == STAGE_CAUSE && next == STAGE_WARN)
		return false;
	take_header(splat, match);
	extend(splat, line);
	return true;
}

bool splat_panic(struct splat *splat, const struct console_line *line)
{
	if (!splat->slot)
		return false;
	splat->slot->finding.panic = true;
	extend(splat, line);
	return true;
}

static void take_frame(struct splat *splat, const struct finding_frame *frame)
{
	struct finding *f = &splat->slot->finding;

	if (splat->traced || f->n_frames == FINDING_FRAMES_MAX)
		return;
	f->frames[f->n_frames++] = *frame;
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

static bool take_body(struct splat *splat, struct text body)
{
	struct finding *f = &splat->slot->finding;
	struct finding_frame frame;
	struct text function;

	if (frame_parse_pc(body, &function)) {
		if (splat->header->name != NAME_NONE)
			set_function(f, function);
		return true;
	}
	if (frame_is_trace_start(body)) {
		splat->in_trace = !splat->traced;
		return true;
	}
	if (splat->in_trace && frame_parse(body, &frame)) {
		take_frame(splat, &frame);
		return true;
	}
	if (splat->in_trace && f->n_frames && !text_has(body, TEXT("<"))) {
		splat->in_trace = false;
		splat->traced = true;
	}
	if (text_has(body, TEXT("PID: "))) {
		take_release(f, body);
		return true;
	}
	return false;
}

void splat_line(struct splat *splat, const struct console_line *line)
{
	if (!splat->slot)
		return;
	if (splat->ended) {
		if (line->number - splat->slot->last_line > PANIC_LINES)
			splat_close(splat);
		return;
	}
	if (text_has(line->body, TEXT("---[ end trace")) ||
	    line->milestone == MILESTONE_PANIC_END ||
	    line->milestone == MILESTONE_PANIC_WAIT) {
		extend(splat, line);
		splat->ended = true;
		return;
	}
	if (take_body(splat, line->body)) {
		extend(splat, line);
		return;
	}
	splat->quiet_lines++;
	if (splat->quiet_lines > QUIET_LINES)
		splat_close(splat);
}

void splat_close(struct splat *splat)
{
	if (!splat->slot)
		return;
	splat->slot->finding.truncated = splat->marked && !splat->ended &&
					 !splat->slot->finding.panic;
	splat->slot->done = true;
	splat->slot = NULL;
}
