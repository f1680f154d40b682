// SPDX-License-Identifier: GPL-2.0-or-later
#include "device.h"

#include "base/log.h"
#include "board/worker.h"

#include <stdio.h>
#include <stdlib.h>

void device_refuse(struct run *run, const char *format, ...)
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

void taken_done(struct taken *taken)
{
	device_forget_undo(taken);
	facts_done(&taken->facts);
}

const struct device_facts *taken_device(const struct taken *taken)
{
	return &taken->facts.devices[taken->device];
}

void device_ask_facts(struct run *run, struct taken *taken)
{
	facts_done(&taken->facts);
	/* What is not asked shows as an answer that never comes, within its limit. */
	(void)!target_ask_facts(run->rig.target);
}

bool device_take_fact(struct taken *taken, struct text marker)
{
	ptrdiff_t at = text_find(marker, TEXT("fact="), 0);

	if (at < 0)
		return false;
	(void)!facts_add(&taken->facts, text_from(marker, (size_t)at));
	return true;
}

bool device_facts_told(const struct taken *taken)
{
	return taken->facts.complete || taken->facts.damaged;
}

bool device_facts_whole(struct run *run, const struct taken *taken)
{
	run->sight.unsure = taken->facts.damaged;
	if (taken->facts.damaged)
		device_refuse(run, "what the target told of its devices was damaged on "
				   "its way");
	return !taken->facts.damaged;
}

/* Of a group all but its bridges, which keep their driver; a bridge alone stays. */
static int choose_word(const struct facts *facts, const char *word,
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

bool device_choose(struct run *run, const struct facts *facts, const char *const *words,
		   size_t n, struct facts_chosen *chosen)
{
	_cleanup_free_ char *why = NULL;

	if (!n)
		device_refuse(run, "which device? `iommu-stress list -t %s` shows them",
			      run->plan->target);
	for (size_t i = 0; i < n; i++)
		if (choose_word(facts, words[i], chosen, &why) < 0) {
			device_refuse(run, "%s", why);
			return false;
		}
	return n;
}

bool device_has_means(struct run *run, const struct taken *taken,
		      const struct means *means, const char *name)
{
	const struct device_facts *device = taken_device(taken);
	_cleanup_free_ char *lacks = means->lacks(&taken->facts, device);

	if (lacks)
		device_refuse(run, "%s cannot be used with %s: %s", device->bdf, name,
			      lacks);
	return !lacks;
}

void device_add_place(struct strbuf *words, const struct facts *facts,
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

struct device_undo *device_add_undo(struct taken *taken, size_t index, const char *method)
{
	const struct system_facts *system = &taken->facts.system;
	const struct device_facts *device = &taken->facts.devices[index];
	const struct {
		const char *key, *was;
	} settings[] = {
		{ "autoprobe", system->autoprobe },
		{ "expedited", system->expedited },
		{ "devkmsg", system->devkmsg },
	};
	struct device_undo *undo;

	taken->undo = xrealloc(taken->undo, taken->n_undo + 1, sizeof(*taken->undo));
	undo = &taken->undo[taken->n_undo++];
	*undo = (struct device_undo){ 0 };
	strbuf_addf(&undo->words, "device=%s driver=%s override=%s", device->bdf,
		    or_none(device->driver), or_none(device->override));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].was[0])
			strbuf_addf(&undo->words, " %s=%s", settings[i].key,
				    settings[i].was);
	strbuf_addf(&undo->words, " method=%s", method);
	device_add_place(&undo->words, &taken->facts, device);
	return undo;
}

void device_forget_undo(struct taken *taken)
{
	for (size_t i = 0; i < taken->n_undo; i++)
		strbuf_done(&taken->undo[i].words);
	free(taken->undo);
	taken->undo = NULL;
	taken->n_undo = 0;
}

static void record_undo(struct run *run, struct device_undo *undo, bool done)
{
	struct record record = { .type = RECORD_UNDO };

	record.undo.words = undo->words.s;
	record.undo.done = undo->done = done;
	run_record(run, &record);
}

void device_record_undo(struct run *run, struct taken *taken)
{
	for (size_t i = 0; !taken->undo_recorded && i < taken->n_undo; i++)
		record_undo(run, &taken->undo[i], false);
	taken->undo_recorded = true;
}

void device_record_done(struct run *run, struct device_undo *undo)
{
	record_undo(run, undo, true);
}

void device_tell_restore(const struct run *run)
{
	if (run->rig.target->parts & TARGET_KEPT)
		log_warning("`iommu-stress restore %s` puts back what was changed",
			    journal_dir(run->recorder.journal));
}

bool device_words_are_plain(struct run *run, const char *words)
{
	if (worker_words_are_plain(text_of(words)))
		return true;
	device_refuse(run, "a name on the target (slot, driver, QEMU) has characters "
			   "that are not passed on to a shell");
	return false;
}

bool device_guards_pass(struct run *run, const struct guard_result *guard)
{
	const struct guard_refusal *first = NULL;

	for (size_t i = 0; i < guard->n_refusals; i++) {
		const struct guard_refusal *refusal = &guard->refusals[i];

		if (refusal->allowed) {
			log_warning("%s", refusal->text);
			continue;
		}
		log_error("%s", refusal->text);
		first = first ? first : refusal;
	}
	if (first) {
		device_refuse(run, "%s", first->text);
		run->sight.refused_told = true;
	}
	return !first;
}

/* The one that was named, or that has the board's network interface. */
static bool find_one(struct run *run, const struct facts *facts, const char *word,
		     struct facts_chosen *chosen)
{
	const uint8_t *mac = run->rig.target->wire.mac;
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

bool device_take_one(struct run *run, struct taken *taken, const char *word,
		     const struct means *means, const char *name)
{
	struct facts_chosen chosen = { 0 };
	const struct guard_request request = { .facts = &taken->facts,
					       .named = &chosen,
					       .reach = means->reach,
					       .allowed = run->plan->allowed };
	struct guard_result guard = { 0 };
	bool passed = device_facts_whole(run, taken) &&
		      find_one(run, &taken->facts, word, &chosen);

	if (passed) {
		taken->device = chosen.devices[0];
		passed = device_has_means(run, taken, means, name);
	}
	if (passed && !taken_device(taken)->driver[0]) {
		device_refuse(run, "%s cannot be used with %s: no driver is bound",
			      taken_device(taken)->bdf, name);
		passed = false;
	}
	if (passed) {
		guard_check(&request, &guard);
		passed = device_guards_pass(run, &guard);
		guard_result_done(&guard);
	}
	facts_chosen_done(&chosen);
	return passed;
}

void device_record(struct run *run, const struct device_facts *d)
{
	struct record record = { .type = RECORD_DEVICE };

	record.device.device = d->bdf;
	record.device.id = d->id;
	record.device.driver = d->driver;
	record.device.group = d->group;
	record.device.iommu = d->iommu;
	record.device.domain = d->domain_type;
	run_record(run, &record);
}
