// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/plan.h"

#include "base/num.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct reboot_method methods[] = {
	{ .name = "reboot",
	  .help = "reboot -f: device shutdown methods, then reset",
	  .command = "reboot -f" },
	{ .name = "sysrq",
	  .help = "sysrq b: reset at once, no shutdown methods",
	  .command = "echo b >/proc/sysrq-trigger" },
	{ .name = "kexec",
	  .help = "kexec -e: device shutdown methods, then a new kernel without firmware",
	  .command = "kexec -e",
	  .needs_kexec = true },
	{ .name = "poweroff",
	  .help = "poweroff -f: device shutdown methods, power off, power on again",
	  .command = "poweroff -f",
	  .powers_off = true },
};

const struct reboot_method *reboot_method_at(unsigned int index)
{
	return index < ARRAY_SIZE(methods) ? &methods[index] : NULL;
}

const struct reboot_method *reboot_method_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (!strcmp(methods[i].name, name))
			return &methods[i];
	return NULL;
}

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

void plan_init_reboot(struct plan *plan)
{
	*plan = (struct plan){
		.scenario = "reboot",
		.target = "virt:arm64",
		.load = FLOOD_SPEC_DEFAULT,
		.method = &methods[0],
		.cycles = 10,
		.settle_ns = 200 * NS_PER_MSEC,
		.seed = 1,
		.baud = 115200,
	};
	memcpy(plan->limit_ns, default_limits, sizeof(default_limits));
}

void plan_init_unplug(struct plan *plan)
{
	*plan = (struct plan){
		.scenario = "unplug",
		.target = "virt:amd64",
		.unplug = { .holder = means_holder_at(0),
			    .release = "request",
			    .blocked_ns = 2 * NS_PER_SEC,
			    .batch = 8 },
		.cycles = 100,
		.seed = 1,
	};
	memcpy(plan->limit_ns, default_limits, sizeof(default_limits));
}

bool plan_is_unplug(const struct plan *plan)
{
	return !strcmp(plan->scenario, "unplug");
}

int plan_set_limit(struct plan *plan, const char *words, char **ret_error)
{
	const char *equal = strchrnul(words, '=');
	enum phase phase = phase_parse((struct text){ words, (size_t)(equal - words) });
	uint64_t limit;

	if (!*equal || phase == PHASE_NONE) {
		*ret_error = xasprintf(
			"'%s' is not PHASE=TIME; phases are boot, settle, flood, "
			"trigger, shutdown, firmware, early-boot, up, bind, unplug, back",
			words);
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

static json_t *optional(const char *s)
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
	json_t *tap = board->tap ? optional(board->tap) : NULL;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o*, s:o, s:I, s:I}", "kernel",
			 optional(board->kernel), "initrd", optional(board->initrd),
			 "modules", optional(board->modules), "append",
			 optional(board->append), "nic", optional(board->nic), "tap", tap,
			 "suite", optional(board->suite), "smp", (json_int_t)board->smp,
			 "memory", (json_int_t)board->memory);
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

static json_t *unplug_json(const struct plan *plan)
{
	static const char *const sweeps[] = {
		[UNPLUG_AUTO] = "auto", [UNPLUG_WITHIN] = "within", [UNPLUG_EVENLY] = "evenly"
	};
	const struct unplug_plan *u = &plan->unplug;
	json_t *devices = json_array();

	if (!plan_is_unplug(plan)) {
		json_decref(devices);
		return json_null();
	}
	for (size_t i = 0; i < u->n_devices; i++)
		json_array_append_new(devices, optional(u->devices[i]));
	return json_pack(
		"{s:o, s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:b, s:b, s:I, s:I, s:I}",
		"devices", devices, "holder", u->holder->name, "release", u->release,
		"method", optional(u->method ? u->method->name : NULL), "sweep",
		sweeps[u->sweep], "from_ns", (json_int_t)u->window.from_ns, "to_ns",
		(json_int_t)u->window.to_ns, "step_ns", (json_int_t)u->step_ns, "churn",
		u->churn, "restore", u->restore, "blocked_ns", (json_int_t)u->blocked_ns,
		"batch", (json_int_t)u->batch, "allowed", (json_int_t)u->allowed);
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

char *plan_difference(const char *one, const char *other)
{
	json_t *a = json_loads(one, 0, NULL), *b = json_loads(other, 0, NULL), *value;
	char *different = NULL;
	const char *key;

	json_object_foreach(b, key, value)
	{
		if (!different && !json_equal(value, json_object_get(a, key)))
			different = xstrdup(key);
	}
	json_object_foreach(a, key, value)
	{
		if (!different && !json_object_get(b, key))
			different = xstrdup(key);
	}
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
	root = json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
		"scenario", plan->scenario, "target", plan->target, "board",
		board_json(&plan->board), "flood", load_json(plan), "method",
		optional(plan->method ? plan->method->name : NULL), "unplug",
		unplug_json(plan), "cycles", (json_int_t)plan->cycles, "for",
		(json_int_t)plan->for_ns, "until_hit", (json_int_t)plan->until_hits,
		"settle", (json_int_t)plan->settle_ns, "jitter",
		(json_int_t)plan->jitter_ns, "baud", (json_int_t)plan->baud, "limits",
		limits);
	add_words(root, plan);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		abort();
	return text;
}
