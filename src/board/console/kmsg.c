// SPDX-License-Identifier: GPL-2.0-or-later
#include "console.h"

#include "base/log.h"
#include "board/control/machine.h"
#include "os/child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct kmsg {
	struct console console;
	struct target *target;
	const struct machine *machine;
	struct child *child;
	char last_error[160];
	bool following, ended;
};

static void on_line(void *arg, struct text line)
{
	struct kmsg *k = arg;
	struct text why;
	char reason[320];

	if (line.n == CHILD_LINE_MAX) {
		snprintf(reason, sizeof(reason),
			 "the kernel log of %s has a line of more than %d KB",
			 k->machine->name, CHILD_LINE_MAX >> 10);
		if (!k->following)
			log_error("%s", reason);
		k->ended = true;
		target_ended(k->target, reason);
	}
	if (text_starts(line, TEXT("error=")) && text_value(line, "why", &why))
		text_clean(k->last_error, sizeof(k->last_error), why);
	if (k->following) {
		target_heard(k->target, line.s, line.n);
		target_heard(k->target, "\n", 1);
	}
	k->following |= text_equal(text_trim(line), TEXT("kmsg=ready"));
}

static void on_exit_status(void *arg, int status)
{
	struct kmsg *k = arg;
	const struct machine *m = k->machine;
	char how[64], why[160], reason[320];

	child_describe_status(how, sizeof(how), status);
	last_words(m->log_path, why, sizeof(why));
	if (k->last_error[0])
		snprintf(reason, sizeof(reason), "the kernel log of %s: %s", m->name,
			 k->last_error);
	else if (m->host && k->following)
		snprintf(reason, sizeof(reason), "the connection to %s ended: %s",
			 m->host, why[0] ? why : how);
	else
		snprintf(reason, sizeof(reason), "the kernel log of %s ended: %s",
			 m->name, why[0] ? why : how);
	k->ended = true;
	if (!k->following)
		log_error("%s", reason);
	target_ended(k->target, reason);
}

static bool follows_or_ended(void *arg)
{
	const struct kmsg *k = arg;

	return k->following || k->ended;
}

static void kmsg_close(struct console *console)
{
	struct kmsg *k = (struct kmsg *)console;

	if (k->child)
		(void)child_finish(k->child, MACHINE_FINISH_MS);
	child_free(k->child);
	free(k);
}

static const struct console_ops kmsg_ops = { .close = kmsg_close };

int kmsg_open(struct target *target, const struct machine *m, struct console **ret)
{
	const char *const command[] = { target->worker, "kmsg", NULL };
	struct kmsg *k = xcalloc(1, sizeof(*k));
	const struct child_spec spec = { .on_line = on_line,
					 .on_exit = on_exit_status,
					 .arg = k };
	int r;

	*k = (struct kmsg){ .console.ops = &kmsg_ops, .target = target, .machine = m };
	r = machine_start(m, command, &spec, &k->child);
	if (r < 0)
		log_errno(r, "cannot start a process for %s", m->name);
	else
		r = loop_until(m->loop, follows_or_ended, k,
			       loop_now_ns() + MACHINE_ANSWER_NS);
	if (r == -ETIMEDOUT)
		log_error("the kernel log of %s does not come", m->name);
	if (r == 0 && !k->following)
		r = -EIO;
	if (r < 0)
		kmsg_close(&k->console);
	else
		*ret = &k->console;
	return r;
}
