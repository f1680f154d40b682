// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines of facts: of a device, a use, something unknown, each once. */
#include "facts.h"

#include <search.h>
#include <stdarg.h>

static int64_t lines;
static const struct bdf *only; /* NULL: lines are about all devices */

static void *told; /* of tsearch(3): what was told, as facts_is_new() got it */

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool facts_is_new(const char *format, ...)
{
	char *key, **known;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&key, format, ap);
	va_end(ap);
	if (n < 0)
		return true;
	known = tsearch(key, &told, compare);
	if (known && *known == key)
		return true;
	free(key);
	return !known;
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
		if (tfind(key, &told, compare))
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
	tdestroy(told, free);
}

/* -- uses that are still to be followed ---------------------------------------------------- */

/* end: where the next one belongs, behind what the same step has led to. */
static struct facts_step *first, **end = &first;

struct facts_use facts_use_below(const struct facts_use *use, const char *name)
{
	struct facts_use below = *use;
	size_t n = strlen(below.via);

	snprintf(below.via + n, sizeof(below.via) - n, "%s%s", n ? ", " : "", name);
	below.depth++;
	return below;
}

void facts_follow(const struct facts_use *use, enum facts_kind kind, const char *name)
{
	size_t n = strlen(name) + 1;
	struct facts_step *step = malloc(sizeof(*step) + n);

	if (!step) {
		facts_use_unknown(use, name, "ENOMEM");
		return;
	}
	*step = (struct facts_step){ .next = *end, .kind = kind, .use = *use };
	memcpy(step->name, name, n);
	*end = step;
	end = &step->next;
}

struct facts_step *facts_next(void)
{
	struct facts_step *step = first;

	if (step)
		first = step->next;
	end = &first;
	return step;
}

/* -- the line of a device ----------------------------------------------------------------- */

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
	line_name(line, key, value);
}

static void add_slot(struct line *line, const struct bdf *bdf)
{
	char slot[49], power[8] = "";

	device_slot(bdf, ".:", slot, sizeof(slot));
	if (*slot)
		file_read(path_make("/sys/bus/pci/slots/%s/power", slot).s, power,
			  sizeof(power));
	line_name(line, "slot", slot);
	line_name(line, "slot_power", power);
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
	int64_t class = device_number(bdf, "class");
	char text[64] = "";
	struct line line;

	facts_begin(&line, "device");
	line_add(&line, "bdf", bdf->s);
	line_addf(&line, "id", "%04x:%04x", (unsigned int)device_number(bdf, "vendor"),
		  (unsigned int)device_number(bdf, "device"));
	line_addf(&line, "class", "0x%06x", (unsigned int)class);
	line_name(&line, "driver", d->driver);
	file_read(device_path(bdf, "driver_override").s, text, sizeof(text));
	line_name(&line, "override", strcmp(text, "(null)") != 0 ? text : "");
	if (d->group >= 0) {
		line_number(&line, "group", d->group);
		file_read(path_make("/sys/kernel/iommu_groups/%d/type", d->group).s, text,
			  sizeof(text));
		line_name(&line, "domain_type", text);
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
	line_name(&line, "parent", d->parent.s);
	line_number(&line, "sriov_total", device_number(bdf, "sriov_totalvfs"));
	line_number(&line, "sriov_num", device_number(bdf, "sriov_numvfs"));
	add_link(&line, "physfn", bdf, "physfn");
	line_number(&line, "autoprobe",
		    device_number(bdf, "sriov_drivers_autoprobe") != 0);
	line_name(&line, "net", d->net);
	line_name(&line, "mac", d->mac);
	line_name(&line, "block", d->block);
	line_name(&line, "cdev", d->cdev);
	line_name(&line, "vfio_open", d->open);
	facts_end(&line);
}

void facts_tell_devices(void)
{
	for (size_t i = 0; i < facts_devices.n; i++)
		if (is_asked(&facts_devices.devices[i].bdf))
			tell_device(&facts_devices.devices[i]);
}
