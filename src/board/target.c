// SPDX-License-Identifier: GPL-2.0-or-later
/* What is asked of a target goes to its parts, what they report to who opened it. */
#include "parts.h"

#include <errno.h>
#include <inttypes.h>

int target_power(struct target *t, enum power_action action)
{
	int (*act)(struct power *) = NULL;
	int r;

	if (t->power)
		act = action == POWER_RESET ? t->power->ops->reset :
		      action == POWER_ON    ? t->power->ops->on :
					      t->power->ops->cycle;
	if (!act)
		return -EOPNOTSUPP;
	if (!t->open && action != POWER_CYCLE)
		return -ESRCH;
	r = act(t->power);
	t->open |= r == 0;
	return r;
}

void target_power_catch_up(struct target *t)
{
	if (t->power && t->power->ops->catch_up)
		t->power->ops->catch_up(t->power);
}

int target_type_raw(struct target *t, struct text bytes)
{
	return t->control->ops->type(t->control, bytes);
}

int target_type(struct target *t, struct text line)
{
	_cleanup_strbuf_ struct strbuf bytes = { 0 };

	strbuf_add(&bytes, line);
	strbuf_add(&bytes, TEXT("\n"));
	return target_type_raw(t, (struct text){ bytes.s, bytes.n });
}

int target_ask(struct target *t, const char *words)
{
	_cleanup_strbuf_ struct strbuf command = { 0 };

	strbuf_addf(&command, "%s %s", t->worker, words);
	if (t->ticket)
		strbuf_addf(&command, " ticket=%" PRIu64, t->ticket);
	return t->control->ops->run_worker(t->control, command.s);
}

int target_ask_facts(struct target *t)
{
	/* Else the worker finds out which device leads to us. */
	return target_ask(t, t->control->on_console ? "facts peer=none" : "facts");
}

void target_set_baud(struct target *t, unsigned int baud)
{
	if (t->console && t->console->ops->set_speed && !t->port_drops)
		t->console->ops->set_speed(t->console, baud);
}

int target_plug(struct target *t, bool in)
{
	if (!t->slot)
		return -EOPNOTSUPP;
	return t->open ? t->slot->ops->plug(t->slot, in) : -ESRCH;
}

void target_close(struct target *t)
{
	if (!t)
		return;
	t->open = false;
	/*
	 * A worker puts back what it changed before the control ends. A console ends before
	 * its machine: QEMU waits for it in the middle of its emulation, holding the lock
	 * that it needs to end.
	 */
	if (t->control)
		t->control->ops->close(t->control);
	if (t->console)
		t->console->ops->close(t->console);
	if (t->power)
		t->power->ops->close(t->power);
	t->close(t);
}

void target_heard(struct target *t, const void *bytes, size_t n)
{
	struct text last = text_last_line((struct text){ bytes, n });
	ptrdiff_t end = text_starts(last, TEXT("[")) ? text_find(last, TEXT("]"), 0) : -1;

	if (!t->open)
		return;
	if (end > 0)
		text_copy(t->stamp, sizeof(t->stamp),
			  (struct text){ last.s, (size_t)end + 1 });
	t->events.on_console(t->events.arg, bytes, n);
}

void target_told(struct target *t, struct text line)
{
	_cleanup_strbuf_ struct strbuf marker = { 0 };

	if (!t->open)
		return;
	strbuf_addf(&marker, "%s iommu-stress: ", t->stamp);
	strbuf_add(&marker, line);
	strbuf_add(&marker, TEXT("\n"));
	t->events.on_console(t->events.arg, marker.s, marker.n);
}

void target_switched(struct target *t, const char *event)
{
	if (t->open && t->events.on_power)
		t->events.on_power(t->events.arg, event);
}

void target_lost(struct target *t)
{
	if (t->open && t->events.on_loss)
		t->events.on_loss(t->events.arg);
}

void target_plugged(struct target *t, const char *event, const char *why)
{
	if (t->open && t->events.on_device)
		t->events.on_device(t->events.arg, event, why);
}

void target_ended(struct target *t, const char *reason)
{
	if (t->open)
		t->events.on_gone(t->events.arg, reason);
	t->open = false;
}
