// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines of facts: of a device, a use, something unknown, each once. */
#include "facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t lines;
static const struct bdf *only; /* NULL: lines are about all devices */

static struct {
	char **keys;
	size_t n;
} told;

static bool was_told(const char *key)
{
	for (size_t i = 0; i < told.n; i++)
		if (!strcmp(told.keys[i], key))
			return true;
	return false;
}

bool facts_is_new(const char *format, ...)
{
	char key[1024], **keys;
	va_list ap;

	va_start(ap, format);
	vsnprintf(key, sizeof(key), format, ap);
	va_end(ap);
	if (was_told(key))
		return false;
	keys = realloc(told.keys, (told.n + 1) * sizeof(told.keys[0]));
	if (!keys)
		return true;
	told.keys = keys;
	told.keys[told.n] = strdup(key);
	told.n += told.keys[told.n] != NULL;
	return true;
}

void facts_only(const struct bdf *bdf)
{
	only = bdf;
}

void facts_begin(struct line *line, const char *kind)
{
	line->n = 0;
	line_add(line, "fact", kind);
}

void facts_end(struct line *line)
{
	line_end(line);
	lines++;
}

static bool is_asked(const struct bdf *bdf)
{
	return !only || !strcmp(only->s, bdf->s);
}

/* Of a disk that is part of another there is a line already when that one is mounted. */
static bool is_told_better(const struct bdf *bdf, const char *what)
{
	static const char *const better[] = { "mount", "swap" };
	char key[512];

	for (size_t i = 0; i < ARRAY_SIZE(better); i++) {
		snprintf(key, sizeof(key), "use %s %s %s", bdf->s, better[i], what);
		if (was_told(key))
			return true;
	}
	return false;
}

void facts_tell_use(const struct bdf *bdf, const struct facts_use *use, const char *what)
{
	struct line line;

	if (!is_asked(bdf) || (!strcmp(use->why, "held") && is_told_better(bdf, what)))
		return;
	/* A filesystem is mounted in many places when there are containers. */
	if (!facts_is_new("use %s %s %s", bdf->s, use->why, what))
		return;
	facts_begin(&line, "use");
	line_add(&line, "bdf", bdf->s);
	line_add(&line, "why", use->why);
	line_addf(&line, "what", "%.200s", what);
	line_add(&line, "at", use->at);
	line_add(&line, "via", use->via);
	facts_end(&line);
}

static bool is_about(const struct facts_device *d, unsigned int about)
{
	return ((about & FACTS_ABOUT_BLOCK) && d->block[0]) ||
	       ((about & FACTS_ABOUT_NET) && d->net[0]) ||
	       ((about & FACTS_ABOUT_VFIO) &&
		(d->cdev[0] || strstr(d->driver, "vfio") != NULL));
}

void facts_tell_unknown(unsigned int about, const char *rule, const char *what,
			const char *why)
{
	struct line line;

	for (size_t i = 0; i < facts_devices.n; i++) {
		const struct facts_device *d = &facts_devices.devices[i];

		if (!is_about(d, about) || !is_asked(&d->bdf) ||
		    !facts_is_new("unknown %s %s %s", d->bdf.s, rule, what))
			continue;
		facts_begin(&line, "unknown");
		line_add(&line, "bdf", d->bdf.s);
		line_add(&line, "rule", rule);
		line_addf(&line, "what", "%.200s", what);
		line_addf(&line, "why", "%.200s", why);
		facts_end(&line);
	}
}

void facts_use_unknown(const struct facts_use *use, const char *what, const char *why)
{
	/* A way over the network may end at a disk (nbd), and the other way round. */
	facts_tell_unknown(!strcmp(use->rule, "route") ?
				   FACTS_ABOUT_NET :
				   FACTS_ABOUT_BLOCK | FACTS_ABOUT_NET,
			   use->rule, what, why);
}

void facts_tell_end(void)
{
	struct line line = { .n = 0 };

	line_add(&line, "fact", "end");
	line_number(&line, "lines", lines);
	line_end(&line);
	for (size_t i = 0; i < told.n; i++)
		free(told.keys[i]);
	free(told.keys);
}

/* -- the line of a device ----------------------------------------------------------------- */

void facts_add_name(struct line *line, const char *key, const char *value)
{
	line_add(line, key, *value ? value : "-");
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
	_cleanup_dir_ DIR *dir = opendir(path_make("/sys/bus/pci/slots").s);
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
		return;
	}
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

static void tell_device(const struct facts_device *d)
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
	facts_add_name(&line, "mac", d->mac);
	facts_add_name(&line, "block", d->block);
	facts_add_name(&line, "cdev", d->cdev);
	facts_add_name(&line, "vfio_open", d->open);
	facts_end(&line);
}

void facts_tell_devices(void)
{
	for (size_t i = 0; i < facts_devices.n; i++)
		if (is_asked(&facts_devices.devices[i].bdf))
			tell_device(&facts_devices.devices[i]);
}
