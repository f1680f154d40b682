// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines become reports. Most lines are not even looked at: only where a literal of a
 * known format stands, while a report is open, or when somebody wants to see each line.
 * A line then goes to the track (where is the target?), and is a fault, a header, or a
 * part of the report that is open.
 */
#include "classify/classifier.h"

#include "burst.h"
#include "classify/rules.h"
#include "classify/signature.h"
#include "lines.h"
#include "replay.h"
#include "reports.h"
#include "topology.h"
#include "track.h"
#include "trigger.h"

#include <stdlib.h>

/* Lines that are looked at behind one that may announce something. */
#define WATCH_LINES 8
/* From the first lines it shows whether a console's kernel lines have prefixes. */
#define FIRST_LINES 64
struct classifier {
	const struct rules *rules;
	struct classifier_sink sink;
	struct lines lines;
	uint64_t number, offset; /* lines and bytes that are done */
	uint64_t first;          /* lines that were before the stream */
	uint64_t watch;          /* number of the last line to look at in any case */
	struct track track;
	struct reports reports;
	struct topology topology; /* of this boot */
	struct replay replay;     /* of this boot */
	struct finding removal;   /* precursor of this shutdown; count 0: none */
	bool removal_told;        /* in this cycle */
	struct scan_marks marks;  /* of the block that is being read */
	struct triggers triggers;
	char clean[3 * LINES_MAX + 1];
};

static void hand_over(struct classifier *c, struct finding *f, unsigned int evidence)
{
	static const struct text severities[] = {
		[FINDING_SPLAT] = { "error", 5 },       [FINDING_FAULT] = { "error", 5 },
		[FINDING_PRECURSOR] = { "warning", 7 }, [FINDING_NOTE] = { "info", 4 },
		[FINDING_HANG] = { "error", 5 },
	};

	if (f->type == FINDING_FAULT)
		topology_name(&c->topology, f);
	signature_make(f);
	text_copy(f->severity, sizeof(f->severity), severities[f->type]);
	if (c->rules && !rules_apply(c->rules, evidence, f))
		return;
	if (c->sink.on_finding)
		c->sink.on_finding(c->sink.arg, f);
}

static void on_done(void *arg, struct slot *slot)
{
	struct classifier *c = arg;

	if (!slot->untold)
		hand_over(c, &slot->finding, slot->evidence);
}

/* -- precursor ------------------------------------------------------------------------ */

/*
 * A device that leaves its group while the kernel shuts down: what it still does on the
 * bus has no domain any more. All of one shutdown are one finding, which waits for the
 * shutdown's end.
 */
static void take_removal(struct classifier *c, const struct console_line *line)
{
	struct finding *f = &c->removal;

	if (line->phase != PHASE_TRIGGER && line->phase != PHASE_SHUTDOWN)
		return;
	c->reports.evidence |= RULES_GROUP_REMOVAL;
	if (c->removal_told)
		return;
	if (!f->count) {
		*f = (struct finding){ .type = FINDING_PRECURSOR, .iommu = true };
		reports_start(&c->reports, f, line);
		text_copy(f->kind, sizeof(f->kind), TEXT("iommu-group-removal"));
		text_copy(f->title, sizeof(f->title),
			  TEXT("devices leave their IOMMU groups during shutdown"));
		text_copy(f->driver, sizeof(f->driver), TEXT("iommu-core"));
	}
	f->count++;
	f->size = line->offset + line->size - f->offset;
}

static void end_removal(struct classifier *c)
{
	if (!c->removal.count)
		return;
	hand_over(c, &c->removal, c->reports.evidence);
	c->removal.count = 0;
	c->removal_told = true;
}

/* -- lines ---------------------------------------------------------------------------- */

static void note_evidence(struct classifier *c, const struct fault_match *match,
			  const struct console_line *line)
{
	const char *kind = match->form->kind;

	if (!kind)
		return;
	if (!strcmp(kind, "vfio-stuck"))
		c->reports.evidence |= RULES_VFIO_HOLDER;
	if (!strcmp(kind, "smmuv3-cmdq") &&
	    (line->phase == PHASE_TRIGGER || line->phase == PHASE_SHUTDOWN))
		c->reports.evidence |= RULES_SMMU_CMDQ;
}

static void take_fault(struct classifier *c, const struct fault_match *match,
		       const struct console_line *line)
{
	if (match->form->role == FAULT_GROUP) {
		take_removal(c, line);
		return;
	}
	note_evidence(c, match, line);
	if (!burst_extend(&c->reports.pending, match, line))
		burst_begin(reports_open(&c->reports, line), match);
}

/* Of each boot's hundreds; nothing follows such a line. */
static void take_join(struct classifier *c, const struct fault_match *match)
{
	topology_add(&c->topology, match->device,
		     (unsigned int)pattern_number(match->match.captures[0], 10));
}

/* What the worker tells of a device; see iommu-stress-worker(8), facts. */
static void take_fact(struct classifier *c, struct text marker)
{
	struct text fact, device, group;

	if (text_value(marker, "fact", &fact) && text_equal(fact, TEXT("device")) &&
	    text_value(marker, "bdf", &device) && text_value(marker, "group", &group) &&
	    !text_equal(group, TEXT("-")))
		topology_add(&c->topology, device,
			     (unsigned int)pattern_number(group, 10));
}

static bool is_replay(struct classifier *c, const struct printk *printk,
		      const struct console_line *line)
{
	if (!replay_seen(&c->replay, printk, line))
		return false;
	/* If nothing has the log printed again, this is somebody's copy of a report. */
	return c->track.replay_line > c->track.banner_line ||
	       (c->track.doubtful && replay_is_exact(printk));
}

static void take_header(struct classifier *c, struct context *context,
			const struct header_match *match, const struct printk *printk,
			const struct console_line *line)
{
	enum header_stage stage = match->header->stage;
	struct slot *slot;
	bool again = stage < STAGE_CUT && is_replay(c, printk, line);

	if (!reports_header(&c->reports, context, match, line, &slot))
		slot->untold = again;
}

/* The first form that stands in the line; true: it is taken. */
static bool take_forms(struct classifier *c, const struct form_set *set,
		       struct context *context, const struct printk *printk,
		       const struct console_line *line)
{
	for (size_t i = form_set_next(set, 0); i < FORM_MAX;
	     i = form_set_next(set, i + 1)) {
		const struct form *form = &c->triggers.forms[i];
		struct fault_match fault;
		struct header_match header;

		if (form->type == FORM_FAULT &&
		    fault_try(form->family, form->fault, line->body, &fault)) {
			if (form->fault->role == FAULT_JOIN) {
				take_join(c, &fault);
				return false;
			}
			if (fault.form->role > FAULT_SIGN || !is_replay(c, printk, line))
				take_fault(c, &fault, line);
			return true;
		}
		if (form->type == FORM_HEADER &&
		    header_try(form->index, line->body, &header)) {
			take_header(c, context, &header, printk, line);
			return true;
		}
	}
	return false;
}

static void look_at(struct classifier *c, const struct form_set *set,
		    const struct printk *printk, const struct console_line *line)
{
	struct context *context = reports_find(&c->reports, printk->caller);
	bool taken = false;

	if (line->milestone == MILESTONE_BANNER) {
		reports_close(&c->reports);
		end_removal(c);
		c->removal_told = false;
		c->reports.evidence = 0;
		c->topology.n = 0;
		if (!c->track.doubtful)
			c->replay = (struct replay){ 0 };
		c->reports.last_report = 0;
		return;
	}
	if (line->milestone == MILESTONE_RESTART)
		end_removal(c);
	if (line->milestone == MILESTONE_MARKER)
		take_fact(c, line->marker);
	if (line->milestone != MILESTONE_MARKER && line->milestone != MILESTONE_PANIC_END)
		taken = take_forms(c, set, context, printk, line);
	if (taken)
		c->watch = line->number + WATCH_LINES;
	else if (!burst_more(&c->reports.pending, line))
		reports_line(&c->reports, context, line);
	if (context->splat.slot && !context->splat.headless)
		c->reports.last_report = line->number;
	burst_expire(&c->reports.pending, line->number);
	pending_flush(&c->reports.pending);
}

/* Clean text; the bytes themselves where nothing needs cleaning. */
static struct text clean_line(struct classifier *c, struct text raw)
{
	if (raw.n && raw.s[raw.n - 1] == '\r')
		raw.n--;
	if (scan_is_plain(raw))
		return raw;
	return (struct text){ c->clean, text_clean(c->clean, sizeof(c->clean), raw) };
}

static uint64_t track_set(const struct triggers *t, const struct form_set *set)
{
	size_t first = t->n_forms - track_count();
	uint64_t bits = 0;

	for (size_t i = form_set_next(set, first); i < FORM_MAX;
	     i = form_set_next(set, i + 1))
		bits |= UINT64_C(1) << (i - first);
	return bits;
}

/* raw: without its line feed. set: forms whose literals stand in it; may be empty. */
static void take_line(struct classifier *c, struct text raw, uint64_t size,
		      struct form_set *set, bool wanted)
{
	struct console_line line = {
		.number = ++c->number,
		.offset = c->offset,
		.size = size,
		.phase = c->track.phase,
		.cycle = c->track.cycle,
	};
	struct printk printk;

	c->offset += size;
	line.text = clean_line(c, raw);
	printk_parse(line.text, &printk);
	line.body = printk.body;
	while (line.body.n && (line.body.s[line.body.n - 1] == ' ' ||
			       line.body.s[line.body.n - 1] == '\t'))
		line.body.n--;
	line.prefixed = printk.prefixed;
	if (wanted) {
		if (c->number <= c->watch || c->number <= c->first + FIRST_LINES)
			for (size_t i = 0; i < FORM_WORDS; i++)
				set->words[i] |= c->triggers.shy.words[i];
		track_line(&c->track, &printk, track_set(&c->triggers, set), &line);
	}
	if (c->sink.on_line)
		c->sink.on_line(c->sink.arg, &line);
	if (wanted)
		look_at(c, set, &printk, &line);
}

/* Is the next line to be looked at even if no literal stands in it? */
static bool wants_next(const struct classifier *c)
{
	return c->number < c->first + FIRST_LINES || c->number < c->watch ||
	       reports_reading(&c->reports) || track_wants_all(&c->track);
}

/* Forms in one line, whose first mark from *mark on is moved behind it. */
static bool find_forms(struct classifier *c, struct text line, struct text block,
		       size_t *mark, struct form_set *set)
{
	size_t start = (size_t)(line.s - block.s);
	bool found = false;

	*set = (struct form_set){ 0 };
	for (; *mark < start + line.n; *mark = scan_next(&c->marks, *mark + 1, block.n))
		found |= triggers_at(&c->triggers, line, *mark - start, set);
	return found;
}

/*
 * Passes lines whole, up to that of the next mark or to the end of bytes. Returns the number
 * of bytes.
 */
static size_t pass_lines(struct classifier *c, struct text bytes)
{
	const char *last = memrchr(bytes.s, '\n', bytes.n);
	size_t n = last ? (size_t)(last - bytes.s) + 1 : 0;

	c->number += scan_lines((struct text){ bytes.s, n });
	c->offset += n;
	return n;
}

static void on_block(void *arg, struct text bytes, int64_t extra, bool ends)
{
	struct classifier *c = arg;
	bool each_line = c->sink.on_line != NULL;
	size_t pos = 0, mark;

	scan_mark(&c->triggers.scan, bytes, &c->marks);
	mark = scan_next(&c->marks, 0, bytes.n);
	while (pos < bytes.n) {
		bool wanted = wants_next(c);
		struct form_set set;
		struct text line;
		uint64_t size;

		/* More lines never make the next one wanted. */
		if (!wanted && !each_line)
			pos += pass_lines(c, (struct text){ bytes.s + pos, mark - pos });
		if (pos == bytes.n) {
			c->offset += (uint64_t)extra;
			break;
		}
		line.s = bytes.s + pos;
		line.n = (size_t)((const char *)memchr(line.s, '\n', bytes.n - pos) -
				  line.s);
		size = (uint64_t)((int64_t)line.n + 1 + extra);
		pos += line.n + 1;
		wanted |= find_forms(c, line, bytes, &mark, &set);
		if (mark < pos)
			mark = scan_next(&c->marks, pos, bytes.n);
		if (wanted || each_line) {
			take_line(c, line, size, &set, wanted);
		} else {
			/* A mark was there, but no form. */
			c->number++;
			c->offset += size;
		}
	}
	c->number -= !ends;
}

/* -- interface ------------------------------------------------------------------------ */

struct classifier *classifier_new(const struct rules *rules,
				  const struct classifier_sink *sink)
{
	struct classifier *c = xcalloc(1, sizeof(*c));

	c->rules = rules;
	c->sink = *sink;
	reports_init(&c->reports, &c->track, on_done, c);
	triggers_init(&c->triggers);
	lines_init(&c->lines, on_block, c);
	return c;
}

void classifier_begin_at(struct classifier *c, uint64_t lines, uint64_t offset)
{
	c->number = c->first = lines;
	c->offset = offset;
}

void classifier_feed(struct classifier *c, const void *bytes, size_t n)
{
	lines_feed(&c->lines, bytes, n);
}

void classifier_quiet(struct classifier *c)
{
	reports_close(&c->reports);
}

void classifier_flush(struct classifier *c)
{
	reports_close(&c->reports);
	end_removal(c);
}

void classifier_end(struct classifier *c)
{
	lines_end(&c->lines);
	classifier_flush(c);
}

void classifier_free(struct classifier *c)
{
	free(c);
}

void classifier_set_phase(struct classifier *c, unsigned int cycle, enum phase phase)
{
	if (cycle != c->track.cycle || phase < PHASE_TRIGGER) {
		end_removal(c);
		c->removal_told = false;
	}
	c->track.cycle = cycle;
	c->track.phase = phase;
}

void classifier_expect(struct classifier *c, uint32_t nonce)
{
	c->track.nonce = nonce;
}
