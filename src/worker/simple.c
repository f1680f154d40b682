// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands that do one thing: bind, unbind, unplug, replug, hold. */
#include "race.h"

#include <sys/mman.h>
#include <unistd.h>

static int say_done(struct puts *puts, const char *command, const struct bdf *bdf)
{
	struct line line = { .n = 0 };
	struct saved saved = { .bdf = *bdf };
	bool exists = device_exists(bdf);

	if (exists)
		saved_read(puts, &saved, bdf);
	line_add(&line, command, "done");
	line_add(&line, "device", bdf->s);
	line_add(&line, "driver", !exists ? "gone" : *saved.driver ? saved.driver : "-");
	line_end(&line);
	return STATUS_OK;
}

int bind_run(const struct args *args)
{
	const char *driver = args_get(args, "driver") ?: "vfio-pci";
	struct puts puts = PUTS_INIT;
	struct bdf bdf;
	int status = device_arg(args, &bdf), err;

	if (status)
		return status;
	if (!name_is_plain(driver) ||
	    !path_exists(path_make("/sys/bus/pci/drivers/%s", driver).s))
		return !strcmp(driver, "vfio-pci") ?
			       say_error("vfio", "no VFIO: CONFIG_VFIO_PCI or modprobe "
						 "vfio-pci") :
			       say_error("driver", "there is no driver %s: modprobe it",
					 driver);
	status = puts_open(&puts);
	if (status)
		return status;
	err = device_bind(&puts, &bdf, driver);
	if (err)
		return say_error("bind", "%s cannot be bound to %s: %s", bdf.s, driver,
				 errno_name(err));
	return say_done(&puts, "bind", &bdf);
}

int unbind_run(const struct args *args)
{
	struct puts puts = PUTS_INIT;
	struct bdf bdf;
	int status = device_arg(args, &bdf) ?: puts_open(&puts), err;

	if (status)
		return status;
	err = device_unbind(&puts, &bdf);
	if (err)
		return say_error("unbind", "%s cannot be unbound: %s%s", bdf.s,
				 errno_name(err),
				 err == -ETIMEDOUT ? ": somebody holds it" : "");
	return say_done(&puts, "unbind", &bdf);
}

int unplug_run(const struct args *args)
{
	struct puts puts = PUTS_INIT;
	struct pull pull;
	int status = puts_open(&puts) ?: pull_parse(&puts, &pull, args), err;

	if (status)
		return status;
	status = device_check(&pull.device);
	if (!status && !pull.method->pull_file)
		return say_usage("method=outside is for others to do");
	status = status ?: pull_check(&pull);
	if (status)
		return status;
	err = pull_unplug(&puts, &pull);
	if (err)
		return say_error("unplug", "%s: method=%s: %s", pull.device.s,
				 pull.method->name, errno_name(err));
	return say_done(&puts, "unplug", &pull.device);
}

int replug_run(const struct args *args)
{
	_cleanup_close_ int uevents = uevent_open();
	struct puts puts = PUTS_INIT;
	struct pull pull;
	int status = puts_open(&puts) ?: pull_parse(&puts, &pull, args), err = 0;

	if (status)
		return status;
	if (pull.method->back && pull_is_gone(&pull))
		err = pull_replug(&puts, &pull);
	if (err)
		return say_error("replug", "%s: method=%s: %s", pull.device.s,
				 pull.method->name, errno_name(err));
	if (pull_bring_back(&puts, &pull, uevents, now_ns() + 10 * NS_PER_SEC))
		return say_error("gone", "%s does not come back", pull.device.s);
	return say_done(&puts, "replug", &pull.device);
}

/* -- hold ---------------------------------------------------------------------------------- */

static void say_hold(const char *state, const struct holder *holder, int error)
{
	struct line line = { .n = 0 };

	line_add(&line, "hold", state);
	line_add(&line, "device", holder->bdf.s);
	line_add(&line, "holder", holder->ops->name);
	line_number(&line, "group", device_group(&holder->bdf));
	if (!strcmp(state, "end"))
		line_errno(&line, "release", error);
	line_end(&line);
}

/* Until a line, the end of input, a signal or, if that is what is waited for, the request. */
static void hold_wait(struct holder *holder)
{
	char text[256];
	struct pollfd pollfds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = signals_open(), .events = POLLIN },
		/* A child tells it in its own way. */
		{ .fd = holder->ops->requested ? holder->qmp : holder->request,
		  .events = POLLIN },
	};

	for (;;) {
		if (poll(pollfds, ARRAY_SIZE(pollfds), -1) < 0)
			continue;
		if (pollfds[1].revents)
			return;
		if (pollfds[2].revents && holder_requested(holder)) {
			if (holder->release == RELEASE_REQUEST)
				return;
			say_hold("request", holder, 0);
			pollfds[2].fd = -1;
		}
		/* The child has ended. */
		if (pollfds[2].revents & POLLHUP)
			pollfds[2].fd = -1;
		if (pollfds[0].revents) {
			ssize_t n = read(STDIN_FILENO, text, sizeof(text) - 1);

			if (n <= 0 || !strncmp(text, "release\n", 8))
				return;
		}
	}
}

static int hold_open(struct holder *holder)
{
	holder->memory = mmap(NULL, HOLDER_MEMORY, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (holder->memory == MAP_FAILED)
		return say_error("memory", "mmap: %s", errno_name(errno));
	if (!holder->ops->open(holder))
		return 0;
	holder->ops->close(holder);
	return say_error(holder->word, "%s", holder->why);
}

int hold_run(const struct args *args)
{
	struct holder holder;
	int64_t at = 0;
	int status = holder_parse(&holder, args, "close-unset"), err;

	if (status)
		return status;
	if (holder.ops == &holder_none)
		return say_usage("holder=none: see iommu-stress-worker(8)");
	if (args_get_number(args, "at", &at))
		return STATUS_USAGE;
	status = device_arg(args, &holder.bdf) ?: hold_open(&holder);
	if (status)
		return status;
	say_hold("ready", &holder, 0);
	hold_wait(&holder);
	at += now_ns();
	holder.ops->prepare(&holder);
	spin_until(at);
	err = holder_act(&holder);
	holder.ops->close(&holder);
	say_hold("end", &holder, err);
	return STATUS_OK;
}
