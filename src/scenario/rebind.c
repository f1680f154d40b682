// SPDX-License-Identifier: GPL-2.0-or-later
/* A device loses its driver while it does DMA, and gets it back: in the order of a cycle. */
#include "base/log.h"
#include "base/num.h"
#include "board/target.h"
#include "common.h"
#include "device.h"
#include "scenario/table.h"
#include "traffic.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How the driver is taken away, in the words of the worker. */
static const struct method methods[] = {
	{ .name = "unbind",
	  .help = "the driver's sysfs files unbind and bind",
	  .means = "unbind" },
	{ .name = "remove",
	  .help = "the device's sysfs file remove, and a rescan",
	  .means = "remove" },
	{ .name = "module",
	  .help = "the driver's module is unloaded and loaded",
	  .means = "unbind" },
	{ 0 },
};

struct rebind_plan {
	const char *device; /* as the user named it; NULL: the board's network device */
};

/* What the worker tells at the end of a cycle. */
struct rebind_result {
	struct attempt attempt; /* seen: all of it was told, and undamaged */
	char uevents[16], net[16];
	bool gone;
};

#define RESULT(member, word, rule) \
	TABLE_MEMBER(struct rebind_result, member, NULL, word, rule)
static const struct table_member result_members[] = {
	RESULT(attempt.unplug, "unplug", TABLE_NEEDED),
	RESULT(attempt.unplug_ns, "unplug_ns", TABLE_NEEDED),
	RESULT(gone, "gone", TABLE_NEEDED),
	RESULT(attempt.back, "back", TABLE_NEEDED),
	RESULT(attempt.moved, "moved", TABLE_OPTIONAL),
	RESULT(attempt.back_ns, "back_ns", TABLE_NEEDED),
	RESULT(uevents, "uevents", TABLE_NEEDED),
	RESULT(net, "net", TABLE_NEEDED),
	RESULT(attempt.total_ns, "total_ns", TABLE_NEEDED),
	RESULT(attempt.where, "where", TABLE_OPTIONAL),
	{ 0 },
};

struct rebind {
	struct taken taken;
	char boot_id[40]; /* of the boot that its facts are of; "": there are none */

	struct {
		bool gone_told, told; /* by the worker */
		/* By the kernel's uevents, where they arrive. */
		bool gone_seen, back_seen;
		uint64_t back_ns; /* when the result came, 0: not yet */
		struct rebind_result result;
		char why[VERDICT_REASON_MAX]; /* why there is none, in the worker's words */
	} cycle;
};

static void done(void *own)
{
	taken_done(&((struct rebind *)own)->taken);
}

static struct rebind *rebind_of(const struct run *run)
{
	return run->own;
}

static bool is_ok(const char *word)
{
	return !strcmp(word, "ok");
}

/* -- the device ------------------------------------------------------------------------- */

static void begin(struct run *run)
{
	memset(&rebind_of(run)->cycle, 0, sizeof(rebind_of(run)->cycle));
	/* An interface's counters begin again with its driver: they would add up to nothing. */
	run->traffic.counters_asked = true;
}

/* Of this boot: another one may have other addresses and names. */
static bool has_facts(const struct run *run)
{
	const struct rebind *r = rebind_of(run);

	return r->boot_id[0] && !strcmp(r->boot_id, run->sight.boot_id);
}

static void ask_facts(struct run *run)
{
	if (!has_facts(run))
		device_ask_facts(run, &rebind_of(run)->taken);
}

static bool facts_told(const struct run *run)
{
	return device_facts_told(&rebind_of(run)->taken);
}

static void choose(struct run *run)
{
	struct rebind *r = rebind_of(run);
	struct taken *taken = &r->taken;
	const struct rebind_plan *plan = run->plan->own;
	const struct method *method = run->plan->method;
	const struct means *means = means_find(means_methods, method->means);

	if (has_facts(run) ||
	    !device_take_one(run, taken, plan->device, means, method->name))
		return;
	/* What is recorded already is how it was before the first cycle. */
	if (!taken->undo_recorded) {
		struct device_undo *undo;

		device_forget_undo(taken);
		undo = device_add_undo(taken, taken->device, method->means);
		if (!strcmp(method->name, "module"))
			strbuf_addf(&undo->words, " module=%s",
				    taken_device(taken)->driver);
	}
	if (!device_words_are_plain(run, taken->undo->words.s))
		return;
	device_record(run, taken_device(taken));
	text_copy(r->boot_id, sizeof(r->boot_id), text_of(run->sight.boot_id));
}

/* -- driver gone, and back ---------------------------------------------------------------- */

static void take_driver(struct run *run)
{
	struct taken *taken = &rebind_of(run)->taken;
	const uint64_t *limit_ns = run->plan->limit_ns;
	/* Of each of the worker's two halves: rather its word than our limit. */
	uint64_t half_ms = (limit_ns[PHASE_UNPLUG] < limit_ns[PHASE_BACK] ?
				    limit_ns[PHASE_UNPLUG] :
				    limit_ns[PHASE_BACK]) /
			   2 / NS_PER_MSEC;
	_cleanup_free_ char *words = xasprintf(
		"rebind device=%s method=%s cycle=%" PRIu64 " limit_ms=%" PRIu64,
		taken_device(taken)->bdf, run->plan->method->name,
		run_ticket(run, run->cycle.cycle), half_ms ?: 1);

	/* On disk before anything is changed. */
	device_record_undo(run, taken);
	if (run_sync(run) < 0)
		return;
	traffic_mark(run);
	shell_worker(run, words);
}

static bool driver_gone(const struct run *run)
{
	return rebind_of(run)->cycle.gone_told || rebind_of(run)->cycle.told;
}

static bool result_told(const struct run *run)
{
	return rebind_of(run)->cycle.told;
}

/* Where the target's kernel reports by itself, the worker is not believed without it. */
static bool uevents_agree(const struct run *run)
{
	const struct rebind *r = rebind_of(run);

	return !(run->rig.target->parts & TARGET_UEVENTS) ||
	       (r->cycle.gone_seen && r->cycle.back_seen);
}

/* After what was told nothing more comes of this device. */
static bool is_over(const struct rebind *r)
{
	const struct rebind_result *result = &r->cycle.result;

	return r->cycle.why[0] || (result->attempt.seen &&
				   (!is_ok(result->attempt.unplug) ||
				    !is_ok(result->attempt.back) || !is_ok(result->net)));
}

static void up(struct run *run)
{
	run_release(run);
	traffic_up(run);
	run->clock.wake_ns = rebind_of(run)->cycle.back_ns + DEVICE_UEVENTS_NS;
}

static bool replies_back(const struct run *run)
{
	const struct rebind *r = rebind_of(run);
	uint64_t back_ns = r->cycle.back_ns;

	if (is_over(r))
		return true;
	if (!uevents_agree(run) && loop_now_ns() < back_ns + DEVICE_UEVENTS_NS)
		return false;
	return !run->plan->flood || run->traffic.sample.last_reply_ns > back_ns;
}

/* clang-format off */
static const struct step steps[] = {
	/* phase        act              go on when      in words */
	{ PHASE_BOOT,   begin,           run_shell_up,   "the shell answers on the console" },
	{ PHASE_BIND,   ask_facts,       facts_told,     NULL },
	{ PHASE_BIND,   choose,          has_facts,      "guards let the device go" },
	{ PHASE_SETTLE, settle_begin,    settle_nearly,  NULL },
	{ PHASE_SETTLE, settle_end,      settle_over,    "the settle time is over" },
	{ PHASE_FLOOD,  traffic_on,      traffic_holds,  NULL },
	{ PHASE_FLOOD,  traffic_confirm, traffic_steady, "replies are steady" },
	{ PHASE_UNPLUG, traffic_surge,   traffic_surged, NULL },
	{ PHASE_UNPLUG, take_driver,     driver_gone,    "the driver has gone" },
	{ PHASE_BACK,   NULL,            result_told,    "the driver is back, and the interface" },
	{ PHASE_UP,     up,              replies_back,   "replies are back" },
};
/* clang-format on */

/* -- what the worker says ------------------------------------------------------------------ */

/* Before anything was changed the target cannot do it; later it is what came of the cycle. */
static void on_error(struct run *run, struct text words, struct text why)
{
	struct rebind *r = rebind_of(run);

	text_value(words, "why", &why);
	if (!run->sight.acted) {
		text_clean(run->sight.refused, sizeof(run->sight.refused), why);
		return;
	}
	text_clean(r->cycle.why, sizeof(r->cycle.why), why);
	r->cycle.told = true;
}

/* One that lost characters is none: the cycle has no proof then. */
static void on_back(struct run *run, struct text words)
{
	struct rebind *r = rebind_of(run);
	struct rebind_result *result = &r->cycle.result;

	if (text_ends(text_trim(words), TEXT("gone=1"))) {
		r->cycle.gone_told = true;
	} else if (!r->cycle.told) {
		r->cycle.told = true;
		r->cycle.back_ns = loop_now_ns();
		result->attempt.seen = table_parse(words, result_members, result);
	}
}

static bool on_marker(struct run *run, const struct console_line *line)
{
	struct text word, phase = TEXT_NONE;

	text_value(line->marker, "phase", &phase);
	if (device_take_fact(&rebind_of(run)->taken, line->marker))
		return true;
	if (text_value(line->marker, "error", &word)) {
		on_error(run, line->marker, word);
	} else if (text_equal(phase, TEXT("unplug"))) {
		if (!observe_is_of_cycle(run, line))
			return true;
		if (!run->sight.trigger_seen_ns)
			run->sight.trigger_seen_ns = loop_now_ns();
		run->sight.acted = true;
	} else if (text_equal(phase, TEXT("back"))) {
		if (observe_is_of_cycle(run, line))
			on_back(run, line->marker);
	} else {
		return traffic_on_marker(run, line);
	}
	return true;
}

static void on_uevent(struct run *run, const char *action, const char *bdf)
{
	struct rebind *r = rebind_of(run);

	if (!has_facts(run) || strcmp(bdf, taken_device(&r->taken)->bdf) != 0)
		return;
	r->cycle.gone_seen |= !strcmp(action, "unbind") || !strcmp(action, "remove");
	r->cycle.back_seen |= r->cycle.gone_seen && !strcmp(action, "bind");
}

/* -- judging --------------------------------------------------------------------------------- */

/* Is the device as it was, in the eyes of the worker? */
static bool prove_device(struct run *run)
{
	const struct rebind_result *result = &rebind_of(run)->cycle.result;
	const struct attempt *a = &result->attempt;
	struct cycle_facts *facts = &run->cycle;
	bool gone = a->seen && result->gone && is_ok(a->unplug);
	bool back = gone && is_ok(a->back), network = a->seen && is_ok(result->net);

	facts_prove(facts, gone, PHASE_UNPLUG, "the driver went",
		    "the driver was not seen to go");
	facts_prove(facts, back, PHASE_BACK, "it is back",
		    "the driver was not seen to be back");
	facts_prove(facts, a->seen && is_ok(result->uevents) && uevents_agree(run),
		    PHASE_BACK, "the kernel's uevents say so, too",
		    "the kernel did not tell that it went and came");
	facts_prove(facts, network, PHASE_BACK, "its network is as before",
		    "the interface did not get its name and addresses again");
	/* The rules of an attempt to unplug judge a device that is stuck or gone. */
	if (facts->early_banners || (a->seen && (!is_ok(a->unplug) || !is_ok(a->back))))
		facts->attempt = a;
	return back && network;
}

/* The shell and the steady load from before the driver went are proven by the steps. */
static void prove(struct run *run)
{
	struct rebind *r = rebind_of(run);
	struct cycle_facts *facts = &run->cycle;
	uint64_t begin_ns = run->sight.trigger_seen_ns, back_ns = r->cycle.back_ns;
	bool load = run->plan->flood;

	/* What is as it was needs no undoing, until the next cycle. */
	if (prove_device(run) && r->taken.undo_recorded) {
		device_record_done(run, r->taken.undo);
		r->taken.undo_recorded = false;
	}
	facts_prove(facts,
		    !load || (back_ns && run->traffic.sample.last_reply_ns > back_ns),
		    PHASE_UP, load ? "replies after" : NULL,
		    "no reply to the load since the driver is back");
	facts->passed = load ? "driver gone and back, interface as before, load answered "
			       "before and after" :
			       "driver gone and back, interface as before";
	if (begin_ns && back_ns > begin_ns)
		run->times.down = back_ns - begin_ns;
	if (r->cycle.why[0])
		memcpy(facts->invalid, r->cycle.why, sizeof(r->cycle.why));
	run->sight.spoiled = is_over(r);
}

static void put_back(struct run *run)
{
	if (rebind_of(run)->taken.undo_recorded && run->sight.acted)
		device_tell_restore(run);
}

/* -- options ----------------------------------------------------------------------------- */

#define KEY_DEVICE 0x700

static const struct argp_option options[] = {
	{ "device-name", KEY_DEVICE, "DEVICE", 0,
	  "whose driver: a PCI address, vendor:device or a network interface (default the "
	  "virtual board's network device)",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct plan *plan = state->input;
	struct rebind_plan *own = plan->own;

	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = plan;
	else if (key == KEY_DEVICE)
		own->device = arg;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static int check(struct plan *plan)
{
	const struct rebind_plan *own = plan->own;

	/* Of a target without a network it is not known which device would be it. */
	if (!own->device && !(target_parts(plan->target) & TARGET_WIRE)) {
		log_error("which device? --device-name=DEVICE; `iommu-stress list -t %s` "
			  "shows them",
			  plan->target);
		return -EINVAL;
	}
	return 0;
}

static void to_json(const struct plan *plan, json_t *root)
{
	const struct rebind_plan *own = plan->own;

	json_object_set_new(root, "device", plan_text(own->device));
	json_object_set_new(root, "allowed", json_integer((json_int_t)plan->allowed));
}

static void print_rest(FILE *out, const struct plan *plan)
{
	const struct rebind_plan *own = plan->own;

	fprintf(out, "device: %s\n",
		own->device ? own->device : "the board's network device");
	settle_print(out, plan);
}

const struct scenario scenario_rebind = {
	.name = "rebind",
	.help = "take the driver away from a device under load, in a loop",
	.doc = "Takes the driver away from a device that does DMA and gives it back, again "
	       "and again, and says what happened.",
	.target = "virt:arm64",
	.cycles = 10,
	.settle_ns = SETTLE_DEFAULT_NS,
	.takes = SCENARIO_LOAD | SCENARIO_WORKER | SCENARIO_GUARDS,
	.methods = methods,
	.methods_help = "how the driver is taken away",
	.options = &(const struct argp){ .options = options,
					 .parser = parse,
					 .children = common_options },
	.help_tables = common_help_tables,
	.plan_size = sizeof(struct rebind_plan),
	.plan_check = check,
	.plan_json = to_json,
	.print_rest = print_rest,
	.steps = steps,
	.n_steps = ARRAY_SIZE(steps),
	.own_size = sizeof(struct rebind),
	.done = done,
	.prove = prove,
	.put_back = put_back,
	.on_marker = on_marker,
	.on_uevent = on_uevent,
	.recall = settle_recall,
};
