// SPDX-License-Identifier: GPL-2.0-or-later
/* What `list` prints: for people, and for programs. */
#include "base/log.h"
#include "device/guard.h"
#include "device/means.h"
#include "journal/table_json.h"
#include "list.h"

#include <pci/pci.h>
#include <stdio.h>
#include <stdlib.h>

/* -- both -------------------------------------------------------------------------------- */

/* The named device that a device goes with. */
static size_t root_of(const struct guard_result *result, size_t device)
{
	for (size_t i = result->n_devices; i > 0; i--) {
		const struct guard_device *d = &result->devices[i - 1];

		/* What goes with something stands behind it. */
		if (d->device == device && d->origin != GUARD_NAMED)
			device = d->because;
	}
	return device;
}

/* What the guards say of a device that VFIO takes, alone or with all that were named. */
static void check(const struct list *list, size_t device, struct guard_result *ret)
{
	struct facts_chosen one = { .devices = &device, .n = 1 };
	const struct guard_request request = {
		.facts = list->facts,
		.named = list->named ? list->chosen : &one,
		.reach = GUARD_REACH_GROUP,
		.allowed = list->allowed,
	};

	guard_check(&request, ret);
}

/* Is it said because of this device? */
static bool is_about(const struct guard_result *result,
		     const struct guard_refusal *refusal, size_t device)
{
	return refusal->rule == GUARD_FACTS || root_of(result, refusal->device) == device;
}

static bool same_group(const struct facts *facts, size_t a, size_t b)
{
	return a != b && facts->devices[a].group[0] &&
	       !strcmp(facts->devices[a].group, facts->devices[b].group);
}

/* -- names of PCI devices, from the pci.ids of this machine -------------------------------- */

#define NAME_MAX_BYTES 256

__attribute__((noreturn)) static void die(char *message, ...)
{
	log_error("libpci: %s", message);
	exit(3);
}

static void ignore(char *message, ...)
{
	(void)message;
}

/*
 * Without pci_init: it would look for a way to the devices of this machine, and end the
 * program when there is none. Names need a file only; without it there are numbers.
 */
static struct pci_access *names_open(void)
{
	struct pci_access *names = pci_alloc();

	names->error = die;
	names->warning = ignore;
	names->debug = ignore;
	return names;
}

/*
 * "Intel Corporation 82574L Gigabit Network Connection"; caller frees. The file is a user's,
 * too: bytes from it are not trusted more than others.
 */
static char *name_of_device(struct pci_access *names, const struct device_facts *device)
{
	unsigned int vendor = 0, id = 0;
	char buffer[NAME_MAX_BYTES];
	const char *name;

	if (sscanf(device->id, "%4x:%4x", &vendor, &id) != 2)
		return xstrdup("unknown device");
	name = pci_lookup_name(names, buffer, sizeof(buffer),
			       PCI_LOOKUP_VENDOR | PCI_LOOKUP_DEVICE, (int)vendor,
			       (int)id);
	return text_clean_copy(text_of(name ? name : device->id));
}

/* "Ethernet controller"; caller frees. */
static char *name_of_class(struct pci_access *names, const struct device_facts *device)
{
	char buffer[NAME_MAX_BYTES];
	const char *name = pci_lookup_name(names, buffer, sizeof(buffer),
					   PCI_LOOKUP_CLASS, (int)(device->class >> 8));

	return text_clean_copy(text_of(name ? name : ""));
}

/* -- text -------------------------------------------------------------------------------- */

#define LABEL "  %-9s"

static void print_system(const struct list *list)
{
	const struct system_facts *s = &list->facts->system;
	static const char *const vfio[] = {
		[FACTS_NO] = "no",
		[FACTS_MODULE] = "not loaded",
		[FACTS_YES] = "yes",
	};

	printf("%s: Linux %s on %s, %u CPU%s; IOMMU: %s, VFIO: %s, iommufd: %s\n",
	       list->target, s->kernel, s->arch, s->cpus, s->cpus == 1 ? "" : "s",
	       s->iommu ? "yes" : "no", vfio[s->vfio], vfio[s->iommufd]);
	if (s->cmdline_iommu[0])
		printf(LABEL "%s\n", "booted", s->cmdline_iommu);
	if (s->hint[0])
		printf(LABEL "%s\n", "hint", s->hint);
}

static void print_iommu(const struct facts *facts, size_t device)
{
	const struct device_facts *d = &facts->devices[device];
	const char *before = " with ";

	if (!d->group[0]) {
		printf(LABEL "no group\n", "IOMMU");
		return;
	}
	printf(LABEL "group %s", "IOMMU", d->group);
	if (d->domain_type[0] || d->iommu[0])
		printf(" (%s%s%s)", d->domain_type,
		       d->domain_type[0] && d->iommu[0] ? ", " : "", d->iommu);
	for (size_t i = 0; i < facts->n_devices; i++) {
		if (!same_group(facts, device, i))
			continue;
		printf("%s%s", before, facts->devices[i].bdf);
		before = ", ";
	}
	printf("\n");
}

/* What works in one line, and with `reasons` behind it what does not. */
static void print_means(const struct list *list, const struct device_facts *d,
			const char *label, const struct means *means)
{
	_cleanup_strbuf_ struct strbuf works = { 0 }, not = { 0 };

	for (; means->name; means++) {
		_cleanup_free_ char *lacks = means->lacks(list->facts, d);

		if (lacks)
			strbuf_addf(&not, LABEL "not %s: %s\n", "", means->name, lacks);
		else
			strbuf_addf(&works, "%s%s", works.n ? ", " : "", means->name);
	}
	printf(LABEL "%s\n", label, works.n ? works.s : "none");
	if (list->named && not .n)
		fputs(not .s, stdout);
}

static void print_guards(const struct list *list, size_t device)
{
	const char *label = "guards";
	struct guard_result result;

	check(list, device, &result);
	for (size_t i = 0; i < result.n_refusals; i++) {
		if (!is_about(&result, &result.refusals[i], device))
			continue;
		printf(LABEL "%s\n", label, result.refusals[i].text);
		label = "";
	}
	if (label[0])
		printf(LABEL "nothing against it\n", label);
	guard_result_done(&result);
}

static void print_device(const struct list *list, struct pci_access *names, size_t device)
{
	const struct device_facts *d = &list->facts->devices[device];
	_cleanup_free_ char *name = name_of_device(names, d),
			    *class = name_of_class(names, d);

	printf("\n%s %s [%s], %s\n", d->bdf, name, d->id, class);
	printf(LABEL "%s%s%s%s%s\n", "driver", d->driver[0] ? d->driver : "none",
	       d->net[0] ? ", " : "", d->net, d->block[0] ? ", " : "", d->block);
	if (d->override[0])
		printf(LABEL "%s\n", "override", d->override);
	print_iommu(list->facts, device);
	if (d->sriov_total)
		printf(LABEL "%u of %u VFs\n", "SR-IOV", d->sriov_num, d->sriov_total);
	if (d->physfn[0])
		printf(LABEL "VF of %s\n", "SR-IOV", d->physfn);
	print_means(list, d, "holders", means_holders);
	print_means(list, d, "methods", means_methods);
	print_guards(list, device);
}

void list_text(const struct list *list)
{
	struct pci_access *names = names_open();

	print_system(list);
	if (!list->chosen->n)
		printf("\nno PCI devices: the kernel knows none, or /sys is not mounted\n");
	for (size_t i = 0; i < list->chosen->n; i++)
		print_device(list, names, list->chosen->devices[i]);
	pci_cleanup(names);
}

/* -- json -------------------------------------------------------------------------------- */

/* All text of facts is valid UTF-8; left out when empty. */
static void set_text(json_t *object, const char *key, const char *s)
{
	if (s[0])
		json_object_set_new(object, key, json_string(s));
}

static json_t *split(const char *list)
{
	json_t *array = json_array();

	while (*list) {
		size_t n = strcspn(list, ",");

		json_array_append_new(array, json_stringn(list, n));
		list += n + (list[n] == ',');
	}
	return array;
}

/* {"group": null, "iommufd": "no iommufd: ..."}: null works. */
static json_t *json_means(const struct facts *facts, const struct device_facts *d,
			  const struct means *means)
{
	json_t *object = json_object();

	for (; means->name; means++) {
		_cleanup_free_ char *lacks = means->lacks(facts, d);

		json_object_set_new(object, means->name,
				    lacks ? json_string(lacks) : json_null());
	}
	return object;
}

static json_t *json_guards(const struct list *list, size_t device)
{
	struct guard_result result;
	json_t *array = json_array();

	check(list, device, &result);
	for (size_t i = 0; i < result.n_refusals; i++) {
		const struct guard_refusal *refusal = &result.refusals[i];
		const struct guard_info *info = guard_info(refusal->rule);
		json_t *object;

		if (!is_about(&result, refusal, device))
			continue;
		object = json_object();
		set_text(object, "rule", info->name);
		set_text(object, "allow", info->allow ? info->allow : "");
		json_object_set_new(object, "allowed", json_boolean(refusal->allowed));
		set_text(object, "text", refusal->text);
		json_array_append_new(array, object);
	}
	guard_result_done(&result);
	return array;
}

static json_t *json_members(const struct facts *facts, size_t device)
{
	json_t *array = json_array();

	for (size_t i = 0; i < facts->n_devices; i++)
		if (same_group(facts, device, i))
			json_array_append_new(array, json_string(facts->devices[i].bdf));
	return array;
}

static json_t *json_device(const struct list *list, struct pci_access *names,
			   size_t device)
{
	const struct device_facts *d = &list->facts->devices[device];
	_cleanup_free_ char *name = name_of_device(names, d),
			    *class = name_of_class(names, d);
	json_t *object = json_object();

	table_to_json(device_facts_members, d, object);
	set_text(object, "name", name);
	set_text(object, "class", class);
	json_object_set_new(object, "net", split(d->net));
	json_object_set_new(object, "block", split(d->block));
	json_object_set_new(object, "members", json_members(list->facts, device));
	json_object_set_new(object, "holders", json_means(list->facts, d, means_holders));
	json_object_set_new(object, "methods", json_means(list->facts, d, means_methods));
	json_object_set_new(object, "guards", json_guards(list, device));
	return object;
}

void list_json(const struct list *list)
{
	struct pci_access *names = names_open();
	json_t *object = json_object(), *system = json_object(), *devices = json_array();

	set_text(object, "target", list->target);
	table_to_json(system_facts_members, &list->facts->system, system);
	json_object_set_new(object, "system", system);
	for (size_t i = 0; i < list->chosen->n; i++)
		json_array_append_new(devices,
				      json_device(list, names, list->chosen->devices[i]));
	json_object_set_new(object, "devices", devices);
	json_dumpf(object, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(object);
	pci_cleanup(names);
}
