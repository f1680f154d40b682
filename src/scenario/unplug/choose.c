// SPDX-License-Identifier: GPL-2.0-or-later
/* From facts about the target to the device, the reasons to leave it alone, the race. */
#include "unplug.h"

#include "base/log.h"
#include "base/num.h"
#include "board/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void _printf_(2, 3) refuse(struct run *run, const char *format, ...)
{
	_cleanup_free_ char *words = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&words, format, args) < 0)
		words = NULL;
	va_end(args);
	text_clean(run->sight.refused, sizeof(run->sight.refused),
		   text_of(words ? words : format));
}

/* Of a group all but its bridges, which keep their driver; a bridge alone stays. */
static int choose(const struct facts *facts, const char *word,
		  struct facts_chosen *chosen, char **why)
{
	struct facts_chosen found = { 0 };
	bool is_group = !strncmp(word, "group:", 6);
	int r = facts_choose(facts, word, &found, why);

	for (size_t i = 0; is_group && i < found.n; i++)
		if (!facts->devices[found.devices[i]].is_bridge)
			facts_chosen_add(chosen, found.devices[i]);
	for (size_t i = 0; (!is_group || !chosen->n) && i < found.n; i++)
		facts_chosen_add(chosen, found.devices[i]);
	facts_chosen_done(&found);
	return r;
}

/* The devices that were named, or the board's own test device. */
static bool choose_devices(struct run *run, struct facts_chosen *chosen)
{
	const struct plan *plan = run->plan;
	const struct facts *facts = &unplug_of(run)->facts;
	const char *own = run->rig.target->test_device;
	_cleanup_free_ char *why = NULL;

	if (!plan->n_devices && !own) {
		refuse(run, "which device? `iommu-stress list -t %s` shows them",
		       run->plan->target);
		return false;
	}
	for (size_t i = 0; i < (plan->n_devices ? plan->n_devices : 1); i++)
		if (choose(facts, plan->n_devices ? plan->devices[i] : own, chosen,
			   &why) < 0) {
			refuse(run, "%s", why);
			return false;
		}
	return true;
}

static const struct means *choose_method(const struct run *run,
					 const struct device_facts *device)
{
	if (unplug_plan_of(run)->method)
		return unplug_plan_of(run)->method;
	/* zPCI functions are deconfigured, which is what their drivers expect. */
	if (!strcmp(unplug_of(run)->facts.system.arch, "s390x") && device->slot_can_power)
		return means_method_find("power");
	return means_method_find("remove");
}

/* Does the device have what holder and method need? */
static bool has_means(struct run *run, const struct device_facts *device)
{
	const struct means *means[] = { unplug_plan_of(run)->holder,
					unplug_of(run)->method };

	for (size_t i = 0; i < ARRAY_SIZE(means); i++) {
		_cleanup_free_ char *lacks = NULL;

		/* QEMU's side is seen when it is asked. */
		if (!strcmp(means[i]->name, "qmp") &&
		    run->rig.target->parts & TARGET_SLOT)
			continue;
		lacks = means[i]->lacks(&unplug_of(run)->facts, device);
		if (lacks) {
			refuse(run, "%s cannot be used with %s: %s", device->bdf,
			       means[i]->name, lacks);
			return false;
		}
	}
	return true;
}

/* What the method needs besides the device. */
static void add_place(struct strbuf *words, const struct facts *facts,
		      const struct device_facts *device)
{
	ptrdiff_t pf = device->physfn[0] ? facts_find(facts, device->physfn) : -1;

	if (device->slot[0])
		strbuf_addf(words, " slot=%s", device->slot);
	if (device->parent[0])
		strbuf_addf(words, " bridge=%s", device->parent);
	if (pf >= 0)
		strbuf_addf(words, " pf=%s numvfs=%u", device->physfn,
			    facts->devices[pf].sriov_num);
}

static const char *or_none(const char *word)
{
	return word[0] ? word : "-";
}

/* Is it the device, or a member of its group, which the worker binds and gives back? */
static bool is_raced(const struct unplug *u, size_t other)
{
	const char *group = u->facts.devices[u->device].group;

	return other == u->device ||
	       (group[0] && !strcmp(u->facts.devices[other].group, group));
}

static void add_undo(struct unplug *u, size_t index, const char *method)
{
	const struct device_facts *device = &u->facts.devices[index];
	const struct system_facts *system = &u->facts.system;
	const struct {
		const char *key, *was;
	} settings[] = {
		{ "autoprobe", system->autoprobe },
		{ "expedited", system->expedited },
		{ "devkmsg", system->devkmsg },
	};
	struct strbuf words = { 0 };

	strbuf_addf(&words, "device=%s driver=%s override=%s", device->bdf,
		    or_none(device->driver), or_none(device->override));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].was[0])
			strbuf_addf(&words, " %s=%s", settings[i].key, settings[i].was);
	/* VFs that went with their PF come back by their number only. */
	strbuf_addf(&words, " method=%s", device->physfn[0] ? "sriov" : method);
	add_place(&words, &u->facts, device);
	u->undo = xrealloc(u->undo, u->n_undo + 1, sizeof(*u->undo));
	u->undo[u->n_undo++] =
		(struct unplug_undo){ .words = words, .apart = !is_raced(u, index) };
}

/* Undone from the last to the first: a PF needs its driver before it can have VFs. */
static void add_undos(struct unplug *u, const struct guard_result *guard,
		      const char *method)
{
	for (int vfs = 1; vfs >= 0; vfs--)
		for (size_t i = 0; i < guard->n_devices; i++)
			if ((guard->devices[i].origin == GUARD_VF) == vfs)
				add_undo(u, guard->devices[i].device, method);
}

/* As the worker calls it: somebody else unplugs. */
static const char *method_word(const struct means *method)
{
	return !strcmp(method->name, "qmp") ? "outside" : method->name;
}

/* A virtual board runs the QEMU of this machine, whose files are in /host. */
static void add_qemu(struct strbuf *words, const struct run *run)
{
	const char *host = "/host", *qemu = unplug_plan_of(run)->qemu;

	if (!qemu)
		qemu = unplug_of(run)->facts.system.qemu;
	if (run->plan->board.host_root) {
		strbuf_addf(words, " qemu_root=%s", host);
		if (!strncmp(qemu, host, strlen(host)))
			qemu += strlen(host);
	}
	strbuf_addf(words, " qemu=%s", qemu);
}

static void build_race(struct run *run, const struct guard_result *guard)
{
	const struct unplug_plan *plan = unplug_plan_of(run);
	struct unplug *u = unplug_of(run);
	const struct device_facts *device = &u->facts.devices[u->device];
	struct strbuf words = { 0 };

	strbuf_addf(&words, "race device=%s holder=%s release=%s method=%s", device->bdf,
		    plan->holder->name, plan->release, method_word(u->method));
	add_place(&words, &u->facts, device);
	for (size_t i = 0; i < guard->n_devices; i++) {
		size_t member = guard->devices[i].device;

		if (member != u->device && is_raced(u, member))
			strbuf_addf(&words, " member=%s", u->facts.devices[member].bdf);
	}
	strbuf_addf(&words, " blocked_ms=%" PRIu64, plan->blocked_ns / NS_PER_MSEC);
	/* Most of an unplug is waiting for RCU; with this, several times less. */
	strbuf_addf(&words, " expedited=1");
	if (plan->restore)
		strbuf_addf(&words, " autoprobe=1");
	if (plan->churn)
		strbuf_addf(&words, " churn=1");
	if (unplug_needs_qemu(plan))
		add_qemu(&words, run);
	free(u->race);
	u->race = words.s;
}

/* One line each: the first that is not allowed ends the run, allowed ones are told. */
static bool guards_pass(struct run *run, const struct guard_result *guard)
{
	for (size_t i = 0; i < guard->n_refusals; i++) {
		if (guard->refusals[i].allowed)
			log_warning("%s", guard->refusals[i].text);
		else
			log_error("%s", guard->refusals[i].text);
	}
	for (size_t i = 0; i < guard->n_refusals; i++)
		if (!guard->refusals[i].allowed) {
			refuse(run, "%s", guard->refusals[i].text);
			run->sight.refused_told = true;
			return false;
		}
	return true;
}

static void record_device(struct run *run)
{
	const struct device_facts *d =
		&unplug_of(run)->facts.devices[unplug_of(run)->device];
	struct record record = { .type = RECORD_DEVICE };

	record.device.device = d->bdf;
	record.device.id = d->id;
	record.device.driver = d->driver;
	record.device.group = d->group;
	record.device.iommu = d->iommu;
	record.device.domain = d->domain_type;
	run_record(run, &record);
}

/* Whoever names a second device wants to see it go, too. */
static bool go_together(struct run *run, struct guard_request request)
{
	const struct facts *facts = request.facts;
	const struct facts_chosen *named = request.named;
	const struct facts_chosen first = { .devices = named->devices, .n = 1 };
	struct guard_result guard = { 0 };
	bool all = true;

	request.named = &first;
	guard_check(&request, &guard);
	for (size_t i = 0; all && i < named->n; i++) {
		all = false;
		for (size_t k = 0; !all && k < guard.n_devices; k++)
			all = guard.devices[k].device == named->devices[i];
		if (!all)
			refuse(run,
			       "%s does not go with %s: a run unplugs one device, and "
			       "what it takes along; name one",
			       facts->devices[named->devices[i]].bdf,
			       facts->devices[named->devices[0]].bdf);
	}
	guard_result_done(&guard);
	return all;
}

/* Slots and drivers have names of the target's choice, and go through its shell. */
static bool check_words(struct run *run)
{
	const struct unplug *u = unplug_of(run);
	bool plain = worker_words_are_plain(text_of(u->race));

	for (size_t i = 0; i < u->n_undo; i++)
		plain &= worker_words_are_plain(
			(struct text){ u->undo[i].words.s, u->undo[i].words.n });
	if (!plain)
		refuse(run, "a name on the target (slot, driver, QEMU) has characters "
			    "that are not passed on to a shell");
	return plain;
}

/* The device, and all that goes with it, once the guards have nothing against it. */
static void use_devices(struct run *run, const struct facts_chosen *chosen)
{
	struct unplug *u = unplug_of(run);
	struct guard_result guard = { 0 };
	struct guard_request request = { .facts = &u->facts,
					 .named = chosen,
					 .allowed = run->plan->allowed };

	u->device = chosen->devices[0];
	u->method = choose_method(run, &u->facts.devices[u->device]);
	if (!has_means(run, &u->facts.devices[u->device]))
		return;
	request.reach = unplug_plan_of(run)->holder->reach | u->method->reach;
	if (!go_together(run, request))
		return;
	guard_check(&request, &guard);
	if (guards_pass(run, &guard)) {
		build_race(run, &guard);
		/* Once: after a crash the target has other drivers, not other originals. */
		if (!u->undo_recorded)
			add_undos(u, &guard, method_word(u->method));
		if (check_words(run))
			record_device(run);
	}
	guard_result_done(&guard);
}

void unplug_choose(struct run *run)
{
	struct facts_chosen chosen = { 0 };
	const struct facts *facts = &unplug_of(run)->facts;

	run->sight.unsure = facts->damaged;
	if (facts->damaged)
		refuse(run, "what the target told of its devices was damaged on its way");
	else if (facts->system.hint[0] && unplug_plan_of(run)->holder->reach &&
		 (!facts->system.iommu || facts->system.vfio == FACTS_NO))
		refuse(run, "%s", facts->system.hint);
	else if (choose_devices(run, &chosen))
		use_devices(run, &chosen);
	facts_chosen_done(&chosen);
}

static void record_undo(struct run *run, const struct unplug_undo *undo)
{
	struct record record = { .type = RECORD_UNDO };

	record.undo.words = undo->words.s;
	record.undo.done = undo->done;
	run_record(run, &record);
}

void unplug_record_undo(struct run *run)
{
	struct unplug *u = unplug_of(run);

	for (size_t i = 0; !u->undo_recorded && i < u->n_undo; i++)
		record_undo(run, &u->undo[i]);
	u->undo_recorded = true;
}

void unplug_record_done(struct run *run, struct unplug_undo *undo)
{
	undo->done = true;
	record_undo(run, undo);
}
