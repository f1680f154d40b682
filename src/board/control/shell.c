// SPDX-License-Identifier: GPL-2.0-or-later
#include "control.h"

#include "base/log.h"
#include "machine.h"
#include "os/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* Longer than ssh takes to notice that nobody is there (machine.c). */
#define ALONE_LIMIT_NS (20 * NS_PER_SEC)

struct shell {
	struct control control;
	struct target *target;
	const struct machine *machine;
	struct child *child;
	struct loop_timer *alone; /* set while there is a connection without a shell */
};

/*
 * What the worker tells on its standard output reads like a marker in the kernel log, which
 * takes only ten lines in five seconds unless it is told otherwise.
 */
static void on_line(void *arg, struct text line)
{
	struct shell *s = arg;
	char reason[320];

	if (line.n < CHILD_LINE_MAX) {
		target_told(s->target, line);
		return;
	}
	snprintf(reason, sizeof(reason),
		 "the shell on %s prints a line of more than %d KB", s->machine->name,
		 CHILD_LINE_MAX >> 10);
	target_ended(s->target, reason);
}

static void on_alone(void *arg)
{
	struct shell *s = arg;
	char reason[320];

	snprintf(reason, sizeof(reason), "the connection to %s ended", s->machine->host);
	target_ended(s->target, reason);
}

/* With the connection the console goes as well, which says why; but it has one of its own. */
static void on_exit_status(void *arg, int status)
{
	struct shell *s = arg;
	char how[64], reason[320];

	if (s->machine->host && WIFEXITED(status) && WEXITSTATUS(status) == SSH_FAILED) {
		loop_timer_set(s->alone, loop_now_ns() + ALONE_LIMIT_NS);
		return;
	}
	snprintf(reason, sizeof(reason), "the shell on %s ended: %s", s->machine->name,
		 child_describe_status(how, sizeof(how), status));
	target_ended(s->target, reason);
}

/* The same words as on a virtual board, and the sign that the shell is there. */
static int introduce(struct shell *s, const char *dir)
{
	_cleanup_free_ char *clean =
		dir ? xasprintf("trap 'rm -rf %s' EXIT; trap 'exit 129' HUP TERM; ",
				dir) :
		      xstrdup("");
	_cleanup_free_ char *line =
		xasprintf("%smark() { echo \"<2>iommu-stress: $*\" >/dev/kmsg; }; "
			  "mark phase=up boot_id=$(cat /proc/sys/kernel/random/boot_id) "
			  "kernel=$(uname -r)",
			  clean);

	return child_write(s->child, text_of(line));
}

static int shell_type_line(struct control *control, struct text bytes)
{
	struct text line = text_trim(bytes);

	return line.n ? child_write(((struct shell *)control)->child, line) : 0;
}

static int shell_run_worker(struct control *control, const char *command)
{
	return shell_type_line(control, text_of(command));
}

/* The worker puts back what it changed, then the shell takes its files away. */
static void shell_close(struct control *control)
{
	struct shell *s = (struct shell *)control;

	if (s->child && !child_finish(s->child, MACHINE_FINISH_MS))
		log_warning("%s is still busy with its devices", s->machine->name);
	child_free(s->child);
	loop_timer_free(s->alone);
	free(s);
}

static const struct control_ops shell_ops = {
	.type = shell_type_line,
	.run_worker = shell_run_worker,
	.close = shell_close,
};

int shell_open(struct target *target, const struct machine *m, const char *dir,
	       struct control **ret)
{
	static const char *const command[] = { "sh", NULL };
	struct shell *s = xcalloc(1, sizeof(*s));
	const struct child_spec spec = { .on_line = on_line,
					 .on_exit = on_exit_status,
					 .arg = s };
	int r;

	*s = (struct shell){ .control.ops = &shell_ops, .target = target, .machine = m };
	s->alone = loop_timer_add(m->loop, on_alone, s);
	r = machine_start(m, command, &spec, &s->child);
	/* From here on the shell takes the directory away. */
	if (r == 0)
		*ret = &s->control;
	else
		shell_close(&s->control);
	if (r == 0)
		r = introduce(s, dir);
	return r < 0 ? log_errno(r, "cannot start a shell on %s", m->name) : 0;
}
