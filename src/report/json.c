// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/summary.h"

#include "base/table.h"
#include "judge/stats.h"
#include "parts.h"

/* Left out when empty. */
static void set_text(json_t *object, const char *key, const char *s)
{
	_cleanup_free_ char *clean = text_clean_copy(text_of(s));

	if (*clean)
		json_object_set_new(object, key, json_string(clean));
}

static void set_number(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *outcomes_of(const unsigned int outcomes[OUTCOME_COUNT])
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < OUTCOME_COUNT; i++)
		set_number(object, outcome_name((enum outcome)i), outcomes[i]);
	return object;
}

static void set_seen(json_t *object, const struct fold_seen *seen)
{
	set_number(object, "findings", seen->findings);
	set_number(object, "cycles", seen->cycles);
	set_number(object, "first_cycle", seen->first_cycle);
	set_number(object, "last_cycle", seen->last_cycle);
	json_object_set_new(object, "outcomes", outcomes_of(seen->outcomes));
}

static json_t *bugs_of(const struct fold *fold)
{
	json_t *array = json_array();

	for (size_t i = 0; i < fold->n_bugs; i++) {
		const struct finding *f = &fold->bugs[i].first;
		json_t *object = json_object();

		set_text(object, "bug", f->bug);
		set_text(object, "class", finding_type_name(f->type));
		set_text(object, "kind", f->kind);
		set_text(object, "title", f->title);
		set_text(object, "severity", f->severity);
		set_text(object, "known", f->known);
		set_text(object, "advice", f->advice);
		set_text(object, "file", f->file);
		set_text(object, "text", f->text);
		set_text(object, "phase", phase_name(f->phase));
		set_text(object, "kernel", f->kernel);
		set_text(object, "report", fold->bugs[i].report);
		set_seen(object, &fold->bugs[i].seen);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *known_of(const struct fold *fold, const struct rules *rules)
{
	json_t *array = json_array();

	for (size_t i = 0; i < fold->n_known; i++) {
		const char *id = fold->known[i].id;
		const struct known_issue *known = rules ? rules_find_known(rules, id) :
							  NULL;
		json_t *object = json_object();

		set_text(object, "id", id);
		if (known) {
			set_text(object, "title", known->title);
			set_text(object, "introduced", known->introduced);
			set_text(object, "fixed_by", known->fixed_by);
		}
		set_seen(object, &fold->known[i].seen);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *rate_of(const struct fold *fold)
{
	unsigned int hits = fold_hits(fold), measured = fold_measured(fold);
	struct stats_interval interval = stats_interval_of(hits, measured);
	double high = hits ? interval.high : stats_rate_below(measured);
	json_t *object = json_object();

	set_number(object, "hits", hits);
	set_number(object, "measured", measured);
	json_object_set_new(object, "low", json_real(interval.low));
	json_object_set_new(object, "high", json_real(high));
	return object;
}

static void set_mean(json_t *object, const char *key, uint64_t sum, unsigned int n)
{
	if (n)
		set_number(object, key, sum / n);
}

static json_t *times_of(const struct fold *fold)
{
	const struct cycle_times *sum = &fold->sum;
	json_t *object = json_object();

	set_mean(object, "settle_ns", sum->settle, fold->timed);
	set_mean(object, "confirm_ns", sum->confirm, fold->timed);
	set_mean(object, "down_ns", sum->down, fold->timed);
	set_mean(object, "boot_ns", sum->boot, fold->timed);
	set_mean(object, "total_ns", sum->total, fold->timed);
	set_mean(object, "last_reply_after_ns", sum->last_reply_after,
		 fold->last_replies);
	set_mean(object, "first_reply_after_ns", sum->first_reply_after,
		 fold->first_replies);
	return object;
}

/* NULL: nothing was unplugged. */
static json_t *offsets_of(const struct fold_offsets *o)
{
	json_t *object, *slices = json_array();
	double width = (double)(o->window.to_ns - o->window.from_ns) / FOLD_SLICES;

	for (unsigned int i = 0; o->known && i < FOLD_SLICES; i++)
		json_array_append_new(slices,
				      json_pack("{s:f, s:i, s:i}", "from_ns",
						(double)o->window.from_ns + i * width,
						"attempts", (int)o->slices[i].attempts,
						"hits", (int)o->slices[i].hits));
	object = json_pack("{s:s, s:I, s:I, s:i, s:o}", "reference",
			   o->from_request ? "request" : "unplug", "error_ns",
			   (json_int_t)fold_offsets_error(o), "attempt_ns",
			   (json_int_t)(o->total_ns / o->attempts), "attempts",
			   (int)o->attempts, "slices", slices);
	return object;
}

/* Of the last flood: percentiles cannot be added up. */
static json_t *round_trip_of(const struct flood_sample *load)
{
	json_t *object = json_object();

	set_number(object, "p50_ns", load->rtt_p50_us * NS_PER_USEC);
	set_number(object, "p90_ns", load->rtt_p90_us * NS_PER_USEC);
	set_number(object, "p99_ns", load->rtt_p99_us * NS_PER_USEC);
	set_number(object, "max_ns", load->rtt_max_us * NS_PER_USEC);
	return object;
}

static json_t *errors_of(const struct flood_errors *errors)
{
	json_t *object = json_object();

	for (unsigned int i = 0; i < FLOOD_ERRORS; i++)
		if (errors->n[i])
			set_number(object, flood_error_name(i), errors->n[i]);
	return object;
}

static json_t *counters_of(const struct target_counters *c, unsigned int boots)
{
	json_t *object = json_object();

	set_number(object, "boots", boots);
	/* Not table_to_json: a counter of 0 is said, too. */
	for (const struct table_member *m = target_counters_members; m->size; m++)
		set_number(object, m->json, table_get(m, c));
	return object;
}

static json_t *summary_of(const struct fold *fold, const struct rules *rules)
{
	_cleanup_free_ char *conclusion = conclusion_of(fold);
	const struct flood_losses losses = fold_losses(fold);
	struct target_counters counters;
	unsigned int boots = fold_counters(fold, &counters);
	json_t *object = json_object();

	set_text(object, "conclusion", conclusion);
	set_number(object, "status", (uint64_t)fold_told_status(fold));
	set_text(object, "tool", fold->tool);
	set_text(object, "scenario", fold->scenario);
	set_text(object, "target", fold->target);
	set_text(object, "kernel", fold->kernel);
	set_text(object, "wall", fold->wall);
	json_object_set_new(object, "ended", json_boolean(fold->ended));
	set_text(object, "end", fold->end);
	set_number(object, "planned", fold->planned);
	set_number(object, "finished", fold->finished);
	set_number(object, "elapsed_ns", fold->elapsed_ns);
	json_object_set_new(object, "outcomes", outcomes_of(fold->outcomes));
	json_object_set_new(object, "rate", rate_of(fold));
	json_object_set_new(object, "mean", times_of(fold));
	if (fold->offsets.attempts)
		json_object_set_new(object, "offsets", offsets_of(&fold->offsets));
	set_text(object, "device", fold->device);
	set_number(object, "requests", fold->sent);
	set_number(object, "replies", fold->replies);
	set_number(object, "reports", losses.reports);
	set_number(object, "lost", losses.lost);
	set_number(object, "duplicates", losses.duplicates);
	set_number(object, "damaged", losses.bad);
	if (flood_errors_all(&losses.errors))
		json_object_set_new(object, "errors", errors_of(&losses.errors));
	if (boots)
		json_object_set_new(object, "counters", counters_of(&counters, boots));
	if (fold->load.rtt_max_us)
		json_object_set_new(object, "round_trip", round_trip_of(&fold->load));
	if (fold->timeline.cycles)
		json_object_set_new(object, "timeline", timeline_json(&fold->timeline));
	json_object_set_new(object, "bugs", bugs_of(fold));
	set_number(object, "more_bugs", fold->more_bugs);
	json_object_set_new(object, "known", known_of(fold, rules));
	return object;
}

void report_json(FILE *out, const struct fold *fold, const struct rules *rules,
		 const char *dir)
{
	json_t *object = summary_of(fold, rules);

	if (dir)
		set_text(object, "dir", dir);
	json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(6));
	fputc('\n', out);
	json_decref(object);
}
