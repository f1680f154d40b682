// SPDX-License-Identifier: GPL-2.0-or-later
/* What a run shall do: as JSON in its journal, and in words for --dry-run. */
#include "base/num.h"
#include "run/run.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Generous for an emulated board on a busy machine: a limit that strikes a slow but
 * healthy target is a false alarm, one that is too long only costs time. Shutdown covers
 * the soft lockup detector (20 s and more) and the RCU stall detector (21 s), which name
 * the place where a CPU hangs.
 */
static const uint64_t default_limits[PHASE_COUNT] = {
	[PHASE_BOOT] = 120 * NS_PER_SEC,       [PHASE_SETTLE] = 30 * NS_PER_SEC,
	[PHASE_FLOOD] = 60 * NS_PER_SEC,       [PHASE_TRIGGER] = 20 * NS_PER_SEC,
	[PHASE_SHUTDOWN] = 120 * NS_PER_SEC,   [PHASE_FIRMWARE] = 30 * NS_PER_SEC,
	[PHASE_EARLY_BOOT] = 120 * NS_PER_SEC, [PHASE_UP] = 60 * NS_PER_SEC,
	[PHASE_BIND] = 60 * NS_PER_SEC,        [PHASE_UNPLUG] = 60 * NS_PER_SEC,
	[PHASE_BACK] = 60 * NS_PER_SEC,
};

void plan_init(struct plan *plan, const struct scenario *scenario)
{
	*plan = (struct plan){
		.scenario = scenario,
		.own = scenario->plan_size ? xcalloc(1, scenario->plan_size) : NULL,
		.method = scenario->methods,
		.target = scenario->target,
		.load = FLOOD_SPEC_DEFAULT,
		.cycles = scenario->cycles,
		.settle_ns = scenario->settle_ns,
		.seed = 1,
	};
	plan->board.worker = scenario->takes & SCENARIO_WORKER;
	memcpy(plan->limit_ns, default_limits, sizeof(default_limits));
	if (scenario->plan_init)
		scenario->plan_init(plan);
}

void plan_done(struct plan *plan)
{
	free(plan->own);
	*plan = (struct plan){ 0 };
}

uint64_t plan_duration(struct argp_state *state, const char *option, const char *arg)
{
	uint64_t ns = 0;

	if (num_parse_duration(arg, &ns) < 0)
		argp_error(state, "--%s: '%s' is not a time, such as 200ms, 90s or 2h",
			   option, arg);
	return ns;
}

int plan_set_limit(struct plan *plan, const char *words, char **ret_error)
{
	const char *equal = strchrnul(words, '=');
	enum phase phase = phase_parse((struct text){ words, (size_t)(equal - words) });
	uint64_t limit;

	if (!*equal || phase == PHASE_NONE) {
		struct strbuf names = { 0 };

		for (enum phase p = PHASE_BOOT; p < PHASE_COUNT; p++)
			strbuf_addf(&names, "%s%s", names.n ? ", " : "", phase_name(p));
		*ret_error = xasprintf("'%s' is not PHASE=TIME; phases are %s", words,
				       names.s);
		strbuf_done(&names);
		return -EINVAL;
	}
	if (num_parse_duration(equal + 1, &limit) < 0 || !limit) {
		*ret_error = xasprintf("'%s' is not a time above 0, such as 90s or 2m",
				       equal + 1);
		return -EINVAL;
	}
	plan->limit_ns[phase] = limit;
	return 0;
}

json_t *plan_text(const char *s)
{
	char clean[1024];

	if (!s)
		return json_null();
	text_clean(clean, sizeof(clean), text_of(s));
	return json_string(clean);
}

static json_t *board_json(const struct board_options *board)
{
	/* Runs without it are from before there was such an option, too. */
	json_t *tap = board->tap ? plan_text(board->tap) : NULL;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o*, s:o, s:I, s:I}", "kernel",
			 plan_text(board->kernel), "initrd", plan_text(board->initrd),
			 "modules", plan_text(board->modules), "append",
			 plan_text(board->append), "nic", plan_text(board->nic), "tap",
			 tap, "suite", plan_text(board->suite), "smp",
			 (json_int_t)board->smp, "memory", (json_int_t)board->memory);
}

static json_t *load_json(const struct plan *plan)
{
	static const char *const families[] = {
		[FLOOD_V4] = "v4", [FLOOD_V6] = "v6", [FLOOD_BOTH] = "both"
	};

	_cleanup_strbuf_ struct strbuf words = { 0 };

	if (!plan->flood)
		return json_null();
	flood_spec_format(&plan->load, &words);
	return json_pack("{s:s, s:s, s:I, s:I}", "spec", words.s, "family",
			 families[plan->load.family], "rate", (json_int_t)plan->load.rate,
			 "size", (json_int_t)plan->load.size);
}

/* NULL: not text that a journal holds as it is. */
static json_t *exact(const char *s)
{
	size_t n = s ? strlen(s) : 0;
	_cleanup_free_ char *clean = xcalloc(3 * n + 1, 1);

	if (!s)
		return NULL;
	text_clean(clean, 3 * n + 1, (struct text){ s, n });
	return strcmp(clean, s) ? NULL : json_string(s);
}

/* A command line that cannot be told to the letter is not told at all. */
static void add_words(json_t *root, const struct plan *plan)
{
	json_t *words = json_array(), *directory = exact(plan->directory);
	size_t n = 0;

	while (n < plan->n_words &&
	       json_array_append_new(words, exact(plan->words[n])) == 0)
		n++;
	if (plan->words && n == plan->n_words && directory) {
		json_object_set(root, "words", words);
		json_object_set(root, "directory", directory);
	}
	json_decref(words);
	json_decref(directory);
}

int plan_words_from_json(const char *plan, char ***ret_words, char **ret_directory)
{
	json_t *root = json_loads(plan, 0, NULL);
	const char *directory = json_string_value(json_object_get(root, "directory"));
	json_t *words = json_object_get(root, "words");
	size_t n = json_array_size(words), bytes = 0;
	char **copy, *at;

	for (size_t i = 0; i < n; i++)
		bytes += json_string_length(json_array_get(words, i)) + 1;
	if (!json_is_array(words) || !directory) {
		json_decref(root);
		return -ENOENT;
	}
	copy = xcalloc((n + 1) * sizeof(*copy) + bytes, 1);
	at = (char *)(copy + n + 1);
	for (size_t i = 0; i < n; i++) {
		const char *word = json_string_value(json_array_get(words, i));

		copy[i] = at;
		at = stpcpy(at, word ? word : "") + 1;
	}
	*ret_words = copy;
	*ret_directory = xstrdup(directory);
	json_decref(root);
	return 0;
}

static bool is_nothing(const json_t *value)
{
	return !value || json_is_null(value) ||
	       (json_is_integer(value) && !json_integer_value(value));
}

/* The first key of one whose value is another one in other. */
static const char *differs(json_t *one, json_t *other)
{
	const char *key;
	json_t *value;

	json_object_foreach(one, key, value)
	{
		json_t *same = json_object_get(other, key);

		if (!json_equal(value, same) && !(is_nothing(value) && is_nothing(same)))
			return key;
	}
	return NULL;
}

char *plan_difference(const char *one, const char *other)
{
	json_t *a = json_loads(one, 0, NULL), *b = json_loads(other, 0, NULL);
	const char *key = differs(b, a);
	char *different;

	key = key ? key : differs(a, b);
	different = key ? xstrdup(key) : NULL;
	json_decref(a);
	json_decref(b);
	return different;
}

char *plan_to_json(const struct plan *plan)
{
	json_t *limits = json_object(), *root;
	char *text;

	for (enum phase p = PHASE_BOOT; p < PHASE_COUNT; p++)
		json_object_set_new(limits, phase_name(p),
				    json_integer((json_int_t)plan->limit_ns[p]));
	root = json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "scenario",
			 plan->scenario->name, "target", plan->target, "board",
			 board_json(&plan->board), "flood", load_json(plan), "cycles",
			 (json_int_t)plan->cycles, "for", (json_int_t)plan->for_ns,
			 "until_hit", (json_int_t)plan->until_hits, "settle",
			 (json_int_t)plan->settle_ns, "jitter",
			 (json_int_t)plan->jitter_ns, "limits", limits);
	if (plan->method)
		json_object_set_new(root, "method", json_string(plan->method->name));
	plan->scenario->plan_json(plan, root);
	add_words(root, plan);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		abort();
	return text;
}

/* -- in words ----------------------------------------------------------------------------- */

static void print_end(FILE *out, const struct plan *plan)
{
	char text[NUM_DURATION_MAX];

	fputs("ends:", out);
	if (plan->cycles)
		fprintf(out, " after %u cycles", plan->cycles);
	if (plan->for_ns)
		fprintf(out, " after %s", num_format_duration(text, plan->for_ns));
	if (plan->until_hits)
		fprintf(out, " after %u cycles with a finding", plan->until_hits);
	fputc('\n', out);
}

static void print_load(FILE *out, const struct plan *plan)
{
	_cleanup_strbuf_ struct strbuf words = { 0 };

	if (!plan->flood) {
		fputs("load: none (--flood)\n", out);
		return;
	}
	flood_spec_describe(&plan->load, &words);
	fprintf(out, "load: %s\n", words.s);
	strbuf_reset(&words);
	flood_spec_format(&plan->load, &words);
	fprintf(out, "      --flood=%s\n", words.s);
}

static void print_word(FILE *out, const char *name, const char *value)
{
	if (value)
		fprintf(out, " %s=%s", name, value);
}

static void print_board(FILE *out, const struct plan *plan)
{
	const struct board_options *board = &plan->board;

	fprintf(out, "target: %s", plan->target);
	print_word(out, "suite", board->suite);
	print_word(out, "kernel", board->kernel);
	print_word(out, "initrd", board->initrd);
	print_word(out, "modules", board->modules);
	print_word(out, "nic", board->nic);
	print_word(out, "tap", board->tap);
	if (board->smp)
		fprintf(out, " smp=%u", board->smp);
	if (board->memory)
		fprintf(out, " memory=%" PRIu64 "M", board->memory >> 20);
	print_word(out, "append", board->append);
	fputc('\n', out);
}

/* Each phase once, with what its last step waits for. */
static void print_steps(FILE *out, const struct plan *plan)
{
	const struct scenario *scenario = plan->scenario;
	char limit[NUM_DURATION_MAX];

	fputs("steps of a cycle:\n", out);
	for (size_t i = 0; i < scenario->n_steps; i++) {
		const struct step *step = &scenario->steps[i];

		if (!step->words)
			continue;
		num_format_duration(limit, plan->limit_ns[step->phase]);
		fprintf(out, "  %-11s until %s; at most %s\n", phase_name(step->phase),
			step->words, limit);
	}
}

static void print_devices(FILE *out, const struct plan *plan)
{
	fputs("devices:", out);
	for (size_t i = 0; i < plan->n_devices; i++)
		fprintf(out, " %s", plan->devices[i]);
	fputs(plan->n_devices ? "\n" : " the board's test device\n", out);
}

void run_print_plan(FILE *out, const struct plan *plan)
{
	const struct scenario *scenario = plan->scenario;

	fprintf(out, "scenario: %s, ", scenario->name);
	if (scenario->print_head)
		scenario->print_head(out, plan);
	else
		fprintf(out, "method %s (%s)\n", plan->method->name,
			plan->method->command ? plan->method->command :
						plan->method->help);
	print_board(out, plan);
	if (scenario->takes & SCENARIO_LOAD)
		print_load(out, plan);
	if (scenario->takes & SCENARIO_DEVICES)
		print_devices(out, plan);
	print_end(out, plan);
	scenario->print_rest(out, plan);
	fprintf(out, "run directory: %s\n",
		plan->run_dir ? plan->run_dir : "iommu-stress-runs/TIME-TARGET");
	print_steps(out, plan);
}
