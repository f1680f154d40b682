// SPDX-License-Identifier: GPL-2.0-or-later
/* The coordinator: sets up, makes one attempt a line, puts everything back. */
#include "race.h"

#include <unistd.h>

/* Writes at the end: somebody waits for us. */
#define END_NS (3 * NS_PER_SEC)

/* -- before ------------------------------------------------------------------------------- */

/* Keeps what it was for the end. */
static int change(struct race *race, enum setting setting, const char *text)
{
	char *was = race->was[setting];
	int n = setting_read(&race->puts, setting, was, sizeof(race->was[0])), err = 0;

	if (n >= 0 && strcmp(was, text) != 0)
		err = setting_write(&race->puts, setting, text);
	if (n < 0 || err || !strcmp(was, text))
		was[0] = '\0';
	return n < 0 ? n : err;
}

static int race_parse_devices(struct race *race, const struct args *args)
{
	struct bdf bdf = race->pull.device;
	int status = device_check(&bdf);
	const char *member;

	if (status)
		return status;
	saved_read(&race->puts, &race->devices[race->n_devices++], &bdf);
	for (size_t i = 0; (member = args_get_nth(args, "member", i)); i++) {
		if (bdf_parse(member, &bdf))
			return say_usage("member=%s: not a PCI address", member);
		status = device_check(&bdf);
		if (status)
			return status;
		if (race->n_devices == ARRAY_SIZE(race->devices))
			return say_usage("more than %d members", MEMBERS_MAX);
		saved_read(&race->puts, &race->devices[race->n_devices++], &bdf);
	}
	return 0;
}

static int race_parse_numbers(struct race *race, const struct args *args)
{
	int64_t blocked_ms = 2000, limit_ms = 10000;

	if (args_get_number(args, "churn", &race->churn) ||
	    args_get_number(args, "autoprobe", &race->autoprobe) ||
	    args_get_number(args, "expedited", &race->expedited) ||
	    args_get_number(args, "blocked_ms", &blocked_ms) ||
	    args_get_number(args, "limit_ms", &limit_ms))
		return STATUS_USAGE;
	if (blocked_ms < 1 || limit_ms < 1 || blocked_ms > 3600000 || limit_ms > 3600000)
		return say_usage("blocked_ms and limit_ms: 1 to 3600000");
	race->blocked_ns = blocked_ms * NS_PER_MSEC;
	race->puts.limit_ns = limit_ms * NS_PER_MSEC;
	return 0;
}

static int race_parse(struct race *race, const struct args *args)
{
	struct holder *holder = &race->holding.holder;
	int status = holder_parse(holder, args, "request")              ?:
			     race_parse_numbers(race, args)             ?:
			     pull_parse(&race->puts, &race->pull, args) ?:
			     race_parse_devices(race, args);

	if (status)
		return status;
	holder->bdf = race->pull.device;
	race->ops = holder->ops;
	race->driver = race->ops == &holder_none ? race->devices[0].driver : "vfio-pci";
	return 0;
}

static int race_bind(struct race *race)
{
	for (size_t i = 0; i < race->n_devices; i++) {
		const struct bdf *bdf = &race->devices[i].bdf;
		int err = *race->driver ? device_bind(&race->puts, bdf, race->driver) : 0;

		if (err)
			return say_error("bind", "%s cannot be bound to %s: %s", bdf->s,
					 race->driver, errno_name(err));
		if (race->ops == &holder_none)
			break;
	}
	return 0;
}

static int race_setup(struct race *race, bool markers)
{
	int status = race_check(race), err;

	if (status)
		return status;
	race->changed = true;
	race->uevents = uevent_open();
	if (race->uevents < 0)
		return say_error("uevents", "cannot listen to the kernel's events: %s",
				 errno_name(race->uevents));
	if (markers && change(race, SETTING_DEVKMSG, "on"))
		say_warning("devkmsg", "printk_devkmsg is locked, the kernel will drop "
				       "markers: boot with printk.devkmsg=on");
	err = change(race, SETTING_AUTOPROBE, race->autoprobe ? "1" : "0");
	if (err)
		return say_error("permission",
				 "cannot write drivers_autoprobe: %s: run as root",
				 errno_name(err));
	/* Most of an unplug is waiting for grace periods. */
	if (race->expedited && change(race, SETTING_EXPEDITED, "1"))
		say_warning("expedited",
			    "rcu_expedited cannot be set: attempts take longer");
	status = race_bind(race);
	if (status || race->ops == &holder_none)
		return status;
	return race_check_group(race);
}

/* -- after -------------------------------------------------------------------------------- */

static int restore_settings(struct race *race)
{
	int err = 0;

	for (enum setting setting = 0; setting < SETTINGS; setting++)
		if (*race->was[setting])
			err = setting_write(&race->puts, setting, race->was[setting]) ?:
											err;
	return !err ? 0 :
		      say_error("restore",
				"a setting is not as it was: %s; see "
				"iommu-stress-worker restore",
				errno_name(err));
}

static int restore_devices(struct race *race)
{
	int status = 0;

	if (pull_bring_back(&race->puts, &race->pull, race->uevents,
			    now_ns() + 2 * END_NS))
		status = say_error("restore",
				   "%s has not come back; see iommu-stress-worker "
				   "restore",
				   race->pull.device.s);
	for (size_t i = 0; i < race->n_devices; i++) {
		const struct saved *saved = &race->devices[i];
		int err = device_exists(&saved->bdf) ? saved_restore(&race->puts, saved) :
						       0;

		/* The number may be the driver's own. */
		if (err)
			status =
				say_error("restore",
					  "%s does not go back to %s: %s; the kernel log "
					  "may tell why",
					  saved->bdf.s,
					  *saved->driver ? saved->driver : "no driver",
					  errno_name(err));
	}
	return status;
}

static int race_restore(struct race *race)
{
	int status;

	race->puts.limit_ns = END_NS;
	peer_stop(&race->holder, now_ns() + END_NS);
	if (puts_renew(&race->puts))
		return STATUS_ERROR;
	status = restore_settings(race);
	/* These last: they may hang. */
	status = restore_devices(race) ?: status;
	peer_stop(&race->puts.writer, now_ns() + NS_PER_SEC);
	return status;
}

/* -- what it uses of the machine: what grows when something leaks ------------------------ */

static int64_t meminfo(const char *key)
{
	char text[4096], *at;

	file_read(path_make("/proc/meminfo").s, text, sizeof(text));
	at = strstr(text, key);
	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

/* The line usage=WHEN. Descriptors are those of all three processes. */
static void resources_say(const struct race *race, const char *when)
{
	const pid_t pids[] = { getpid(), race->puts.writer.pid, race->holder.pid };
	struct line line = { .n = 0 };
	int fds = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		if (pids[i] > 0)
			fds += names_count(path_make("/proc/%d/fd", pids[i]).s);
	line_add(&line, "usage", when);
	line_number(&line, "fds", fds);
	line_number(&line, "groups",
		    names_count(path_make("/sys/kernel/iommu_groups").s));
	line_number(&line, "devices", names_count(path_make("/sys/bus/pci/devices").s));
	line_number(&line, "available_kb", meminfo("MemAvailable:"));
	line_number(&line, "slab_kb", meminfo("SUnreclaim:"));
	line_end(&line);
}

/* -- lines from standard input ------------------------------------------------------------ */

enum said { SAID_ATTEMPT, SAID_NOTHING, SAID_END, SAID_NONSENSE };

/* "try=N at=NS", an empty line, "end", or none of them, which is answered. */
static enum said parse_line(char *text, struct shot *shot)
{
	const char *words[ARGS_MAX];
	char *rest = NULL;
	struct args args;
	int n = 0;

	for (char *word = strtok_r(text, " \t\r", &rest); word && n < ARGS_MAX;
	     word = strtok_r(NULL, " \t\r", &rest))
		words[n++] = word;
	if (!n)
		return SAID_NOTHING;
	if (n == 1 && !strcmp(words[0], "end"))
		return SAID_END;
	*shot = (struct shot){ 0 };
	if (args_parse(&args, n, words, "try at") ||
	    args_get_number(&args, "try", &shot->number) ||
	    args_get_number(&args, "at", &shot->at_ns))
		return SAID_NONSENSE;
	if (args_get(&args, "try"))
		return SAID_ATTEMPT;
	say_usage("a line is 'try=N at=NS' or 'end'");
	return SAID_NONSENSE;
}

static int race_loop(struct race *race, struct input *input)
{
	bool first = true;
	char text[1024];

	while (!output_is_lost() && input_line(input, text, sizeof(text))) {
		struct shot shot;
		enum said said = parse_line(text, &shot);
		int status;

		if (said == SAID_NOTHING)
			continue;
		if (said == SAID_END)
			break;
		if (said == SAID_NONSENSE)
			return STATUS_USAGE;
		status = attempt_run(race, &shot);
		if (status)
			return status;
		if (first)
			resources_say(race, "begin");
		first = false;
	}
	if (!first)
		resources_say(race, "end");
	return 0;
}

static void say_ready(const struct race *race)
{
	const struct saved *saved = &race->devices[0];
	struct line line = { .n = 0 };

	line_add(&line, "race", "ready");
	line_number(&line, "pid", getpid());
	line_add(&line, "device", saved->bdf.s);
	line_name(&line, "driver", saved->driver);
	line_name(&line, "override", saved->override);
	line_number(&line, "group", device_group(&saved->bdf));
	line_name(&line, "slot", race->pull.slot);
	line_number(&line, "cpu_writer", race->puts.cpu);
	line_number(&line, "cpu_holder", race->cpu_holder);
	line_end(&line);
}

static int race_begin(struct race *race, const struct args *args)
{
	int64_t markers = 0;
	int status = race_choose_cpus(race);

	if (!status)
		status = puts_open(&race->puts);
	if (status)
		return status;
	race->holding.meet = race->puts.meet;
	status = race_parse(race, args);
	if (status)
		return status;
	if (args_get_number(args, "markers", &markers))
		return STATUS_USAGE;
	status = race_setup(race, markers);
	if (!status)
		say_ready(race);
	return status;
}

int race_run(const struct args *args)
{
	struct race race = { .puts = PUTS_INIT, .uevents = -1 };
	struct input input = { .signals = signals_open() };
	struct line line = { .n = 0 };
	int status, end;

	status = race_begin(&race, args);
	if (!status)
		status = race_loop(&race, &input);
	end = race.changed ? race_restore(&race) : 0;
	line_add(&line, "race", "end");
	line_end(&line);
	return status ?: end;
}
