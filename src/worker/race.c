// SPDX-License-Identifier: GPL-2.0-or-later
/* The coordinator: sets up, makes one attempt a line, puts everything back. */
#include "race.h"

#include "commands.h"
#include "input.h"

#include <string.h>
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
	struct bdf bdf;
	int status = bdf_arg(args, "device", &bdf);
	const char *member;

	if (status)
		return status;
	saved_read(&race->puts, &race->devices[race->n_devices++], &bdf);
	for (size_t i = 0; (member = args_get_nth(args, "member", i)); i++) {
		if (bdf_parse(member, &bdf))
			return say_usage("member=%s: not a PCI address", member);
		if (!device_exists(&bdf))
			return say_error("device", "there is no PCI device %s", bdf.s);
		if (race->n_devices == ARRAY_SIZE(race->devices))
			return say_usage("more than %d members", MEMBERS_MAX);
		saved_read(&race->puts, &race->devices[race->n_devices++], &bdf);
	}
	return 0;
}

static int race_parse_numbers(struct race *race, const struct args *args)
{
	int64_t churn = 0, autoprobe = 0, expedited = 0, blocked_ms = 2000,
		limit_ms = 10000;

	if (args_get_number(args, "churn", &churn) ||
	    args_get_number(args, "autoprobe", &autoprobe) ||
	    args_get_number(args, "expedited", &expedited) ||
	    args_get_number(args, "blocked_ms", &blocked_ms) ||
	    args_get_number(args, "limit_ms", &limit_ms))
		return STATUS_USAGE;
	if (blocked_ms < 1 || limit_ms < 1 || blocked_ms > 3600000 || limit_ms > 3600000)
		return say_usage("blocked_ms and limit_ms: 1 to 3600000");
	race->churn = churn;
	race->autoprobe = autoprobe;
	race->expedited = expedited;
	race->blocked_ns = blocked_ms * NS_PER_MSEC;
	race->puts.limit_ns = limit_ms * NS_PER_MSEC;
	return 0;
}

static int race_parse(struct race *race, const struct args *args)
{
	const char *name = args_get(args, "holder") ?: "group";
	const char *release = args_get(args, "release") ?: "request";
	struct holder *holder = &race->holding.holder;
	int status;

	race->ops = holder_find(name);
	if (!race->ops)
		return say_usage("holder=%s: see iommu-stress-worker(8)", name);
	if (release_parse(release, &race->release))
		return say_usage("release=%s: see iommu-stress-worker(8)", release);
	status = race_parse_numbers(race, args);
	if (status)
		return status;
	status = pull_parse(&race->puts, &race->pull, args) ?:
			 race_parse_devices(race, args);
	race->driver = race->ops == &holder_none ? race->devices[0].driver : "vfio-pci";
	holder_init(holder, race->ops);
	holder->bdf = race->pull.device;
	holder->release = race->release;
	holder->qemu = args_get(args, "qemu");
	holder->qemu_root = args_get(args, "qemu_root");
	return status;
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

/* -- lines from standard input ------------------------------------------------------------ */

enum said { SAID_ATTEMPT, SAID_NOTHING, SAID_END, SAID_NONSENSE };

/* "try=N at=NS", an empty line, "end", or none of them, which is answered. */
static enum said parse_line(char *text, struct attempt *attempt)
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
	*attempt = (struct attempt){ 0 };
	if (args_parse(&args, n, words, "try at") ||
	    args_get_number(&args, "try", &attempt->number) ||
	    args_get_number(&args, "at", &attempt->at_ns))
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
		struct attempt attempt;
		enum said said = parse_line(text, &attempt);
		int status;

		if (said == SAID_NOTHING)
			continue;
		if (said == SAID_END)
			break;
		if (said == SAID_NONSENSE)
			return STATUS_USAGE;
		status = attempt_run(race, &attempt);
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
	line_add(&line, "driver", *saved->driver ? saved->driver : "-");
	line_add(&line, "override", *saved->override ? saved->override : "-");
	line_number(&line, "group", device_group(&saved->bdf));
	line_add(&line, "slot", *race->pull.slot ? race->pull.slot : "-");
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
