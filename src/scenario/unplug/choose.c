// SPDX-License-Identifier: GPL-2.0-or-later
/* From facts about the target to the device, the reasons to leave it alone, the race. */
#include "unplug.h"

#include "base/num.h"
#include "board/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct means *choose_method(const struct run *run,
					 const struct device_facts *device)
{
	if (unplug_plan_of(run)->method)
		return unplug_plan_of(run)->method;
	/* zPCI functions are deconfigured, which is what their drivers expect. */
	if (!strcmp(unplug_of(run)->taken.facts.system.arch, "s390x") &&
	    device->slot_can_power)
		return means_find(means_methods, "power");
	return means_find(means_methods, "remove");
}

/* Does the device have what holder and method need? */
static bool has_means(struct run *run)
{
	const struct unplug *u = unplug_of(run);
	const struct means *means[] = { unplug_plan_of(run)->holder, u->method };

	for (size_t i = 0; i < ARRAY_SIZE(means); i++) {
		/* QEMU's side is seen when it is asked. */
		if (!strcmp(means[i]->name, "qmp") &&
		    run->rig.target->parts & TARGET_SLOT)
			continue;
		if (!device_has_means(run, &u->taken, means[i], means[i]->name))
			return false;
	}
	return true;
}

/* Is it the device, or a member of its group, which the worker binds and gives back? */
static bool is_raced(const struct unplug *u, size_t other)
{
	const char *group = taken_device(&u->taken)->group;

	return other == u->taken.device ||
	       (group[0] && !strcmp(u->taken.facts.devices[other].group, group));
}

static void add_undo(struct unplug *u, size_t index, const char *method)
{
	/* VFs that went with their PF come back by their number only. */
	bool is_vf = u->taken.facts.devices[index].physfn[0];

	device_add_undo(&u->taken, index, is_vf ? "sriov" : method)->apart =
		!is_raced(u, index);
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
		qemu = unplug_of(run)->taken.facts.system.qemu;
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
	const struct device_facts *device = taken_device(&u->taken);
	struct strbuf words = { 0 };

	strbuf_addf(&words, "race device=%s holder=%s release=%s method=%s", device->bdf,
		    plan->holder->name, plan->release, method_word(u->method));
	device_add_place(&words, &u->taken.facts, device);
	for (size_t i = 0; i < guard->n_devices; i++) {
		size_t member = guard->devices[i].device;

		if (member != u->taken.device && is_raced(u, member))
			strbuf_addf(&words, " member=%s",
				    u->taken.facts.devices[member].bdf);
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
			device_refuse(
				run,
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

	for (size_t i = 0; i < u->taken.n_undo; i++)
		if (!device_words_are_plain(run, u->taken.undo[i].words.s))
			return false;
	return device_words_are_plain(run, u->race);
}

/* The device, and all that goes with it, once the guards have nothing against it. */
static void use_devices(struct run *run, const struct facts_chosen *chosen)
{
	struct unplug *u = unplug_of(run);
	struct guard_result guard = { 0 };
	struct guard_request request = { .facts = &u->taken.facts,
					 .named = chosen,
					 .allowed = run->plan->allowed };

	u->taken.device = chosen->devices[0];
	u->method = choose_method(run, taken_device(&u->taken));
	if (!has_means(run))
		return;
	request.reach = unplug_plan_of(run)->holder->reach | u->method->reach;
	if (!go_together(run, request))
		return;
	guard_check(&request, &guard);
	if (device_guards_pass(run, &guard)) {
		build_race(run, &guard);
		/* Once: after a crash the target has other drivers, not other originals. */
		if (!u->taken.undo_recorded)
			add_undos(u, &guard, method_word(u->method));
		if (check_words(run))
			device_record(run, taken_device(&u->taken));
	}
	guard_result_done(&guard);
}

/* The devices that were named, or the board's own test device. */
static bool choose_devices(struct run *run, struct facts_chosen *chosen)
{
	const struct plan *plan = run->plan;
	const char *const own[] = { run->rig.target->test_device };

	return device_choose(run, &unplug_of(run)->taken.facts,
			     plan->n_devices ? plan->devices : own,
			     plan->n_devices ? plan->n_devices : own[0] != NULL, chosen);
}

void unplug_choose(struct run *run)
{
	struct facts_chosen chosen = { 0 };
	const struct facts *facts = &unplug_of(run)->taken.facts;

	if (!device_facts_whole(run, &unplug_of(run)->taken))
		return;
	if (facts->system.hint[0] && unplug_plan_of(run)->holder->reach &&
	    (!facts->system.iommu || facts->system.vfio == FACTS_NO))
		device_refuse(run, "%s", facts->system.hint);
	else if (choose_devices(run, &chosen))
		use_devices(run, &chosen);
	facts_chosen_done(&chosen);
}
