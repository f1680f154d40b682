// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/figures.h"

#include "base/num.h"

#include <inttypes.h>

static uint64_t per_second(uint64_t n, uint64_t ns)
{
	return ns ? (uint64_t)((double)n * (double)NS_PER_SEC / (double)ns) : 0;
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? (double)part * 100 / (double)whole : 0;
}

/* What has come since the last line. */
static struct flood_errors new_errors(const struct flood_errors *now,
				      const struct flood_errors *before)
{
	struct flood_errors new = { 0 };

	for (unsigned int i = 0; i < FLOOD_ERRORS; i++)
		new.n[i] = now->n[i] - before->n[i];
	return new;
}

void figures_begin(struct figures *f, const struct flood_sample *sample)
{
	if (f->begin_ns)
		return;
	f->begin_ns = sample->at_ns - FLOOD_SAMPLE_MS * NS_PER_MSEC;
	f->last.at_ns = f->begin_ns;
}

void figures_line(struct figures *f, const struct flood_sample *sample,
		  struct strbuf *out)
{
	const struct flood_sample *last = &f->last;
	uint64_t elapsed, sent, replies;
	struct flood_errors errors;

	figures_begin(f, sample);
	elapsed = sample->at_ns - last->at_ns;
	sent = sample->sent - last->sent;
	replies = sample->replies - last->replies;
	strbuf_addf(out,
		    "%4.0f s  %9" PRIu64 "/s sent  %9" PRIu64 "/s answered  %5.1f %%",
		    (double)(sample->at_ns - f->begin_ns) / (double)NS_PER_SEC,
		    per_second(sent, elapsed), per_second(replies, elapsed),
		    percent(replies, sent));
	if (sample->rtt_us)
		strbuf_addf(out, "  round trip %.3f ms", sample->rtt_us / 1000.0);
	if (sample->drops != last->drops)
		strbuf_addf(out, "  %" PRIu64 "/s not taken",
			    per_second(sample->drops - last->drops, elapsed));
	errors = new_errors(&sample->errors, &last->errors);
	if (flood_errors_all(&errors)) {
		strbuf_addf(out, "  ");
		flood_errors_describe(&errors, false, out);
	}
	strbuf_addf(out, "  %s",
		    !replies && sample->last_reply_ns ? "silent" :
							flood_state_name(sample->state));
	f->last = *sample;
}

bool figures_format(struct figures *f, const struct flood_sample *sample,
		    struct strbuf *out)
{
	figures_begin(f, sample);
	/* Samples come a little late, so the tenth may be a little early. */
	if (sample->at_ns - f->last.at_ns <
	    NS_PER_SEC - FLOOD_SAMPLE_MS * NS_PER_MSEC / 2)
		return false;
	figures_line(f, sample, out);
	return true;
}

void figures_summary(const struct figures *f, const struct flood_sample *sample,
		     struct strbuf *out)
{
	uint64_t begin = f->begin_ns ? f->begin_ns : sample->at_ns;
	uint64_t elapsed = sample->at_ns - begin;

	strbuf_addf(out,
		    "%" PRIu64 " sent in %.2f s (%" PRIu64 "/s), %" PRIu64
		    " answered (%.2f %%), %" PRIu64 " lost",
		    sample->sent, (double)elapsed / (double)NS_PER_SEC,
		    per_second(sample->sent, elapsed), sample->replies,
		    percent(sample->replies, sample->sent), sample->lost);
	if (sample->bad)
		strbuf_addf(out, ", %" PRIu64 " damaged", sample->bad);
	if (sample->duplicates)
		strbuf_addf(out, ", %" PRIu64 " twice", sample->duplicates);
	if (sample->reports)
		strbuf_addf(out, ", %" PRIu64 " reports", sample->reports);
	if (sample->drops)
		strbuf_addf(out, "\n%" PRIu64 " not taken", sample->drops);
	if (flood_errors_all(&sample->errors)) {
		strbuf_addf(out, "\nerrors: ");
		flood_errors_describe(&sample->errors, true, out);
	}
	if (sample->rtt_p50_us)
		strbuf_addf(out,
			    "\nround trip of a sample: half within %.3f ms, 90 %% %.3f, "
			    "99 %% %.3f, longest %.3f",
			    sample->rtt_p50_us / 1000.0, sample->rtt_p90_us / 1000.0,
			    sample->rtt_p99_us / 1000.0, sample->rtt_max_us / 1000.0);
}
