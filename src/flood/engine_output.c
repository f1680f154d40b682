// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines to standard output: for programs, or for people. */
#include "engine_internal.h"
#include "os/file.h"

#include <errno.h>
#include <unistd.h>

void engine_finish(struct engine *e, int error)
{
	e->done = true;
	e->error = error;
}

/* False: the reader leaves no room. */
static bool write_line(struct engine *e, struct strbuf *line)
{
	int r = file_offer_line(STDOUT_FILENO, line);

	if (r < 0 && r != -EAGAIN)
		engine_finish(e, 0);
	return r != -EAGAIN;
}

void engine_write_timeline(struct engine *e)
{
	struct timeline *t = &e->timeline;
	_cleanup_strbuf_ struct strbuf line = { 0 };
	uint64_t mark = t->mark_ms, place = t->read_ms;

	if (!timeline_line(t, &line) || write_line(e, &line))
		return;
	t->mark_ms = mark;
	t->read_ms = place;
}

static struct flood_sample sample_of(const struct engine *e, uint64_t now)
{
	return (struct flood_sample){
		.state = e->pace.state,
		.at_ns = now,
		.sent = e->sent,
		.replies = e->track->replies,
		.drops = e->drops,
		.bad = e->track->bad,
		.rate = e->pace.rate,
		.reply_rate = steady_reply_rate(&e->steady),
		.rtt_us = e->rtt_us,
		.steady = steady_judge(&e->steady),
		.first_reply_ns = e->track->first_reply_ns,
		.last_reply_ns = e->track->last_reply_ns,
		.lost = e->track->lost,
		.duplicates = e->track->duplicates,
		.reports = e->track->reports,
		.rtt_p50_us = rtt_permille(&e->track->rtt, 500),
		.rtt_p90_us = rtt_permille(&e->track->rtt, 900),
		.rtt_p99_us = rtt_permille(&e->track->rtt, 990),
		.rtt_max_us = e->track->rtt.max_us,
		.errors = *path_errors(e->path),
	};
}

void engine_write_sample(struct engine *e, uint64_t now)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	struct flood_sample sample = sample_of(e, now);

	if (!e->spec->figures)
		flood_sample_format(&sample, &line);
	else if (!figures_format(&e->figures, &sample, &line))
		return;
	(void)write_line(e, &line);
}

void engine_write_summary(struct engine *e, uint64_t now)
{
	_cleanup_strbuf_ struct strbuf lines = { 0 };
	struct flood_sample sample = sample_of(e, now);

	if (!e->spec->figures)
		return;
	figures_summary(&e->figures, &sample, &lines);
	(void)write_line(e, &lines);
}
