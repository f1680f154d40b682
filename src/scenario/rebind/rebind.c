// SPDX-License-Identifier: GPL-2.0-or-later
/* A device loses its driver while it does DMA, and gets it back: in the order of a cycle. */
#include "rebind.h"

#include "base/log.h"
#include "base/num.h"
#include "device/means.h"
#include "scenario/counters.h"
#include "scenario/device.h"
#include "scenario/settle.h"
#include "scenario/table.h"
#include "scenario/traffic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By which uevents may be later than the worker's result. */
#define UEVENTS_NS (2 * NS_PER_SEC)

static const struct rebind_plan *plan_of(const struct run *run)
{
	return run->plan->own;
}

#define RESULT(member, rule) \
	TABLE_MEMBER(struct rebind_result, member, NULL, #member, rule)
static const struct table_member result_members[] = {
	RESULT(unplug, TABLE_NEEDED),
	RESULT(unplug_ns, TABLE_NEEDED),
	RESULT(gone, TABLE_NEEDED),
	RESULT(back, TABLE_NEEDED),
	RESULT(moved, TABLE_OPTIONAL),
	RESULT(back_ns, TABLE_NEEDED),
	RESULT(uevents, TABLE_NEEDED),
	RESULT(net, TABLE_NEEDED),
	RESULT(total_ns, TABLE_NEEDED),
	RESULT(where, TABLE_OPTIONAL),
	{ 0 },
};

struct rebind {
	struct facts facts;
	char boot_id[40]; /* of the boot that they are of; "": there are none */
	size_t device;    /* index in facts */
	struct device_undo undo;
	bool undo_recorded;

	/* Of this cycle. */
	struct rebind_proofs seen;
	bool begun, gone_told, told; /* by the worker */
	bool gone_seen, back_seen;   /* by the kernel's uevents, where they arrive */
	uint64_t back_ns;            /* when its result came, 0: not yet */
	struct rebind_result result;
	bool whole;                   /* the result is */
	char why[VERDICT_REASON_MAX]; /* why there is none, in the worker's words */
	struct attempt attempt;
};

static struct rebind *rebind_of(const struct run *run)
{
	return run->own;
}

static void *rebind_new(const struct plan *plan)
{
	struct rebind *r = xcalloc(1, sizeof(*r));

	r->seen.wants_load = plan->flood;
	return r;
}

static void rebind_free(void *own)
{
	struct rebind *r = own;

	strbuf_done(&r->undo.words);
	facts_done(&r->facts);
	free(r);
}

/* -- the device ------------------------------------------------------------------------- */

/* Of this boot: another one may have other addresses and names. */
static bool has_facts(const struct run *run)
{
	const struct rebind *r = rebind_of(run);

	return r->boot_id[0] && !strcmp(r->boot_id, run->sight.boot_id);
}

static void ask_facts(struct run *run)
{
	struct rebind *r = rebind_of(run);

	if (has_facts(run))
		return;
	facts_done(&r->facts);
	r->facts = (struct facts){ 0 };
	device_ask_facts(run);
}

static bool facts_told(const struct run *run)
{
	return rebind_of(run)->facts.complete || rebind_of(run)->facts.damaged;
}

/* The one that was named, or that has the board's network interface. */
static bool find_device(struct run *run, struct facts_chosen *chosen)
{
	const uint8_t *mac = run->rig.target->wire.mac;
	const char *word = plan_of(run)->device;
	struct facts *facts = &rebind_of(run)->facts;
	char address[24];

	snprintf(address, sizeof(address), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
	if (word && !device_choose(run, facts, &word, 1, chosen))
		return false;
	for (size_t i = 0; !word && i < facts->n_devices; i++)
		if (facts_list_has(facts->devices[i].mac, address))
			facts_chosen_add(chosen, i);
	if (chosen->n == 1)
		return true;
	if (word)
		device_refuse(run, "%s is several devices: name one", word);
	else
		device_refuse(run,
			      "no PCI device has the address %s: name one with "
			      "--device-name=DEVICE",
			      address);
	return false;
}

static bool has_means(struct run *run, const struct device_facts *device,
		      const struct means *means)
{
	_cleanup_free_ char *lacks = means->lacks(&rebind_of(run)->facts, device);

	if (!lacks && !device->driver[0])
		lacks = xstrdup("no driver is bound");
	if (lacks)
		device_refuse(run, "%s cannot be used with %s: %s", device->bdf,
			      plan_of(run)->method->name, lacks);
	return !lacks;
}

static void make_undo(struct rebind *r, const struct rebind_method *method,
		      const struct device_facts *device)
{
	if (r->undo_recorded)
		return;
	strbuf_reset(&r->undo.words);
	device_undo_words(&r->undo.words, &r->facts, device, method->means);
	if (!strcmp(method->name, "module"))
		strbuf_addf(&r->undo.words, " module=%s", device->driver);
}

static void use_device(struct run *run, const struct facts_chosen *chosen)
{
	struct rebind *r = rebind_of(run);
	const struct device_facts *device = &r->facts.devices[chosen->devices[0]];
	const struct rebind_method *method = plan_of(run)->method;
	const struct means *means = means_method_find(method->means);
	const struct guard_request request = { .facts = &r->facts,
					       .named = chosen,
					       .reach = means->reach,
					       .allowed = run->plan->allowed };
	struct guard_result guard = { 0 };

	r->device = chosen->devices[0];
	if (!has_means(run, device, means))
		return;
	guard_check(&request, &guard);
	if (device_guards_pass(run, &guard)) {
		make_undo(r, method, device);
		if (device_words_are_plain(run, r->undo.words.s))
			device_record(run, device);
	}
	guard_result_done(&guard);
}

static void choose(struct run *run)
{
	struct rebind *r = rebind_of(run);
	struct facts_chosen chosen = { 0 };

	if (has_facts(run))
		return;
	run->sight.unsure = r->facts.damaged;
	if (r->facts.damaged)
		device_refuse(run, "what the target told of its devices was damaged on "
				   "its way");
	else if (find_device(run, &chosen))
		use_device(run, &chosen);
	if (!run->sight.refused[0])
		text_copy(r->boot_id, sizeof(r->boot_id), text_of(run->sight.boot_id));
	facts_chosen_done(&chosen);
}

static bool chosen(const struct run *run)
{
	return has_facts(run);
}

/* -- driver gone, and back ---------------------------------------------------------------- */

static void arm(struct run *run)
{
	struct rebind *r = rebind_of(run);

	r->seen.shell_before = run->sight.shell;
	r->seen.load_before = traffic_steady(run);
	traffic_surge(run);
}

/* Of each of the worker's two halves: rather its word than our limit. */
static uint64_t worker_limit_ms(const struct plan *plan)
{
	uint64_t limit = plan->limit_ns[PHASE_UNPLUG];

	if (plan->limit_ns[PHASE_BACK] < limit)
		limit = plan->limit_ns[PHASE_BACK];
	return limit / 2 / NS_PER_MSEC ? limit / 2 / NS_PER_MSEC : 1;
}

static void take_driver(struct run *run)
{
	struct rebind *r = rebind_of(run);
	_cleanup_free_ char *words =
		xasprintf("rebind device=%s method=%s cycle=%u limit_ms=%" PRIu64,
			  r->facts.devices[r->device].bdf, plan_of(run)->method->name,
			  run->cycle.cycle, worker_limit_ms(run->plan));

	/* On disk before anything is changed. */
	if (!r->undo_recorded)
		device_record_undo(run, &r->undo, false);
	r->undo_recorded = true;
	if (run_sync(run) < 0)
		return;
	traffic_mark(run);
	shell_worker(run, words);
}

static bool driver_gone(const struct run *run)
{
	return rebind_of(run)->gone_told || rebind_of(run)->told;
}

static bool result_told(const struct run *run)
{
	return rebind_of(run)->told;
}

/* Where the target's kernel reports by itself, the worker is not believed without it. */
static bool uevents_agree(const struct run *run)
{
	const struct rebind *r = rebind_of(run);

	return !(run->rig.target->parts & TARGET_UEVENTS) ||
	       (r->gone_seen && r->back_seen);
}

/* After what was told nothing more comes of this device. */
static bool is_over(const struct rebind *r)
{
	return r->why[0] || (r->whole && (strcmp(r->result.unplug, "ok") != 0 ||
					  strcmp(r->result.back, "ok") != 0 ||
					  strcmp(r->result.net, "ok") != 0));
}

static void up(struct run *run)
{
	run_release(run);
	traffic_up(run);
	run->clock.wake_ns = rebind_of(run)->back_ns + UEVENTS_NS;
}

static bool replies_back(const struct run *run)
{
	const struct rebind *r = rebind_of(run);

	if (is_over(r))
		return true;
	/* They come another way than the worker's words, and may be behind them. */
	if (!uevents_agree(run) && loop_now_ns() < r->back_ns + UEVENTS_NS)
		return false;
	return !run->plan->flood || run->traffic.sample.last_reply_ns > r->back_ns;
}

/* clang-format off */
static const struct step steps[] = {
	/* phase        act              go on when      in words */
	{ PHASE_BOOT,   NULL,            run_shell_up,   "the shell answers on the console" },
	{ PHASE_BIND,   ask_facts,       facts_told,     NULL },
	{ PHASE_BIND,   choose,          chosen,         "guards let the device go" },
	{ PHASE_SETTLE, settle_begin,    settle_nearly,  NULL },
	{ PHASE_SETTLE, settle_end,      settle_over,    "the settle time is over" },
	{ PHASE_FLOOD,  traffic_on,      traffic_holds,  NULL },
	{ PHASE_FLOOD,  traffic_confirm, traffic_steady, "replies are steady" },
	{ PHASE_UNPLUG, arm,             traffic_surged, NULL },
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
	text_clean(r->why, sizeof(r->why), why);
	r->told = true;
}

static void on_begin(struct run *run)
{
	struct rebind *r = rebind_of(run);

	if (!r->begun)
		run->sight.trigger_seen_ns = loop_now_ns();
	r->begun = run->sight.acted = true;
}

/* One that lost characters is none: the cycle has no proof then. */
static void on_back(struct run *run, struct text words)
{
	static const struct text gone = TEXT("gone=1");
	struct rebind *r = rebind_of(run);
	struct text end = text_trim(words);

	if (end.n >= gone.n && text_equal(text_from(end, end.n - gone.n), gone)) {
		r->gone_told = true;
		return;
	}
	if (r->told)
		return;
	r->told = true;
	r->back_ns = loop_now_ns();
	r->whole = table_parse(words, result_members, &r->result);
}

static bool on_marker(struct run *run, const struct console_line *line)
{
	struct text word, cycle = TEXT_NONE, phase = TEXT_NONE;
	char number[16];

	snprintf(number, sizeof(number), "%u", run->cycle.cycle);
	text_value(line->marker, "cycle", &cycle);
	text_value(line->marker, "phase", &phase);
	if (text_value(line->marker, "fact", &word)) {
		/* What is damaged makes the facts incomplete for ever. */
		(void)!facts_add(&rebind_of(run)->facts, line->marker);
	} else if (text_value(line->marker, "error", &word)) {
		on_error(run, line->marker, word);
	} else if (text_equal(phase, TEXT("unplug"))) {
		if (text_equal(cycle, text_of(number)))
			on_begin(run);
	} else if (text_equal(phase, TEXT("back"))) {
		if (text_equal(cycle, text_of(number)))
			on_back(run, line->marker);
	} else {
		return counters_on_marker(run, line);
	}
	return true;
}

static void on_uevent(struct run *run, const char *action, const char *bdf)
{
	struct rebind *r = rebind_of(run);

	if (!has_facts(run) || strcmp(bdf, r->facts.devices[r->device].bdf) != 0)
		return;
	r->gone_seen |= !strcmp(action, "unbind") || !strcmp(action, "remove");
	r->back_seen |= r->gone_seen && !strcmp(action, "bind");
}

/* -- judging --------------------------------------------------------------------------------- */

/* Those of an attempt to unplug judge a device that is stuck or gone. */
static void note_attempt(struct run *run)
{
	struct rebind *r = rebind_of(run);
	const struct rebind_result *result = &r->result;
	struct attempt *a = &r->attempt;

	*a = (struct attempt){ .seen = r->whole,
			       .unplug_ns = result->unplug_ns,
			       .back_ns = result->back_ns,
			       .total_ns = result->total_ns };
	memcpy(a->unplug, result->unplug, sizeof(a->unplug));
	memcpy(a->back, result->back, sizeof(a->back));
	memcpy(a->moved, result->moved, sizeof(a->moved));
	memcpy(a->where, result->where, sizeof(a->where));
	if (run->cycle.early_banners ||
	    (a->seen && (strcmp(a->unplug, "ok") != 0 || strcmp(a->back, "ok") != 0)))
		run->cycle.attempt = a;
}

static void note_times(struct run *run)
{
	const struct rebind *r = rebind_of(run);
	const uint64_t *phase_ns = run->clock.phase_ns;
	uint64_t begin = run->sight.trigger_seen_ns;

	run->times.settle = phase_ns[PHASE_SETTLE];
	run->times.confirm = phase_ns[PHASE_FLOOD] + phase_ns[PHASE_UP];
	run->times.boot = phase_ns[PHASE_BOOT];
	if (begin && r->back_ns > begin)
		run->times.down = r->back_ns - begin;
}

static void prove(struct run *run)
{
	struct rebind *r = rebind_of(run);
	struct rebind_proofs *seen = &r->seen;
	const struct rebind_result *result = &r->result;

	seen->gone = r->whole && result->gone && !strcmp(result->unplug, "ok");
	seen->back = seen->gone && !strcmp(result->back, "ok");
	seen->events = r->whole && !strcmp(result->uevents, "ok") && uevents_agree(run);
	seen->network = r->whole && !strcmp(result->net, "ok");
	seen->load_after = r->back_ns && run->traffic.sample.last_reply_ns > r->back_ns;
	rebind_prove(seen, &run->cycle);
	note_attempt(run);
	note_times(run);
	if (r->why[0])
		memcpy(run->cycle.invalid, r->why, sizeof(r->why));
	run->sight.spoiled = is_over(r);
	/* What is as it was needs no undoing, until the next cycle. */
	if (r->undo_recorded && seen->back && seen->network)
		device_record_undo(run, &r->undo, true);
	r->undo_recorded = r->undo_recorded && !r->undo.done;
	*seen = (struct rebind_proofs){ .wants_load = seen->wants_load };
	r->begun = r->gone_told = r->told = r->whole = false;
	r->gone_seen = r->back_seen = false;
	r->why[0] = '\0';
	r->back_ns = 0;
	r->result = (struct rebind_result){ 0 };
}

/* -- after ----------------------------------------------------------------------------------- */

static void put_back(struct run *run, enum run_end end)
{
	(void)end;
	if (rebind_of(run)->undo_recorded && run->sight.acted &&
	    run->rig.target->parts & TARGET_KEPT)
		log_warning("`iommu-stress restore %s` puts back what was changed",
			    journal_dir(run->recorder.journal));
}

static void words(const struct run *run, char *buffer, size_t size)
{
	snprintf(buffer, size, "method %s", plan_of(run)->method->name);
}

const struct scenario scenario_rebind = {
	.name = "rebind",
	.help = "take the driver away from a device under load, in a loop",
	.doc = "Takes the driver away from a device that does DMA and gives it back, again "
	       "and again, and says what happened.",
	.target = "virt:arm64",
	.cycles = 10,
	.takes = SCENARIO_LOAD | SCENARIO_WORKER | SCENARIO_GUARDS,
	.options = &rebind_options,
	.help_filter = rebind_help_filter,
	.plan_size = sizeof(struct rebind_plan),
	.plan_init = rebind_plan_init,
	.plan_check = rebind_plan_check,
	.plan_json = rebind_plan_json,
	.print_head = rebind_print_head,
	.print_rest = rebind_print_rest,
	.steps = steps,
	.n_steps = ARRAY_SIZE(steps),
	.new = rebind_new,
	.free = rebind_free,
	.prove = prove,
	.put_back = put_back,
	.on_marker = on_marker,
	.on_uevent = on_uevent,
	.recall = settle_recall,
	.words = words,
};
