// SPDX-License-Identifier: GPL-2.0-or-later
/* The PCI devices, and what hangs on them. */
#include "facts.h"

struct facts_devices facts_devices;

void facts_list_add(char list[LIST_SIZE], const char *name)
{
	size_t n = strlen(list), more = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at++)
		if ((at == list || at[-1] == ',') && (!at[more] || at[more] == ','))
			return;
	if (n + more + 2 <= LIST_SIZE)
		snprintf(list + n, LIST_SIZE - n, "%s%s", n ? "," : "", name);
}

bool facts_pci_of(const char *path, struct bdf *bdf, char real[PATH_MAX])
{
	char copy[PATH_MAX], *word, *rest = NULL;
	struct bdf one;
	bool found = false;

	if (!realpath(path, real))
		return false;
	snprintf(copy, sizeof(copy), "%s", real);
	for (word = strtok_r(copy, "/", &rest); word; word = strtok_r(NULL, "/", &rest)) {
		/* Serial ports have names that look much the same (00:00:0.0). */
		if (bdf_parse(word, &one) || strcmp(one.s, word) != 0)
			continue;
		*bdf = one;
		found = true;
	}
	return found;
}

struct facts_device *facts_device_find(const struct bdf *bdf)
{
	for (size_t i = 0; i < facts_devices.n; i++)
		if (!strcmp(facts_devices.devices[i].bdf.s, bdf->s))
			return &facts_devices.devices[i];
	return NULL;
}

/* The names of a class in the list of the device that they hang on. */
static void find_class(const char *class, size_t list_offset)
{
	_cleanup_names_ struct names names =
		names_read(path_make("/sys/class/%s", class).s);
	char real[PATH_MAX];
	const char *name;
	struct bdf bdf;

	while ((name = names_next(&names))) {
		struct path path = path_make("/sys/class/%s/%s", class, name);
		struct facts_device *d = NULL;

		if (facts_pci_of(path.s, &bdf, real))
			d = facts_device_find(&bdf);
		/* Disks, not their partitions. */
		snprintf(real, sizeof(real), "%s/partition", path.s);
		if (d && !path_exists(real))
			facts_list_add((char *)d + list_offset, name);
	}
}

static void find_macs(struct facts_device *d)
{
	char list[LIST_SIZE], mac[64], *rest = NULL;

	memcpy(list, d->net, sizeof(list));
	for (char *name = strtok_r(list, ",", &rest); name;
	     name = strtok_r(NULL, ",", &rest))
		if (file_read(path_make("/sys/class/net/%s/address", name).s, mac,
			      sizeof(mac)) > 0)
			facts_list_add(d->mac, mac);
}

int facts_find_devices(void)
{
	_cleanup_names_ struct names names =
		names_read(path_make("/sys/bus/pci/devices").s);
	const char *name;

	if (names.n < 0)
		return errno == ENOENT ? 0 : -errno;
	facts_devices.devices =
		calloc((size_t)names.n + 1, sizeof(facts_devices.devices[0]));
	if (!facts_devices.devices)
		return -ENOMEM;
	while ((name = names_next(&names))) {
		struct facts_device *d = &facts_devices.devices[facts_devices.n];

		if (bdf_parse(name, &d->bdf))
			continue;
		device_driver(&d->bdf, d->driver, sizeof(d->driver));
		d->group = device_group(&d->bdf);
		d->parent = device_parent(&d->bdf);
		device_cdev(&d->bdf, d->cdev, sizeof(d->cdev));
		facts_devices.n++;
	}
	find_class("net", offsetof(struct facts_device, net));
	find_class("block", offsetof(struct facts_device, block));
	for (size_t i = 0; i < facts_devices.n; i++)
		find_macs(&facts_devices.devices[i]);
	return 0;
}
