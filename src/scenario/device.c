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

void device_ask_facts(struct run *run)
{
	/* What is not asked shows as an answer that never comes, within its limit. */
	(void)!target_ask_facts(run->rig.target);
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

void device_undo_words(struct strbuf *words, const struct facts *facts,
		       const struct device_facts *device, const char *method)
{
	const struct system_facts *system = &facts->system;
	const struct {
		const char *key, *was;
	} settings[] = {
		{ "autoprobe", system->autoprobe },
		{ "expedited", system->expedited },
		{ "devkmsg", system->devkmsg },
	};

	strbuf_addf(words, "device=%s driver=%s override=%s", device->bdf,
		    or_none(device->driver), or_none(device->override));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].was[0])
			strbuf_addf(words, " %s=%s", settings[i].key, settings[i].was);
	strbuf_addf(words, " method=%s", method);
	device_add_place(words, facts, device);
}

void device_record_undo(struct run *run, struct device_undo *undo, bool done)
{
	struct record record = { .type = RECORD_UNDO };

	record.undo.words = undo->words.s;
	record.undo.done = undo->done = done;
	run_record(run, &record);
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
	for (size_t i = 0; i < guard->n_refusals; i++) {
		if (guard->refusals[i].allowed)
			log_warning("%s", guard->refusals[i].text);
		else
			log_error("%s", guard->refusals[i].text);
	}
	for (size_t i = 0; i < guard->n_refusals; i++)
		if (!guard->refusals[i].allowed) {
			device_refuse(run, "%s", guard->refusals[i].text);
			run->sight.refused_told = true;
			return false;
		}
	return true;
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
