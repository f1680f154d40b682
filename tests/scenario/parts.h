/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a scripted target. Who includes this defines what its shell and its power
 * switch do.
 */
#pragma once

#include "board/parts.h"
#include "classify/ticket.h"
#include "run/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int type(struct control *control, struct text bytes);
static int power(struct power *own);
static void close_target(struct target *t);

/* Of what was typed last: the shell and the worker give it back. */
static uint64_t parts_nonce;

static void parts_heard(struct text line)
{
	static const char *const keys[] = { "cycle", "try", "ticket" };
	struct text value;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (text_value(line, keys[i], &value))
			parts_nonce = ticket_nonce(strtoull(value.s, NULL, 10));
}

/* Without tickets: the cycle alone, and nothing where there is none. */
static inline void parts_plain(char *buffer, size_t size, struct text line)
{
	char *at, *end;

	text_copy(buffer, size, text_trim(line));
	at = strstr(buffer, " ticket=");
	if (at)
		*at = '\0';
	at = strstr(buffer, "cycle=");
	if (at) {
		uint64_t ticket = strtoull(at + 6, &end, 10);
		char rest[256];

		snprintf(rest, sizeof(rest), "%s", end);
		snprintf(at, size - (size_t)(at - buffer), "cycle=%u%s",
			 ticket_cycle(ticket), rest);
	}
}

/* To the console, with the ticket in all markers of bare cycles or none. */
static void parts_print(const struct target_events *events, const char *bytes)
{
	static const char name[] = "iommu-stress: ", key[] = "cycle=";
	_cleanup_strbuf_ struct strbuf out = { 0 };
	const char *at, *rest = bytes;

	while ((at = strstr(rest, name))) {
		char *end = (char *)at + strlen(name);
		uint64_t cycle = 0;

		strbuf_add(&out, (struct text){ rest, (size_t)(end - rest) });
		rest = end;
		if (!strncmp(rest, "phase=up ", 9))
			continue;
		if (!strncmp(rest, key, strlen(key))) {
			cycle = strtoull(rest + strlen(key), &end, 10);
			rest = end + (*end == ' ');
		}
		strbuf_addf(&out, "%s%" PRIu64 " ", key,
			    ticket_nonce(cycle) ? cycle :
						  ticket_make((uint32_t)parts_nonce,
							      (unsigned int)cycle));
	}
	strbuf_add(&out, text_of(rest));
	events->on_console(events->arg, out.s ? out.s : "", out.n);
}

/* The shell's answer to the question who it is. False: that was not asked. */
static bool parts_is_up(struct text line, char *buffer, size_t size, const char *words)
{
	struct text cycle;

	if (!text_has(line, TEXT("phase=up")) ||
	    !text_value(text_from(line, (size_t)text_find(line, TEXT("mark cycle="), 0)),
			"cycle", &cycle))
		return false;
	snprintf(buffer, size, "[    1.600000] iommu-stress: cycle=%.*s phase=up %s\n",
		 TEXT_ARG(cycle), words);
	return true;
}

static int parts_run_worker(struct control *control, const char *command)
{
	return type(control, text_of(command));
}

static void parts_close_control(struct control *control)
{
	(void)control;
}

static void parts_close_power(struct power *own)
{
	(void)own;
}

/* Without a device and a worker of its own. */
static struct target parts_target(const struct plan *plan)
{
	static const struct power_ops power_ops = {
		.reset = power, .on = power, .cycle = power, .close = parts_close_power
	};
	static const struct control_ops control_ops = { type, parts_run_worker,
							parts_close_control };
	static struct power power_switch = { &power_ops };
	static struct control control = { .ops = &control_ops, .on_console = true };

	return (struct target){ .close = close_target,
				.open = true,
				.parts = target_parts(plan->target),
				.control = &control,
				.power = &power_switch,
				.wire.fd = -1,
				.name = plan->target };
}
