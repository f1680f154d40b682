// SPDX-License-Identifier: GPL-2.0-or-later
#include "control.h"

#include <errno.h>
#include <stdlib.h>

struct console_shell {
	struct control control;
	struct target *target;
};

static int console_shell_type(struct control *control, struct text bytes)
{
	struct console *console = ((struct console_shell *)control)->target->console;

	return console ? console->ops->write(console, bytes) : -EPIPE;
}

/* Among the lines of the kernel, none of which they can tear apart there. */
static int console_shell_run_worker(struct control *control, const char *command)
{
	_cleanup_free_ char *line = xasprintf("%s markers=1 stdout=0\n", command);

	return console_shell_type(control, text_of(line));
}

static void console_shell_close(struct control *control)
{
	free(control);
}

static const struct control_ops console_shell_ops = {
	.type = console_shell_type,
	.run_worker = console_shell_run_worker,
	.close = console_shell_close,
};

struct control *console_shell_open(struct target *target)
{
	struct console_shell *shell = xcalloc(1, sizeof(*shell));

	shell->control =
		(struct control){ .ops = &console_shell_ops, .on_console = true };
	shell->target = target;
	return &shell->control;
}
