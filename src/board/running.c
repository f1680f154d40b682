// SPDX-License-Identifier: GPL-2.0-or-later
#include "kinds.h"

#include "board/console/console.h"
#include "board/control/control.h"
#include "board/control/machine.h"
#include "board/worker/worker.h"
#include "pci_watch.h"

#include <stdlib.h>

struct running {
	struct target target;
	struct machine machine;
	char *name, *log_path;
	char *worker, *dir;         /* on the target; dir NULL: nothing to take away */
	struct uevent_watch *watch; /* NULL: another machine */
};

static void running_close(struct target *t)
{
	struct running *r = (struct running *)t;

	uevent_watch_close(r->watch);
	/* Before there is a shell that does. */
	if (r->dir && !t->control) {
		_cleanup_free_ char *line = xasprintf("rm -rf %s", r->dir);
		struct answer answer = { 0 };

		(void)!machine_ask(&r->machine, line, -1, MACHINE_ANSWER_NS, &answer);
		strbuf_done(&answer.lines);
	}
	free(r->worker);
	free(r->dir);
	free(r->log_path);
	free(r->name);
	free(r);
}

int running_open(struct loop *loop, const struct target_spec *spec, struct target **ret)
{
	struct running *r = xcalloc(1, sizeof(*r));
	struct target *t = &r->target;
	int e;

	r->name = xstrdup(spec->name);
	r->log_path = xstrdup(spec->log_path);
	r->machine = machine_of(loop, r->name);
	r->machine.log_path = r->log_path;
	*t = (struct target){ .name = r->name,
			      .wire.fd = -1,
			      .events = spec->events,
			      .close = running_close };
	e = deliver_worker(&r->machine, &r->worker, &r->dir);
	t->worker = r->worker;
	if (e == 0)
		e = kmsg_open(t, &r->machine, &t->console);
	if (e == 0)
		e = shell_open(t, &r->machine, r->dir, &t->control);
	if (e == 0 && !r->machine.host)
		e = pci_watch_open(loop, t, &r->watch);
	t->open = e == 0;
	if (e < 0)
		target_close(t);
	else
		*ret = t;
	return e;
}
