// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports.h"

#include "burst.h"
#include "headless.h"

/* "cut here" belongs to the header that follows within so many lines. */
#define CUT_LINES 6
/* A panic that reports cause follows the last of them within so many lines. */
#define PANIC_LINES 100
/* A report without header that shows nothing for so many lines is none. */
#define HEADLESS_LINES 40
/* The headers of two CPUs come together when nothing but so many lines is between. */
#define TOGETHER_LINES 4

static void on_done(void *arg, struct slot *slot)
{
	struct reports *r = arg;

	/* It may leave before its end when too many wait behind it. */
	for (size_t i = 0; i < REPORTS_MAX; i++) {
		if (r->contexts[i].splat.slot == slot)
			r->contexts[i].splat.slot = NULL;
		if (r->contexts[i].behind.slot == slot)
			r->contexts[i].behind.slot = NULL;
	}
	r->on_done(r->arg, slot);
}

void reports_init(struct reports *r, const struct track *track,
		  void (*done)(void *arg, struct slot *slot), void *arg)
{
	*r = (struct reports){ .track = track, .on_done = done, .arg = arg };
	r->pending.on_done = on_done;
	r->pending.arg = r;
}

void reports_start(const struct reports *r, struct finding *f,
		   const struct console_line *line)
{
	f->line = line->number;
	f->offset = line->offset;
	f->size = line->size;
	f->phase = line->phase;
	f->cycle = line->cycle;
	text_copy(f->kernel, sizeof(f->kernel), text_of(r->track->kernel));
}

struct slot *reports_open(struct reports *r, const struct console_line *line)
{
	struct slot *slot = pending_open(&r->pending);

	reports_start(r, &slot->finding, line);
	slot->last_line = line->number;
	slot->evidence = r->evidence;
	return slot;
}

static void close_context(struct context *context)
{
	splat_close(&context->splat);
	splat_close(&context->behind);
	context->turn = false;
}

struct context *reports_find(struct reports *r, struct text caller)
{
	size_t free = REPORTS_MAX, headless = (r->current + 1) % REPORTS_MAX, i;

	if (!caller.n)
		return &r->contexts[r->current];
	for (i = 0; i < REPORTS_MAX; i++) {
		if (text_equal(caller, text_of(r->contexts[i].caller)))
			break;
		if (!r->contexts[i].splat.slot)
			free = i;
		else if (r->contexts[i].splat.headless)
			headless = i;
	}
	if (i == REPORTS_MAX) {
		i = free < REPORTS_MAX ? free : headless;
		close_context(&r->contexts[i]);
		text_copy(r->contexts[i].caller, sizeof(r->contexts[i].caller), caller);
	}
	r->current = i;
	return &r->contexts[i];
}

bool reports_reading(const struct reports *r)
{
	for (size_t i = 0; i < REPORTS_MAX; i++)
		if (r->contexts[i].splat.slot)
			return true;
	return false;
}

void reports_close(struct reports *r)
{
	for (size_t i = 0; i < REPORTS_MAX; i++)
		close_context(&r->contexts[i]);
	for (size_t i = 0; i < r->pending.n; i++)
		pending_at(&r->pending, i)->done = true;
	pending_flush(&r->pending);
	r->cut.number = 0;
}

/* -- headers -------------------------------------------------------------------------- */

static bool take_panic(struct reports *r, struct context *context,
		       const struct console_line *line)
{
	if (splat_panic(&context->behind, line) || splat_panic(&context->splat, line))
		return true;
	for (size_t i = 0; i < REPORTS_MAX; i++)
		if (splat_panic(&r->contexts[i].splat, line))
			return true;
	/* The report may be over already. */
	return r->last_report && splat_is_panic_of_report(line->body) &&
	       line->number - r->last_report <= PANIC_LINES;
}

static bool merge(struct reports *r, struct context *context,
		  const struct header_match *match, const struct console_line *line)
{
	if (splat_merge(&context->splat, match, line) ||
	    splat_merge(&context->behind, match, line))
		return true;
	/* Lockdep turns itself off at its first report; two CPUs may find it at once. */
	for (size_t i = 0; !strcmp(match->header->kind, "lockdep") && i < REPORTS_MAX;
	     i++)
		if (splat_merge(&r->contexts[i].splat, match, line))
			return true;
	return false;
}

/* Two lockups, or what else needs registers, of which neither has shown any. */
static bool come_together(const struct context *context, const struct header_match *match,
			  const struct console_line *line)
{
	const struct splat *splat = &context->splat;

	return splat->slot && !context->behind.slot && !context->caller[0] &&
	       splat_progress(splat) == SPLAT_HEADER && splat->stage == STAGE_ALONE &&
	       match->header->stage == STAGE_ALONE && splat->header->name == NAME_PC &&
	       match->header->name == NAME_PC &&
	       line->number - splat->header_line <= TOGETHER_LINES;
}

static struct slot *begin(struct reports *r, struct context *context,
			  const struct header_match *match,
			  const struct console_line *line)
{
	bool together = come_together(context, match, line);
	struct slot *slot;

	if (!together)
		close_context(context);
	slot = reports_open(r, line);
	if (r->cut.number && line->number - r->cut.number <= CUT_LINES)
		reports_start(r, &slot->finding, &r->cut);
	r->cut.number = 0;
	/* Room was made by handing the older one over. */
	together = together && context->splat.slot;
	splat_open(together ? &context->behind : &context->splat, slot, match, line);
	burst_interrupt(&r->pending);
	return slot;
}

/* Whose end is this? */
static struct splat *find_ended(struct context *context)
{
	return context->behind.slot && context->splat.ended ? &context->behind :
							      &context->splat;
}

/* Where another's header stands within its lines, that would pass for theirs. */
static void prove(const struct reports *r, struct splat *splat)
{
	for (size_t i = 0; splat->headless && i < REPORTS_MAX; i++) {
		const struct splat *other = &r->contexts[i].splat;

		if (other->slot && !other->headless &&
		    other->header_line > splat->header_line)
			headless_prove(splat);
	}
}

bool reports_header(struct reports *r, struct context *context,
		    const struct header_match *match, const struct console_line *line,
		    struct slot **ret_slot)
{
	enum header_stage stage = match->header->stage;
	struct splat *splat = &context->splat;

	if (stage == STAGE_RULER)
		return true;
	if (stage == STAGE_END) {
		prove(r, splat);
		splat_end(find_ended(context), line);
		return true;
	}
	if (stage == STAGE_CUT) {
		if (!splat->slot || splat->stage != STAGE_TEXT ||
		    line->number - splat->header_line > CUT_LINES)
			close_context(context);
		r->cut = *line;
		return true;
	}
	if (stage == STAGE_PANIC && take_panic(r, context, line))
		return true;
	if (merge(r, context, match, line))
		return true;
	*ret_slot = begin(r, context, match, line);
	return false;
}

/* -- lines ---------------------------------------------------------------------------- */

/* Of "CPU: 1 PID: ..."; -1: the line is another. */
static int find_cpu(struct text body)
{
	struct pattern_match m;

	if (!pattern_find("CPU: %d ", body, &m))
		return -1;
	return (int)(pattern_number(m.captures[0], 10) & 0xffff);
}

/* Two reports in one context: whose is the line? */
static bool is_behind(struct context *context, struct text body)
{
	enum splat_progress needs = splat_needed(body);
	enum splat_progress first = splat_progress(&context->splat);
	enum splat_progress second = splat_progress(&context->behind);
	int cpu;

	if (needs == SPLAT_FRAME) {
		if (first == SPLAT_TRACE && second == SPLAT_TRACE)
			return !context->turn;
		return second == SPLAT_TRACE || (first == SPLAT_OVER && context->turn);
	}
	if (needs == SPLAT_HEADER)
		return context->turn;
	cpu = needs == SPLAT_CPU ? find_cpu(body) : -1;
	if (cpu >= 0 && first < SPLAT_CPU && second < SPLAT_CPU &&
	    cpu == splat_stuck_cpu(text_of(context->behind.text)))
		return cpu != splat_stuck_cpu(text_of(context->splat.text));
	if (second >= needs)
		return false;
	return first >= needs || second > first;
}

/* One that has its whole trace and no end marker makes room for the other. */
static void settle(struct context *context)
{
	if (splat_progress(&context->splat) == SPLAT_OVER)
		splat_close(&context->splat);
	if (context->behind.slot && splat_progress(&context->behind) == SPLAT_OVER &&
	    context->splat.slot)
		splat_close(&context->behind);
	if (context->splat.slot)
		return;
	context->splat = context->behind;
	context->behind.slot = NULL;
	context->turn = false;
}

static void expire_headless(struct reports *r, const struct console_line *line)
{
	for (size_t i = 0; i < REPORTS_MAX; i++) {
		struct splat *splat = &r->contexts[i].splat;

		if (splat->slot && splat->headless &&
		    line->number - splat->slot->last_line > HEADLESS_LINES)
			splat_close(splat);
	}
}

void reports_line(struct reports *r, struct context *context,
		  const struct console_line *line)
{
	expire_headless(r, line);
	if (!context->splat.slot && context->caller[0] && headless_is_body(line->body))
		headless_open(&context->splat, reports_open(r, line), line);
	if (!context->behind.slot) {
		headless_line(&context->splat, line);
		splat_line(&context->splat, line);
		return;
	}
	context->turn = is_behind(context, line->body);
	splat_line(context->turn ? &context->behind : &context->splat, line);
	if (!context->splat.slot || splat_needed(line->body) != SPLAT_FRAME)
		settle(context);
}
