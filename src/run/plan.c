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

int plan_set_limit(struct plan *plan, const char *words, char **ret_error)
{
	const char *equal = strchrnul(words, '=');
	enum phase phase = phase_parse((struct text){ words, (size_t)(equal - words) });
	uint64_t limit;

	if (!*equal || phase == PHASE_NONE) {
		*ret_error = xasprintf(
			"'%s' is not PHASE=TIME; phases are boot, settle, flood, "
			"trigger, shutdown, firmware, early-boot, up",
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
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "kernel",
			 optional(board->kernel), "initrd", optional(board->initrd),
			 "modules", optional(board->modules), "append",
			 optional(board->append), "nic", optional(board->nic), "suite",
			 optional(board->suite), "smp", (json_int_t)board->smp, "memory",
			 (json_int_t)board->memory);
}

static json_t *load_json(const struct plan *plan)
{
	static const char *const families[] = {
		[FLOOD_V4] = "v4", [FLOOD_V6] = "v6", [FLOOD_BOTH] = "both"
	};

	if (!plan->flood)
		return json_null();
	return json_pack("{s:s, s:I, s:I}", "family", families[plan->load.family], "rate",
			 (json_int_t)plan->load.rate, "size",
			 (json_int_t)plan->load.size);
}

char *plan_to_json(const struct plan *plan)
{
	json_t *limits = json_object(), *root;
	char *text;

	for (enum phase p = PHASE_BOOT; p < PHASE_COUNT; p++)
		json_object_set_new(limits, phase_name(p),
				    json_integer((json_int_t)plan->limit_ns[p]));
	root = json_pack("{s:s, s:s, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
			 "scenario", plan->scenario, "target", plan->target, "board",
			 board_json(&plan->board), "flood", load_json(plan), "method",
			 plan->method->name, "cycles", (json_int_t)plan->cycles, "for",
			 (json_int_t)plan->for_ns, "until_hit",
			 (json_int_t)plan->until_hits, "settle",
			 (json_int_t)plan->settle_ns, "jitter",
			 (json_int_t)plan->jitter_ns, "baud", (json_int_t)plan->baud,
			 "limits", limits);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		abort();
	return text;
}
