// SPDX-License-Identifier: GPL-2.0-or-later
/* Signals and lines of standard input. */

#include "internal.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	/* Also for the other processes, which end with this one. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool input_line(struct input *input, char *line, size_t size)
{
	for (;;) {
		char *newline = memchr(input->text, '\n', input->n);
		struct pollfd pollfds[] = {
			{ .fd = input->signals, .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN },
		};
		ssize_t n;

		if (poll(pollfds, 1, 0) > 0)
			return false;
		if (newline) {
			size_t length = (size_t)(newline - input->text);

			snprintf(line, size, "%.*s", (int)length, input->text);
			input->n -= length + 1;
			memmove(input->text, newline + 1, input->n);
			return true;
		}
		if (input->n == sizeof(input->text))
			return false;
		if (poll(pollfds, 2, -1) < 0 && errno != EINTR)
			return false;
		if (!pollfds[1].revents)
			continue;
		n = read(STDIN_FILENO, input->text + input->n,
			 sizeof(input->text) - input->n);
		if (n <= 0)
			return false;
		input->n += (size_t)n;
	}
}
