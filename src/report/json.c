// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json.h"

#include "conclusion.h"
#include "judge/stats.h"

#include <jansson.h>

/* Left out when empty. */
static void set_text(json_t *object, const char *key, const char *s)
{
	size_t room = 3 * strlen(s) + 1;
	_cleanup_free_ char *clean = xcalloc(room, 1);

	if (text_clean(clean, room, text_of(s)))
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

static json_t *summary_of(const struct fold *fold, const struct rules *rules)
{
	_cleanup_free_ char *conclusion = conclusion_of(fold);
	json_t *object = json_object();

	set_text(object, "conclusion", conclusion);
	set_number(object, "status", (uint64_t)fold_status(fold));
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
	set_number(object, "requests", fold->sent);
	set_number(object, "replies", fold->replies);
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
