// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/timeline.h"

#include "base/num.h"

#include <inttypes.h>

/* Elements that nothing happened in. */
static void advance(struct timeline *t, uint64_t ms)
{
	uint64_t from = t->now_ms + 1;

	if (ms - from >= TIMELINE_MS)
		from = ms - TIMELINE_MS + 1;
	for (; from <= ms; from++)
		t->sent[from % TIMELINE_MS] = t->replies[from % TIMELINE_MS] = 0;
	t->now_ms = ms;
}

static void add(uint16_t *element, unsigned int n)
{
	*element = (uint16_t)(n > (unsigned int)UINT16_MAX - *element ? UINT16_MAX :
									*element + n);
}

static uint64_t last_of(const struct timeline *t)
{
	return t->last_ms > t->mark_ms ? t->last_ms : t->mark_ms;
}

void timeline_add(struct timeline *t, uint64_t now, unsigned int sent,
		  unsigned int replies)
{
	uint64_t ms = now / NS_PER_MSEC;

	/* Behind a mark, what is there is kept for the reader. */
	if (t->mark_ms && ms >= t->mark_ms - TIMELINE_BEFORE + TIMELINE_MS)
		return;
	if (ms > t->now_ms)
		advance(t, ms);
	add(&t->sent[t->now_ms % TIMELINE_MS], sent);
	add(&t->replies[t->now_ms % TIMELINE_MS], replies);
	if (replies && (!t->mark_ms || t->now_ms - last_of(t) <= TIMELINE_SILENCE))
		t->last_ms = t->now_ms;
}

void timeline_mark(struct timeline *t, uint64_t now)
{
	/* What an older mark has kept ends long before, maybe. */
	t->mark_ms = t->read_ms = 0;
	timeline_add(t, now, 0, 0);
	t->mark_ms = t->now_ms;
}

void timeline_read(struct timeline *t)
{
	t->read_ms = t->mark_ms > TIMELINE_BEFORE ? t->mark_ms - TIMELINE_BEFORE : 1;
	t->end_ms = last_of(t) + TIMELINE_AFTER;
	if (t->end_ms > t->now_ms + 1)
		t->end_ms = t->now_ms + 1;
}

void timeline_add_run(struct strbuf *out, uint32_t value, uint32_t count)
{
	if (!count)
		return;
	strbuf_addf(out, "%s%" PRIu32, out->n ? "," : "", value);
	if (count > 1)
		strbuf_addf(out, "x%" PRIu32, count);
}

static void add_runs(const uint16_t *ring, uint64_t from, uint64_t to, struct strbuf *out)
{
	uint32_t value = 0, count = 0;

	for (; from < to; from++) {
		uint16_t next = ring[from % TIMELINE_MS];

		if (count && next != value) {
			timeline_add_run(out, value, count);
			count = 0;
		}
		value = next;
		count++;
	}
	timeline_add_run(out, value, count);
}

bool timeline_line(struct timeline *t, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf sent = { 0 }, replies = { 0 };
	uint64_t from = t->read_ms, to = t->end_ms;

	if (!from)
		return false;
	if (!t->mark_ms || from >= to) {
		strbuf_addf(out, "timeline end");
		t->mark_ms = t->read_ms = 0;
		return true;
	}
	if (to - from > TIMELINE_LINE)
		to = from + TIMELINE_LINE;
	t->read_ms = to;
	add_runs(t->sent, from, to, &sent);
	add_runs(t->replies, from, to, &replies);
	strbuf_addf(out, "timeline at=%" PRIu64 " sent=%s replies=%s", from * NS_PER_MSEC,
		    sent.s, replies.s);
	return true;
}

bool timeline_parse(struct text line, struct timeline_part *ret)
{
	struct text at;

	if (text_equal(line, TEXT("timeline end"))) {
		*ret = (struct timeline_part){ 0 };
		return true;
	}
	return text_starts(line, TEXT("timeline ")) && text_value(line, "at", &at) &&
	       text_number(at, &ret->at_ns) && ret->at_ns &&
	       text_value(line, "sent", &ret->sent) &&
	       text_value(line, "replies", &ret->replies);
}

bool timeline_next(struct text *runs, uint32_t *ret_value, uint32_t *ret_count)
{
	ptrdiff_t comma = text_find(*runs, TEXT(","), 0), x;
	struct text run = *runs;
	uint64_t value, count = 1;

	if (comma >= 0)
		run.n = (size_t)comma;
	x = text_find(run, TEXT("x"), 0);
	/* No hexadecimal, which num_parse_u64 would take. */
	if (x >= 0 && (!text_number(text_from(run, (size_t)x + 1), &count) || !count ||
		       count > TIMELINE_MS))
		return false;
	if (!text_number((struct text){ run.s, x >= 0 ? (size_t)x : run.n }, &value) ||
	    value > UINT32_MAX)
		return false;
	*ret_value = (uint32_t)value;
	*ret_count = (uint32_t)count;
	*runs = text_from(*runs, comma >= 0 ? (size_t)comma + 1 : runs->n);
	return true;
}

/* False for a time that does not fit in with the others. */
static bool take_in(struct timeline *t, uint64_t ms)
{
	if (!t->read_ms) {
		t->read_ms = ms;
		t->end_ms = ms + 1;
		return true;
	}
	if (ms + TIMELINE_MS < t->end_ms || ms >= t->read_ms + TIMELINE_MS)
		return false;
	if (ms < t->read_ms)
		t->read_ms = ms;
	if (ms >= t->end_ms)
		t->end_ms = ms + 1;
	return true;
}

static void merge_runs(struct timeline *t, uint16_t *ring, uint64_t ms, struct text runs)
{
	uint32_t value, count;

	while (timeline_next(&runs, &value, &count))
		for (; count; count--, ms++)
			if (take_in(t, ms))
				add(&ring[ms % TIMELINE_MS], value);
}

void timeline_merge(struct timeline *t, const struct timeline_part *part)
{
	uint64_t ms = part->at_ns / NS_PER_MSEC;

	/* There is something to read. */
	t->mark_ms = 1;
	merge_runs(t, t->sent, ms, part->sent);
	merge_runs(t, t->replies, ms, part->replies);
}
