// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A machine that runs already: this one, or one that ssh reaches. Its shell is a child
 * that reads what is typed; its console is the kernel log, followed by the worker.
 */
#include "base/log.h"
#include "base/num.h"
#include "board/target.h"
#include "board/worker/deliver.h"
#include "machine.h"
#include "os/child.h"
#include "pci_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* Longer than ssh takes to notice that nobody is there (machine.c). */
#define ALONE_LIMIT_NS (20 * NS_PER_SEC)

/* For the worker to give a device back its driver. */
#define FINISH_LIMIT_MS 15000

struct remote {
	struct target target;
	struct machine machine;
	struct target_events events;
	char *name, *log_path;
	char *worker, *dir;           /* on the target; dir NULL: nothing to take away */
	struct child *control;        /* the shell */
	struct child *console;        /* the worker's kmsg */
	struct uevent_watch *devices; /* of this machine; NULL: of another one */
	char last_error[160];         /* of the console */
	char stamp[32];               /* "[   12.345678]" of its last line */
	bool following, ended;        /* the console */
	struct loop_timer *alone;     /* set while there is a console without a shell */
	bool opened;
};

static struct remote *remote_of(struct target *t)
{
	return (struct remote *)t;
}

/* -- console and shell ----------------------------------------------------------------- */

static void pass_on(struct remote *r, struct text line)
{
	r->events.on_console(r->events.arg, line.s, line.n);
	r->events.on_console(r->events.arg, "\n", 1);
}

static void take_log_line(struct remote *r, struct text line)
{
	ptrdiff_t end = text_find(line, TEXT("]"), 0);

	if (text_starts(line, TEXT("[")) && end > 0)
		text_copy(r->stamp, sizeof(r->stamp),
			  (struct text){ line.s, (size_t)end + 1 });
	pass_on(r, line);
}

static void on_console_line(void *arg, struct text line)
{
	struct remote *r = arg;
	struct text why;

	if (text_starts(line, TEXT("error=")) && text_value(line, "why", &why))
		text_clean(r->last_error, sizeof(r->last_error), why);
	if (!r->following)
		r->following = text_equal(text_trim(line), TEXT("kmsg=ready"));
	else if (r->opened)
		take_log_line(r, line);
}

/*
 * What the worker tells on its standard output reads like a marker in the kernel log, which
 * takes only ten lines in five seconds unless it is told otherwise. Nothing is typed before the
 * log has shown a line, whose time it gets.
 */
static void on_control_line(void *arg, struct text line)
{
	struct remote *r = arg;
	struct strbuf marker = { 0 };

	if (!r->opened)
		return;
	strbuf_addf(&marker, "%s iommu-stress: ", r->stamp);
	strbuf_add(&marker, line);
	pass_on(r, (struct text){ marker.s, marker.n });
	strbuf_done(&marker);
}

/* Once. */
static void report_gone(struct remote *r, const char *reason)
{
	if (r->opened)
		r->events.on_gone(r->events.arg, reason);
	r->opened = false;
}

static void describe_end(const struct remote *r, int status, char *reason, size_t size)
{
	char how[64], why[160];

	child_describe_status(how, sizeof(how), status);
	last_words(r->log_path, why, sizeof(why));
	if (r->last_error[0])
		snprintf(reason, size, "the kernel log of %s: %s", r->name,
			 r->last_error);
	else if (r->machine.host && r->following)
		snprintf(reason, size, "the connection to %s ended: %s", r->machine.host,
			 why[0] ? why : how);
	else
		snprintf(reason, size, "the kernel log of %s ended: %s", r->name,
			 why[0] ? why : how);
}

static void on_console_exit(void *arg, int status)
{
	struct remote *r = arg;
	char reason[320];

	describe_end(r, status, reason, sizeof(reason));
	r->ended = true;
	if (!r->following)
		log_error("%s", reason);
	report_gone(r, reason);
}

static bool follows_or_ended(void *arg)
{
	const struct remote *r = arg;

	return r->following || r->ended;
}

/* What is typed before the log is followed would not show in it. */
static int wait_console(struct remote *r)
{
	int e = loop_until(r->machine.loop, follows_or_ended, r,
			   loop_now_ns() + MACHINE_ANSWER_NS);

	if (e == -ETIMEDOUT)
		log_error("the kernel log of %s does not come", r->name);
	return e == 0 && !r->following ? -EIO : e;
}

static void on_alone(void *arg)
{
	struct remote *r = arg;
	char reason[320];

	snprintf(reason, sizeof(reason), "the connection to %s ended", r->machine.host);
	report_gone(r, reason);
}

/* With the connection the console goes as well, which says why; but it has one of its own. */
static void on_control_exit(void *arg, int status)
{
	struct remote *r = arg;
	char how[64], reason[320];

	if (r->machine.host && WIFEXITED(status) && WEXITSTATUS(status) == 255) {
		loop_timer_set(r->alone, loop_now_ns() + ALONE_LIMIT_NS);
		return;
	}
	snprintf(reason, sizeof(reason), "the shell on %s ended: %s", r->name,
		 child_describe_status(how, sizeof(how), status));
	report_gone(r, reason);
}

static int start_console(struct remote *r)
{
	const char *const command[] = { r->worker, "kmsg", NULL };
	const char *argv[MACHINE_ARGV_MAX];
	const struct child_spec spec = { .argv = argv,
					 .error_path = r->log_path,
					 .on_line = on_console_line,
					 .on_exit = on_console_exit,
					 .arg = r,
					 .die_with_us = true,
					 .want_input = true };

	machine_argv(&r->machine, command, argv);
	log_command(argv);
	return child_start(r->machine.loop, &spec, &r->console);
}

static int start_control(struct remote *r)
{
	static const char *const command[] = { "sh", NULL };
	const char *argv[MACHINE_ARGV_MAX];
	const struct child_spec spec = { .argv = argv,
					 .error_path = r->log_path,
					 .on_line = on_control_line,
					 .on_exit = on_control_exit,
					 .arg = r,
					 .die_with_us = true,
					 .want_input = true };

	machine_argv(&r->machine, command, argv);
	log_command(argv);
	return child_start(r->machine.loop, &spec, &r->control);
}

/* The same words as on a virtual board, and the sign that the shell is there. */
static int introduce(struct remote *r)
{
	_cleanup_free_ char *clean =
		r->dir ? xasprintf("trap 'rm -rf %s' EXIT; trap 'exit 129' HUP TERM; ",
				   r->dir) :
			 xstrdup("");
	_cleanup_free_ char *line =
		xasprintf("%smark() { echo \"<2>iommu-stress: $*\" >/dev/kmsg; }; "
			  "mark phase=up boot_id=$(cat /proc/sys/kernel/random/boot_id) "
			  "kernel=$(uname -r)",
			  clean);

	return child_write(r->control, text_of(line));
}

/* -- struct target_ops ----------------------------------------------------------------- */

static int remote_power(struct target *t, enum power_action action)
{
	(void)t;
	(void)action;
	return -ESRCH;
}

static int remote_type(struct target *t, struct text bytes)
{
	struct remote *r = remote_of(t);
	struct text line = text_trim(bytes);

	return line.n ? child_write(r->control, line) : 0;
}

static void remote_set_baud(struct target *t, unsigned int baud)
{
	(void)t;
	(void)baud;
}

static int remote_net_fd(struct target *t)
{
	(void)t;
	return -1;
}

/* Before there is a shell that does. */
static void take_away(struct remote *r)
{
	_cleanup_free_ char *line = xasprintf("rm -rf %s", r->dir);
	struct answer answer = { 0 };

	(void)!machine_ask(&r->machine, line, -1, MACHINE_ANSWER_NS, &answer);
	strbuf_done(&answer.lines);
}

static void remote_close(struct target *t)
{
	struct remote *r = remote_of(t);

	r->opened = false;
	uevent_watch_close(r->devices);
	if (r->dir && !r->control)
		take_away(r);
	/* The worker puts back what it changed, then the shell takes its files away. */
	if (r->control && !child_finish(r->control, FINISH_LIMIT_MS))
		log_warning("%s is still busy with its devices", r->name);
	if (r->console)
		(void)child_finish(r->console, FINISH_LIMIT_MS);
	child_free(r->control);
	child_free(r->console);
	loop_timer_free(r->alone);
	free(r->worker);
	free(r->dir);
	free(r->log_path);
	free(r->name);
	free(r);
}

static const struct target_ops remote_ops = {
	.power = remote_power,
	.type = remote_type,
	.set_baud = remote_set_baud,
	.net_fd = remote_net_fd,
	.close = remote_close,
};

static int open_children(struct remote *r)
{
	int e = deliver_worker(&r->machine, &r->worker, &r->dir);

	if (e < 0)
		return e;
	r->target.worker = r->worker;
	e = start_console(r);
	if (e < 0)
		return log_errno(e, "cannot start a process for %s", r->name);
	e = wait_console(r);
	if (e < 0)
		return e;
	e = start_control(r);
	r->opened = e == 0;
	if (e == 0)
		e = introduce(r);
	if (e == 0 && !r->machine.host)
		pci_watch_open(r->machine.loop, &r->events, &r->devices);
	return e < 0 ? log_errno(e, "cannot start a shell on %s", r->name) : 0;
}

static struct remote *remote_new(struct loop *loop, const char *name)
{
	struct remote *r = xcalloc(1, sizeof(*r));

	*r = (struct remote){ .target.ops = &remote_ops, .name = xstrdup(name) };
	r->target.name = r->name;
	r->machine = machine_of(loop, r->name);
	r->alone = loop_timer_add(loop, on_alone, r);
	return r;
}

int remote_open(struct loop *loop, const char *name, const char *log_path,
		const struct target_events *events, struct target **ret)
{
	struct remote *r = remote_new(loop, name);
	int e;

	r->events = *events;
	r->log_path = xstrdup(log_path);
	e = open_children(r);
	if (e < 0)
		remote_close(&r->target);
	else
		*ret = &r->target;
	return e;
}
