// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of ways to take a device away and bring it back. */
#include "pull.h"

#define DEVICE "/sys/bus/pci/devices/{device}"

const struct method methods[] = {
	{ "remove", DEVICE "/remove", "1", "/sys/class/pci_bus/{bus}/rescan", "1",
	  "remove", "add", NULL },
	{ "unbind", DEVICE "/driver/unbind", "{device}", "/sys/bus/pci/drivers_probe",
	  "{device}", "unbind", "bind", NULL },
	{ "power", "/sys/bus/pci/slots/{slot}/power", "0",
	  "/sys/bus/pci/slots/{slot}/power", "1", "remove", "add", "slot" },
	{ "sriov", "/sys/bus/pci/devices/{pf}/sriov_numvfs", "0",
	  "/sys/bus/pci/devices/{pf}/sriov_numvfs", "{numvfs}", "remove", "add", "pf" },
	{ "reset", DEVICE "/reset", "1", NULL, NULL, NULL, NULL, NULL },
	{ "reset_subordinate", "/sys/bus/pci/devices/{bridge}/reset_subordinate", "1",
	  NULL, NULL, NULL, NULL, "bridge" },
	{ "outside", NULL, NULL, NULL, NULL, "remove", "add", NULL },
	{ 0 },
};

const struct method *method_find(const char *name)
{
	for (const struct method *method = methods; method->name; method++)
		if (!strcmp(method->name, name))
			return method;
	return NULL;
}

static void expand(const struct pull *pull, const char *format, char *text, size_t size)
{
	struct bdf bus = pull->device;
	const struct {
		const char *word, *value;
	} words[] = {
		{ "{device}", pull->device.s }, { "{bus}", bus.s },
		{ "{slot}", pull->slot },       { "{pf}", pull->pf.s },
		{ "{numvfs}", pull->numvfs },   { "{bridge}", pull->bridge.s },
	};
	size_t n = 0;

	bus.s[strlen(bus.s) - strlen(":00.0")] = '\0';
	text[0] = '\0';
	while (*format && n + 1 < size) {
		size_t i = 0;

		while (i < ARRAY_SIZE(words) &&
		       strncmp(format, words[i].word, strlen(words[i].word)) != 0)
			i++;
		if (i == ARRAY_SIZE(words)) {
			text[n++] = *format++;
			text[n] = '\0';
			continue;
		}
		format += strlen(words[i].word);
		snprintf(text + n, size - n, "%s", words[i].value);
		n += strlen(text + n);
	}
}

static struct path expand_path(const struct pull *pull, const char *format)
{
	char text[PATH_SIZE];

	expand(pull, format, text, sizeof(text));
	return path_make("%s", text);
}

static void find_pf(struct puts *puts, struct pull *pull)
{
	char name[BDF_SIZE];

	if (!*pull->pf.s &&
	    !link_name(device_path(&pull->device, "physfn").s, name, sizeof(name)))
		bdf_parse(name, &pull->pf);
	if (*pull->pf.s && !*pull->numvfs)
		puts_query(puts, device_path(&pull->pf, "sriov_numvfs").s, pull->numvfs,
			   sizeof(pull->numvfs));
}

int pull_parse(struct puts *puts, struct pull *pull, const struct args *args)
{
	const char *method = args_get(args, "method"), *numvfs = args_get(args, "numvfs");
	int64_t number;
	int status;

	memset(pull, 0, sizeof(*pull));
	pull->method = method_find(method ?: "remove");
	if (!pull->method)
		return say_usage(
			"method=%s: not one of remove, unbind, power, sriov, reset, "
			"reset_subordinate, outside",
			method);
	if (!args_get(args, "device"))
		return say_usage("device=BDF is missing");
	status = bdf_arg(args, "device", &pull->device)         ?:
			 bdf_arg(args, "pf", &pull->pf)         ?:
			 bdf_arg(args, "bridge", &pull->bridge) ?:
			 args_get_name(args, "slot", pull->slot, sizeof(pull->slot));
	if (status)
		return status;
	if (numvfs && (number_parse(numvfs, &number) || number < 1 || number > 65535))
		return say_usage("numvfs=%s: not a number of functions", numvfs);
	snprintf(pull->numvfs, sizeof(pull->numvfs), "%s", numvfs ?: "");
	if (!*pull->slot)
		device_slot(&pull->device, ".", pull->slot, sizeof(pull->slot));
	find_pf(puts, pull);
	if (!*pull->bridge.s)
		pull->bridge = device_parent(&pull->device);
	return 0;
}

int pull_check(const struct pull *pull)
{
	const char *name = pull->method->name, *needs = pull->method->needs ?: "";
	const char *device = pull->device.s;
	struct path path;

	if (!pull->method->pull_file)
		return 0;
	if (!strcmp(needs, "slot") && !*pull->slot)
		return say_error("slot",
				 "%s is in no slot with a power file: load pciehp or "
				 "acpiphp, or take method=remove",
				 device);
	if (!strcmp(needs, "pf") && (!*pull->pf.s || !strcmp(pull->numvfs, "0")))
		return say_error("sriov",
				 "%s is no virtual function: set sriov_numvfs of its "
				 "device first, or take method=remove",
				 device);
	if (!strcmp(needs, "bridge") && !*pull->bridge.s)
		return say_error("bridge", "%s is behind no bridge: take method=reset",
				 device);
	if (!strcmp(name, "remove") &&
	    path_exists(device_path(&pull->device, "physfn").s))
		return say_error("sriov",
				 "%s is a virtual function, which no rescan brings "
				 "back: take method=sriov",
				 device);
	if (!strcmp(name, "unbind") && path_exists(device_path(&pull->device, NULL).s))
		return 0;
	path = expand_path(pull, pull->method->pull_file);
	if (!path_exists(path.s))
		return say_error(name,
				 "there is no %s: this kernel or device cannot do "
				 "method=%s",
				 path.s, name);
	return 0;
}

bool pull_file(const struct pull *pull, struct path *path, char *text, size_t size)
{
	if (!pull->method->pull_file)
		return false;
	*path = expand_path(pull, pull->method->pull_file);
	expand(pull, pull->method->pull_text, text, size);
	return true;
}

int pull_unplug(struct puts *puts, const struct pull *pull)
{
	struct path path;
	char text[64];

	return pull_file(pull, &path, text, sizeof(text)) ?
		       puts_write(puts, path.s, text) :
		       0;
}

bool pull_back_file(const struct pull *pull, struct path *path, char *text, size_t size)
{
	if (!pull->method->back_file)
		return false;
	*path = expand_path(pull, pull->method->back_file);
	expand(pull, pull->method->back_text, text, size);
	/* The bus may be gone with its bridge. */
	if (!strcmp(pull->method->name, "remove") && !path_exists(path->s))
		*path = path_make("/sys/bus/pci/rescan");
	return true;
}

int pull_replug(struct puts *puts, const struct pull *pull)
{
	struct path path;
	char text[64];

	return pull_back_file(pull, &path, text, sizeof(text)) ?
		       puts_write(puts, path.s, text) :
		       0;
}

bool pull_is_gone(const struct pull *pull)
{
	if (!pull->method->gone)
		return false;
	if (!strcmp(pull->method->gone, "unbind"))
		return !path_exists(device_path(&pull->device, "driver").s);
	return !device_exists(&pull->device);
}
