// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words of a spec, lines of the flood and runs of a timeline: what is taken is written, and
 * read again as the same.
 */
#include "flood/flood.h"
#include "flood/timeline.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_spec(const char *words)
{
	_cleanup_strbuf_ struct strbuf once = { 0 }, twice = { 0 };
	struct flood_spec spec = FLOOD_SPEC_DEFAULT, back = FLOOD_SPEC_DEFAULT;
	char *error = NULL;

	if (flood_spec_parse(words, &spec, &error) < 0) {
		assert(error && *error);
		free(error);
		return;
	}
	flood_spec_format(&spec, &once);
	assert(flood_spec_parse(once.s, &back, &error) == 0);
	flood_spec_format(&back, &twice);
	assert(!strcmp(once.s, twice.s));
	assert(flood_spec_kinds(&spec));
	for (uint32_t seq = 0; seq < 100; seq++)
		assert(flood_spec_size(&spec, seq * 77777) >= spec.size &&
		       flood_spec_size(&spec, seq * 77777) <= flood_spec_size_max(&spec));
}

static void check_sample(struct text line)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct flood_sample sample, back;

	if (!flood_sample_parse(line, &sample))
		return;
	flood_sample_format(&sample, &out);
	assert(flood_sample_parse((struct text){ out.s, out.n }, &back));
	assert(sample.sent == back.sent && sample.at_ns == back.at_ns);
}

static void check_runs(struct text runs)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	uint32_t value, count, again, many;
	struct text rest = runs;

	while (timeline_next(&rest, &value, &count)) {
		struct text one;

		assert(count && count <= TIMELINE_MS);
		strbuf_reset(&out);
		timeline_add_run(&out, value, count);
		one = (struct text){ out.s, out.n };
		assert(timeline_next(&one, &again, &many));
		assert(again == value && many == count && !one.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *words = xstrndup((const char *)data, size);
	struct text line = { (const char *)data, size };
	struct timeline_part part;

	check_spec(words);
	check_sample(line);
	check_runs(line);
	if (timeline_parse(line, &part)) {
		check_runs(part.sent);
		check_runs(part.replies);
	}
	return 0;
}
