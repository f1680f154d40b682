// SPDX-License-Identifier: GPL-2.0-or-later
#include "qmp_power.h"

#include "base/log.h"
#include "qmp.h"

#include <errno.h>
#include <stdlib.h>

struct qmp_power {
	struct power power;
	struct slot slot;
	struct qmp_machine machine;
	struct qmp *qmp;
	bool off;           /* the guest has powered it off, QEMU waits */
	bool cont_on_reset; /* was powered off: a reset leaves it stopped */
};

static struct qmp_power *of_slot(struct slot *slot)
{
	return (struct qmp_power *)((char *)slot - offsetof(struct qmp_power, slot));
}

static void on_event(void *arg, const char *event, bool by_guest, const char *device)
{
	static const struct {
		const char *qemu, *by_guest, *by_host;
	} names[] = {
		{ "RESET", "reset", "host-reset" },
		{ "SHUTDOWN", "shutdown", "host-shutdown" },
		{ "POWERDOWN", "powerdown", "powerdown" },
		{ "GUEST_PANICKED", "panic", "panic" },
		{ "STOP", "stop", "stop" },
		{ "RESUME", "resume", "resume" },
	};
	struct qmp_power *p = arg;
	struct target *t = p->machine.target;
	bool is_test = device && !strcmp(device, BOARD_DEVICE_ID);

	if (is_test && !strcmp(event, "DEVICE_DELETED"))
		target_plugged(t, "removed", NULL);
	if (is_test && !strcmp(event, "DEVICE_UNPLUG_GUEST_ERROR"))
		target_plugged(t, "refused", "the board keeps it");
	if (!strcmp(event, QMP_BROKEN)) {
		static const char reason[] =
			"QEMU sends a line of more than 1 MB over QMP";

		log_error("%s: %s", t->name, reason);
		target_ended(t, reason);
	}
	/*
	 * The kernel that was slowed down is gone. The next one shall not be: an 8250's
	 * driver waits 10 ms for its port, then characters are lost, perhaps the banner's.
	 */
	if (!strcmp(event, "SHUTDOWN") || !strcmp(event, "RESET"))
		target_set_baud(t, 0);
	if (!strcmp(event, "SHUTDOWN"))
		p->off = true;
	if (!strcmp(event, "RESUME"))
		p->off = false;
	if (!strcmp(event, "RESET") && p->cont_on_reset) {
		p->cont_on_reset = false;
		if (qmp_send(p->qmp, "cont") < 0)
			log_warning("cannot switch %s on again", t->name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(event, names[i].qemu))
			target_switched(t,
					by_guest ? names[i].by_guest : names[i].by_host);
}

int qmp_power_attach(struct power *power, struct loop *loop, int fd)
{
	struct qmp_power *p = (struct qmp_power *)power;

	p->off = p->cont_on_reset = false;
	return qmp_new(loop, fd, on_event, p, &p->qmp);
}

void qmp_power_detach(struct power *power)
{
	struct qmp_power *p = (struct qmp_power *)power;

	qmp_free(p->qmp);
	p->qmp = NULL;
}

bool qmp_power_is_ready(const struct power *power)
{
	return qmp_is_ready(((const struct qmp_power *)power)->qmp);
}

static int reset_or_on(struct power *power, bool on)
{
	struct qmp_power *p = (struct qmp_power *)power;

	if (!p->qmp || (p->off && !on))
		return -ESRCH;
	p->cont_on_reset = on;
	return qmp_send(p->qmp, "system_reset");
}

static int qmp_power_reset(struct power *power)
{
	return reset_or_on(power, false);
}

static int qmp_power_on(struct power *power)
{
	return reset_or_on(power, true);
}

static int qmp_power_cycle(struct power *power)
{
	const struct qmp_machine *machine = &((struct qmp_power *)power)->machine;

	return machine->cycle(machine->target);
}

static void qmp_power_catch_up(struct power *power)
{
	qmp_catch_up(((struct qmp_power *)power)->qmp);
}

static void qmp_power_close(struct power *power)
{
	qmp_power_detach(power);
	free(power);
}

static void on_removing(void *arg, const char *error)
{
	struct qmp_power *p = arg;

	/* Done it is when the board lets go: an event. */
	if (error)
		target_plugged(p->machine.target, "refused", error);
}

static void on_adding(void *arg, const char *error)
{
	struct qmp_power *p = arg;

	target_plugged(p->machine.target, error ? "refused" : "added", error);
}

static int qmp_plug(struct slot *slot, bool in)
{
	struct qmp_power *p = of_slot(slot);
	const struct qmp_call add = { "device_add", p->machine.device, on_adding, p };
	const struct qmp_call remove = { "device_del", "id=" BOARD_DEVICE_ID, on_removing,
					 p };

	return p->qmp ? qmp_call(p->qmp, in ? &add : &remove) : -ESRCH;
}

void qmp_power_open(const struct qmp_machine *machine)
{
	static const struct power_ops power_ops = { .reset = qmp_power_reset,
						    .on = qmp_power_on,
						    .cycle = qmp_power_cycle,
						    .catch_up = qmp_power_catch_up,
						    .close = qmp_power_close };
	static const struct slot_ops slot_ops = { .plug = qmp_plug };
	struct qmp_power *p = xcalloc(1, sizeof(*p));

	*p = (struct qmp_power){ .power.ops = &power_ops,
				 .slot.ops = &slot_ops,
				 .machine = *machine };
	machine->target->power = &p->power;
	if (machine->device)
		machine->target->slot = &p->slot;
}
