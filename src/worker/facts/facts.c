// SPDX-License-Identifier: GPL-2.0-or-later
/* iommu-stress-worker facts: the PCI devices, what they are used for, and what is unknown. */
#include "facts.h"
#include "worker/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t lines;
static const char *only; /* address of the one device that is asked for, or NULL */

/* -- telling ------------------------------------------------------------------------------ */

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

static void told_forget(void)
{
	for (size_t i = 0; i < told.n; i++)
		free(told.keys[i]);
	free(told.keys);
	told.keys = NULL;
	told.n = 0;
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
	return !only || !strcmp(only, bdf->s);
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
	line_addf(&line, "at", "%.200s", use->at);
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

struct facts_use facts_use_below(const struct facts_use *use, const char *name)
{
	struct facts_use below = *use;
	size_t n = strlen(below.via);

	snprintf(below.via + n, sizeof(below.via) - n, "%s%s", n ? ", " : "", name);
	below.depth++;
	return below;
}

void facts_use_unknown(const struct facts_use *use, const char *what, const char *why)
{
	/* A way over the network may end at a disk (nbd), and the other way round. */
	facts_tell_unknown(!strcmp(use->rule, "route") ?
				   FACTS_ABOUT_NET :
				   FACTS_ABOUT_BLOCK | FACTS_ABOUT_NET,
			   use->rule, what, why);
}

/* -- the console -------------------------------------------------------------------------- */

static void tell_consoles(void)
{
	struct facts_use use = { .why = "display", .rule = "display", .at = "" };
	char active[128], real[PATH_MAX], *rest = NULL;
	struct bdf bdf;

	for (size_t i = 0; i < facts_devices.n; i++)
		if (facts_number_of(&facts_devices.devices[i].bdf, "boot_vga"))
			facts_tell_use(&facts_devices.devices[i].bdf, &use, "boot_vga");
	file_read(path_make("/sys/class/tty/console/active").s, active, sizeof(active));
	for (char *tty = strtok_r(active, " ", &rest); tty;
	     tty = strtok_r(NULL, " ", &rest))
		if (facts_pci_of(path_make("/sys/class/tty/%s", tty).s, &bdf, real))
			facts_tell_use(&bdf, &use, tty);
}

/* -- the command -------------------------------------------------------------------------- */

int facts_run(const struct args *args)
{
	const char *peer = args_get(args, "peer");
	struct bdf device;
	struct line line;
	int err;

	if (args_get(args, "device")) {
		err = bdf_arg(args, "device", &device);
		if (err)
			return err;
		only = device.s;
	}
	err = facts_find_devices();
	if (err)
		return say_error("sysfs", "cannot read /sys/bus/pci/devices: %s",
				 errno_name(err));
	if (!peer)
		peer = facts_find_peer();
	facts_find_opens();

	facts_begin(&line, "system");
	facts_system(&line);
	facts_add_name(&line, "peer", peer ? peer : "");
	facts_end(&line);
	for (size_t i = 0; i < facts_devices.n; i++)
		if (is_asked(&facts_devices.devices[i].bdf))
			facts_tell_device(&facts_devices.devices[i]);
	facts_mounts();
	facts_swaps();
	facts_held();
	/* Whoever talks over a serial line needs no route. */
	if (!peer || strcmp(peer, "none") != 0)
		facts_routes(peer);
	tell_consoles();
	facts_opens();

	line.n = 0;
	line_add(&line, "fact", "end");
	line_number(&line, "lines", lines);
	line_end(&line);
	free(facts_devices.devices);
	told_forget();
	return STATUS_OK;
}
