// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver is taken away from a device and given back, whatever the device does: once. */
#include "interface.h"
#include "race.h"

/* sysfs is looked at so often, should an event be lost; and an event waited for so long. */
#define LOOK_NS  (20 * NS_PER_MSEC)
#define EVENT_NS NS_PER_SEC

struct rebind {
	/* What is asked for. */
	struct pull pull;
	bool by_module;
	int64_t cycle, limit_ns;
	/* What was before. */
	struct saved saved;
	struct interfaces interfaces;
	char module[64], id[16];
	/* Who does it, and by when. */
	struct puts puts;
	int uevents;
	int64_t begin, deadline;
	/* What came of it. */
	int unplug_error, back_error;
	bool gone, gone_event, back_event, net;
	int64_t unplug_ns, back_ns;
	enum back back;
	struct bdf moved;
	char where[160], missing[128];
};

static int rebind_parse(struct rebind *rebind, const struct args *args)
{
	const char *method = args_get(args, "method") ?: "unbind";
	struct args words = *args;
	int64_t limit_ms = 10000;

	if (args_get_number(args, "cycle", &rebind->cycle) ||
	    args_get_number(args, "limit_ms", &limit_ms))
		return STATUS_USAGE;
	if (limit_ms < 1 || limit_ms > 3600000)
		return say_usage("limit_ms: 1 to 3600000");
	rebind->limit_ns = limit_ms * NS_PER_MSEC;
	rebind->by_module = !strcmp(method, "module");
	if (!rebind->by_module && strcmp(method, "unbind") != 0 &&
	    strcmp(method, "remove") != 0)
		return say_usage("method=%s: not one of unbind, remove, module", method);
	/* A module that goes unbinds its devices. */
	if (words.n == ARGS_MAX)
		return say_usage("more than %d words", ARGS_MAX - 1);
	words.words[words.n++] =
		(struct word){ "method", rebind->by_module ? "unbind" : method };
	return pull_parse(&rebind->puts, &rebind->pull, &words);
}

/* Is there a driver, and can it be taken away like this? */
static int rebind_check(struct rebind *rebind)
{
	const struct bdf *device = &rebind->pull.device;
	int status, err;

	status = device_check(device) ?: pull_check(&rebind->pull);
	if (status)
		return status;
	saved_read(&rebind->puts, &rebind->saved, device);
	if (!*rebind->saved.driver)
		return say_error("driver", "%s has no driver that could be taken away",
				 device->s);
	module_of(device, rebind->module, sizeof(rebind->module));
	if (rebind->by_module)
		status = module_check(rebind->module, device);
	if (status)
		return status;
	err = interfaces_read(&rebind->interfaces, device);
	if (err)
		return say_error("net", "what the interfaces of %s have is not told: %s",
				 device->s, errno_name(err));
	device_id(device, rebind->id, sizeof(rebind->id));
	return 0;
}

/* -- waiting ------------------------------------------------------------------------------ */

static bool is_gone(const struct rebind *rebind)
{
	return pull_is_gone(&rebind->pull);
}

static bool is_back(const struct rebind *rebind)
{
	char driver[64];

	device_driver(&rebind->pull.device, driver, sizeof(driver));
	return !strcmp(driver, rebind->saved.driver);
}

static void note_event(struct rebind *rebind, const struct uevent *event,
		       const char *action, bool *seen)
{
	if (!strcmp(event->bdf.s, rebind->pull.device.s))
		*seen |= !strcmp(event->action, action);
	else if (!strcmp(event->action, "add") && !strcmp(event->id, rebind->id))
		rebind->moved = event->bdf;
}

/* Until sysfs and the event agree. False: sysfs does not, within the limit. */
static bool await(struct rebind *rebind, const char *action,
		  bool (*holds)(const struct rebind *rebind), bool *seen)
{
	int64_t until = rebind->deadline, event_until = 0;
	struct uevent event;

	for (;;) {
		int64_t now = now_ns(), next = now + LOOK_NS;
		bool held = holds(rebind);

		if (held && !event_until)
			event_until = now + EVENT_NS;
		if (held && (*seen || now >= event_until))
			return true;
		if (now >= until)
			return held;
		if (!uevent_next(rebind->uevents, &event, next < until ? next : until))
			note_event(rebind, &event, action, seen);
	}
}

/* -- driver gone --------------------------------------------------------------------------- */

static void note_stuck(struct rebind *rebind)
{
	if (rebind->puts.stuck)
		process_where(rebind->puts.writer.pid, rebind->where,
			      sizeof(rebind->where));
}

static void take(struct rebind *rebind)
{
	int64_t begin = now_ns();

	rebind->deadline = begin + rebind->limit_ns;
	rebind->unplug_error =
		rebind->by_module ?
			puts_act(&rebind->puts, module_unload, rebind->module) :
			pull_unplug(&rebind->puts, &rebind->pull);
	rebind->unplug_ns = rebind->puts.stuck ? -1 : now_ns() - begin;
	note_stuck(rebind);
	if (!rebind->unplug_error)
		rebind->gone = await(rebind, rebind->pull.method->gone, is_gone,
				     &rebind->gone_event);
}

/* -- driver back ---------------------------------------------------------------------------- */

static int give(struct rebind *rebind)
{
	const struct saved *saved = &rebind->saved;

	if (rebind->by_module)
		return puts_act(&rebind->puts, module_load, rebind->module);
	if (!strcmp(rebind->pull.method->gone, "remove"))
		return pull_replug(&rebind->puts, &rebind->pull);
	return device_bind_file(&rebind->puts, &rebind->pull.device, saved->driver);
}

/* A new device gets no driver by itself while drivers_autoprobe is off, or of an override. */
static bool needs_help(struct rebind *rebind)
{
	char autoprobe[8] = "";

	setting_read(&rebind->puts, SETTING_AUTOPROBE, autoprobe, sizeof(autoprobe));
	return device_exists(&rebind->pull.device) &&
	       (*rebind->saved.override || !strcmp(autoprobe, "0"));
}

static void give_back(struct rebind *rebind)
{
	int64_t begin = now_ns();

	rebind->deadline = begin + rebind->limit_ns;
	rebind->back_error = give(rebind);
	if (!rebind->puts.stuck && needs_help(rebind))
		rebind->back_error = saved_restore(&rebind->puts, &rebind->saved);
	note_stuck(rebind);
	if (rebind->puts.stuck)
		rebind->back = BACK_STUCK;
	else if (!await(rebind, "bind", is_back, &rebind->back_event))
		rebind->back = *rebind->moved.s ? BACK_MOVED : BACK_GONE;
	rebind->back_ns = now_ns() - begin;
}

static bool interfaces_are_there(const struct rebind *rebind)
{
	return interfaces_count(&rebind->pull.device) >= rebind->interfaces.n;
}

static void give_network(struct rebind *rebind)
{
	/* They come without an event of the device. */
	bool seen = true;

	await(rebind, "", interfaces_are_there, &seen);
	rebind->net = interfaces_restore(&rebind->interfaces, &rebind->pull.device,
					 rebind->missing, sizeof(rebind->missing));
}

/* -- what is told ---------------------------------------------------------------------------- */

static void say_begin(const struct rebind *rebind)
{
	struct line line = { .n = 0 };

	line_number(&line, "cycle", rebind->cycle);
	line_add(&line, "phase", "unplug");
	line_add(&line, "device", rebind->pull.device.s);
	line_add(&line, "driver", rebind->saved.driver);
	line_end(&line);
}

static void add_unplug(struct line *line, const struct rebind *rebind)
{
	line_number(line, "cycle", rebind->cycle);
	line_add(line, "phase", "back");
	if (rebind->unplug_error == -EPIPE)
		line_add(line, "unplug", "died");
	else if (rebind->unplug_ns < 0)
		line_add(line, "unplug", "stuck");
	else
		line_errno(line, "unplug", rebind->unplug_error);
	line_number(line, "unplug_ns", rebind->unplug_ns);
	line_number(line, "gone", rebind->gone);
}

static void say_gone(const struct rebind *rebind)
{
	struct line line = { .n = 0 };

	add_unplug(&line, rebind);
	line_end(&line);
}

static void say_result(const struct rebind *rebind)
{
	struct line line = { .n = 0 };

	add_unplug(&line, rebind);
	line_add(&line, "back", back_names[rebind->back]);
	if (rebind->back == BACK_MOVED)
		line_add(&line, "moved", rebind->moved.s);
	line_number(&line, "back_ns", rebind->back_ns);
	line_add(&line, "uevents",
		 rebind->gone_event && rebind->back_event ? "ok" : "missing");
	line_add(&line, "net", rebind->net ? "ok" : "missing");
	line_number(&line, "total_ns", now_ns() - rebind->begin);
	if (rebind->back_error)
		line_errno(&line, "bind", rebind->back_error);
	if (*rebind->where)
		line_add(&line, "where", rebind->where);
	if (*rebind->missing)
		line_add(&line, "missing", rebind->missing);
	line_end(&line);
}

static void rebind_cycle(struct rebind *rebind)
{
	rebind->begin = now_ns();
	rebind->puts.limit_ns = rebind->limit_ns;
	say_begin(rebind);
	uevent_drain(rebind->uevents);
	take(rebind);
	if (rebind->gone) {
		say_gone(rebind);
		give_back(rebind);
	} else if (rebind->puts.stuck) {
		rebind->back = BACK_GONE;
	}
	if (rebind->back == BACK_OK && !rebind->puts.stuck)
		give_network(rebind);
	say_result(rebind);
}

int rebind_run(const struct args *args)
{
	struct rebind rebind = { .puts = PUTS_INIT, .uevents = uevent_open() };
	/* Who is told to end half way does the rest first: it does not take long. */
	_cleanup_close_ int signals = signals_open();
	int status = puts_open(&rebind.puts);

	if (!status && rebind.uevents < 0)
		status = say_error("uevents", "cannot listen to the kernel's events: %s",
				   errno_name(rebind.uevents));
	if (!status)
		status = rebind_parse(&rebind, args) ?: rebind_check(&rebind);
	if (!status) {
		rebind_cycle(&rebind);
		status = rebind.unplug_error || rebind.back != BACK_OK || !rebind.net ?
				 STATUS_ERROR :
				 STATUS_OK;
	}
	interfaces_done(&rebind.interfaces);
	fd_close(&rebind.uevents);
	if (!rebind.puts.stuck)
		peer_stop(&rebind.puts.writer, now_ns() + NS_PER_SEC);
	(void)signals;
	return status;
}
