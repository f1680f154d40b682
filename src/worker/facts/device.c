// SPDX-License-Identifier: GPL-2.0-or-later
/* The PCI devices: finding them and what hangs on them, and the line of each. */
#include "facts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The names of a class in the list of the device that they hang on. */
static void find_class(const char *class, size_t list_offset)
{
	struct dirent **entries;
	char real[PATH_MAX];
	struct bdf bdf;
	int n = scandir(path_make("/sys/class/%s", class).s, &entries, no_dots,
			alphasort);

	for (int i = 0; i < n; i++) {
		struct path path =
			path_make("/sys/class/%s/%s", class, entries[i]->d_name);
		struct facts_device *d = NULL;

		if (facts_pci_of(path.s, &bdf, real))
			d = facts_device_find(&bdf);
		/* Disks, not their partitions. */
		snprintf(real, sizeof(real), "%s/partition", path.s);
		if (d && !path_exists(real))
			facts_list_add((char *)d + list_offset, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/* The name vfioN that a device has while it is bound. */
static void find_cdev(struct facts_device *d)
{
	DIR *dir = opendir(device_path(&d->bdf, "vfio-dev").s);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "vfio", 4))
			snprintf(d->cdev, sizeof(d->cdev), "%.31s", entry->d_name);
	if (dir)
		closedir(dir);
}

/* 0 or -errno. */
int facts_find_devices(void)
{
	struct dirent **entries;
	int n = scandir(path_make("/sys/bus/pci/devices").s, &entries, no_dots,
			alphasort);

	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	facts_devices.devices = calloc((size_t)n + 1, sizeof(facts_devices.devices[0]));
	for (int i = 0; i < n; i++) {
		struct facts_device *d = &facts_devices.devices[facts_devices.n];

		if (facts_devices.devices && !bdf_parse(entries[i]->d_name, &d->bdf)) {
			device_driver(&d->bdf, d->driver, sizeof(d->driver));
			d->group = device_group(&d->bdf);
			d->parent = device_parent(&d->bdf);
			find_cdev(d);
			facts_devices.n++;
		}
		free(entries[i]);
	}
	free(entries);
	if (!facts_devices.devices)
		return -ENOMEM;
	find_class("net", offsetof(struct facts_device, net));
	find_class("block", offsetof(struct facts_device, block));
	return 0;
}

/* -- the line of a device ----------------------------------------------------------------- */

void facts_add_name(struct line *line, const char *key, const char *value)
{
	line_add(line, key, *value ? value : "-");
}

int64_t facts_number_of(const struct bdf *bdf, const char *name)
{
	int64_t number = 0;

	return file_read_number(device_path(bdf, name).s, &number) < 0 ? 0 : number;
}

static void add_present(struct line *line, const char *key, const struct bdf *bdf,
			const char *name)
{
	line_number(line, key, path_exists(device_path(bdf, name).s));
}

static void add_link(struct line *line, const char *key, const struct bdf *bdf,
		     const char *name)
{
	char value[64];

	link_name(device_path(bdf, name).s, value, sizeof(value));
	facts_add_name(line, key, value);
}

/* Slots are of all functions of a device ("0000:01:00"), or of a bus ("0000:01"). */
static void add_slot(struct line *line, const struct bdf *bdf)
{
	DIR *dir = opendir(path_make("/sys/bus/pci/slots").s);
	char address[32], power[8] = "";
	const struct dirent *entry;
	struct path path;

	while (dir && (entry = readdir(dir))) {
		size_t n;

		if (entry->d_name[0] == '.')
			continue;
		path = path_make("/sys/bus/pci/slots/%s/address", entry->d_name);
		if (file_read(path.s, address, sizeof(address)) <= 0)
			continue;
		n = strlen(address);
		if (strncmp(bdf->s, address, n) != 0 ||
		    (bdf->s[n] != '.' && bdf->s[n] != ':'))
			continue;
		path = path_make("/sys/bus/pci/slots/%s/power", entry->d_name);
		file_read(path.s, power, sizeof(power));
		line_addf(line, "slot", "%.48s", entry->d_name);
		facts_add_name(line, "slot_power", power);
		closedir(dir);
		return;
	}
	if (dir)
		closedir(dir);
	line_add(line, "slot", "-");
	line_add(line, "slot_power", "-");
}

static bool is_bridge(const struct facts_device *d, int64_t class)
{
	bool bridge = class >> 8 == 0x0604;

	for (size_t i = 0; !bridge && i < facts_devices.n; i++)
		bridge = !strcmp(facts_devices.devices[i].parent.s, d->bdf.s);
	return bridge;
}

void facts_tell_device(const struct facts_device *d)
{
	const struct bdf *bdf = &d->bdf;
	int64_t class = facts_number_of(bdf, "class");
	char text[64] = "";
	struct line line;

	facts_begin(&line, "device");
	line_add(&line, "bdf", bdf->s);
	line_addf(&line, "id", "%04x:%04x", (unsigned int)facts_number_of(bdf, "vendor"),
		  (unsigned int)facts_number_of(bdf, "device"));
	line_addf(&line, "class", "0x%06x", (unsigned int)class);
	facts_add_name(&line, "driver", d->driver);
	file_read(device_path(bdf, "driver_override").s, text, sizeof(text));
	facts_add_name(&line, "override", strcmp(text, "(null)") != 0 ? text : "");
	if (d->group >= 0) {
		line_number(&line, "group", d->group);
		file_read(path_make("/sys/kernel/iommu_groups/%d/type", d->group).s, text,
			  sizeof(text));
		facts_add_name(&line, "domain_type", text);
	} else {
		line_add(&line, "group", "-");
		line_add(&line, "domain_type", "-");
	}
	add_link(&line, "iommu", bdf, "iommu");
	add_slot(&line, bdf);
	add_present(&line, "removable", bdf, "remove");
	line_number(&line, "rescan", path_exists(path_make("/sys/bus/pci/rescan").s));
	add_present(&line, "reset", bdf, "reset");
	add_present(&line, "reset_subordinate", bdf, "reset_subordinate");
	line_number(&line, "bridge", is_bridge(d, class));
	facts_add_name(&line, "parent", d->parent.s);
	line_number(&line, "sriov_total", facts_number_of(bdf, "sriov_totalvfs"));
	line_number(&line, "sriov_num", facts_number_of(bdf, "sriov_numvfs"));
	add_link(&line, "physfn", bdf, "physfn");
	line_number(&line, "autoprobe",
		    facts_number_of(bdf, "sriov_drivers_autoprobe") != 0);
	facts_add_name(&line, "net", d->net);
	facts_add_name(&line, "block", d->block);
	facts_add_name(&line, "cdev", d->cdev);
	facts_add_name(&line, "vfio_open", d->open);
	facts_end(&line);
}
