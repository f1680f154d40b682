// SPDX-License-Identifier: GPL-2.0-or-later
/* Everything as it was. Done twice it does nothing the second time. */
#include "race.h"

void saved_read(struct puts *puts, struct saved *saved, const struct bdf *bdf)
{
	saved->bdf = *bdf;
	device_driver(bdf, saved->driver, sizeof(saved->driver));
	device_override_read(puts, bdf, saved->override, sizeof(saved->override));
}

int saved_restore(struct puts *puts, const struct saved *saved)
{
	char is[64];
	int err;

	device_driver(&saved->bdf, is, sizeof(is));
	if (strcmp(is, saved->driver) != 0) {
		err = device_unbind(puts, &saved->bdf);
		if (err)
			return err;
	}
	err = device_override(puts, &saved->bdf, saved->override);
	if (err)
		return err;
	if (!strcmp(is, saved->driver) || !*saved->driver)
		return 0;
	return device_bind_file(puts, &saved->bdf, saved->driver);
}

const struct setting_file settings[SETTINGS] = {
	[SETTING_AUTOPROBE] = { "autoprobe", "/sys/bus/pci/drivers_autoprobe" },
	[SETTING_EXPEDITED] = { "expedited", "/sys/kernel/rcu_expedited" },
	[SETTING_DEVKMSG] = { "devkmsg", "/proc/sys/kernel/printk_devkmsg" },
};

int setting_write(struct puts *puts, enum setting setting, const char *text)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", text);
	return puts_write(puts, path_make("%s", settings[setting].file).s, line);
}

int setting_read(struct puts *puts, enum setting setting, char *text, size_t size)
{
	return puts_query(puts, path_make("%s", settings[setting].file).s, text, size);
}

const char *const back_names[] = { "ok", "gone", "moved", "stuck" };

static bool wait_exists(const struct bdf *bdf, int uevents, int64_t until_ns)
{
	struct uevent event;

	while (!device_exists(bdf)) {
		int err = uevents < 0 ? -ETIMEDOUT :
					uevent_next(uevents, &event, until_ns);

		if (err == -ETIMEDOUT)
			return device_exists(bdf);
	}
	return true;
}

int pull_bring_back(struct puts *puts, const struct pull *pull, int uevents,
		    int64_t until_ns)
{
	int64_t half = now_ns() + (until_ns - now_ns()) / 2;

	if (device_exists(&pull->device))
		return 0;
	/* Unbound it would still be there: it was removed. */
	if (pull->method->back && !strcmp(pull->method->back, "add"))
		pull_replug(puts, pull);
	if (wait_exists(&pull->device, uevents, half))
		return 0;
	puts_write(puts, path_make("/sys/bus/pci/rescan").s, "1");
	return wait_exists(&pull->device, uevents, until_ns) ? 0 : -ENODEV;
}

/* What it was, if that is an argument; "-" for none. As args_get_name(). */
static int take_names(const struct args *args, struct saved *saved)
{
	return args_get_name(args, "driver", saved->driver, sizeof(saved->driver)) ?:
		       args_get_name(args, "override", saved->override,
				     sizeof(saved->override));
}

/* Writes only what is different. */
static int restore_settings(struct puts *puts, const struct args *args)
{
	int status = 0;

	for (enum setting setting = 0; setting < SETTINGS; setting++) {
		const char *text = args_get(args, settings[setting].key);
		char is[64];
		int err;

		if (!text || (setting_read(puts, setting, is, sizeof(is)) >= 0 &&
			      !strcmp(is, text)))
			continue;
		err = setting_write(puts, setting, text);
		if (err)
			status = say_error("restore", "%s cannot be set to %s: %s",
					   settings[setting].file, text, errno_name(err));
	}
	return status;
}

static int restore_device(struct puts *puts, const struct pull *pull,
			  const struct args *args)
{
	struct saved saved = { .bdf = pull->device };
	char module[64] = "";
	int64_t limit_ms = 10000;
	_cleanup_close_ int uevents = uevent_open();
	/* Before anything is changed. */
	int status = args_get_name(args, "module", module, sizeof(module)) ?:
			     take_names(args, &saved),
	    err;

	if (status || args_get_number(args, "limit_ms", &limit_ms))
		return STATUS_USAGE;
	if (pull_bring_back(puts, pull, uevents, now_ns() + limit_ms * NS_PER_MSEC))
		return say_error("gone", "%s does not come back: reboot", pull->device.s);
	if (*module && !module_is_loaded(module))
		puts_act(puts, module_load, module);
	saved_read(puts, &saved, &pull->device);
	err = take_names(args, &saved) ?: saved_restore(puts, &saved);
	if (err)
		return say_error("restore", "%s cannot be given back to %s: %s",
				 pull->device.s, *saved.driver ? saved.driver : "nobody",
				 errno_name(err));
	return 0;
}

static void say_restored(struct puts *puts, const struct pull *pull)
{
	struct line line = { .n = 0 };
	struct saved saved;

	saved_read(puts, &saved, &pull->device);
	line_add(&line, "restore", "done");
	line_add(&line, "device", pull->device.s);
	line_name(&line, "driver", saved.driver);
	line_name(&line, "override", saved.override);
	line_end(&line);
}

/* The words of one device: from *from to the next `device=`. False: there is none. */
static bool next_device(const struct args *args, size_t *from, struct args *ret)
{
	bool named = false;

	ret->n = 0;
	for (; *from < args->n; ++*from) {
		bool names = !strcmp(args->words[*from].key, "device");

		if (names && named)
			break;
		named |= names;
		ret->words[ret->n++] = args->words[*from];
	}
	return ret->n > 0;
}

/* One that cannot be had back is no reason to leave the others. */
int restore_run(const struct args *args)
{
	struct puts puts = PUTS_INIT;
	int status = puts_open(&puts), settings_status;
	struct args words;
	size_t from = 0;

	if (status)
		return status;
	if (!args->n)
		return say_usage("device=BDF is missing");
	/* The devices last: they may hang. */
	settings_status = status = restore_settings(&puts, args);
	while (next_device(args, &from, &words)) {
		struct pull pull;
		int one = puts_renew(&puts) ?: pull_parse(&puts, &pull, &words);

		if (!one)
			one = restore_device(&puts, &pull, &words);
		if (!one && !settings_status)
			say_restored(&puts, &pull);
		status = status ?: one;
	}
	return status;
}
