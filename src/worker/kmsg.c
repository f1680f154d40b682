// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel log as a console would show it. Documentation/ABI/testing/dev-kmsg. */
#include "internal.h"

#include <fcntl.h>
#include <unistd.h>

size_t kmsg_format(const char *record, char *text, size_t size)
{
	const char *message = strchr(record, ';');
	unsigned long long usec;
	char stamp[32];
	size_t n = 0;

	text[0] = '\0';
	if (!message || sscanf(record, "%*u,%*u,%llu,", &usec) != 1)
		return 0;
	snprintf(stamp, sizeof(stamp), "[%5llu.%06llu] ", usec / 1000000, usec % 1000000);
	message++;
	/* Behind the first newline there are properties, each on a line after a blank. */
	for (bool begin = true; *message && *message != '\n' && n + 40 < size;) {
		unsigned char c;
		int length = 0;

		if (begin)
			n += (size_t)snprintf(text + n, size - n, "%s", stamp);
		if (sscanf(message, "\\x%2hhx%n", &c, &length) != 1 || length != 4) {
			c = (unsigned char)*message;
			length = 1;
		}
		message += length;
		text[n++] = (char)c;
		begin = c == '\n';
	}
	if (!n)
		n = (size_t)snprintf(text, size, "%s", stamp);
	text[n++] = '\n';
	text[n] = '\0';
	return n;
}

size_t kmsg_format_loss(const char *record, unsigned long long next, char *text,
			size_t size)
{
	unsigned long long number;

	text[0] = '\0';
	if (sscanf(record, "%*u,%llu,", &number) != 1)
		return 0;
	return (size_t)snprintf(text, size, "** %llu printk messages dropped **\n",
				next && number > next ? number - next : 1);
}

static bool print_record(int fd)
{
	static unsigned long long next;
	static bool lost;
	char record[8192], text[16384];
	ssize_t n = read(fd, record, sizeof(record) - 1);

	/* Overwritten before it was read; the next one is there. */
	lost |= n < 0 && errno == EPIPE;
	if (n < 0)
		return errno == EPIPE || errno == EINTR || errno == EAGAIN;
	record[n] = '\0';
	if (lost) {
		size_t told = kmsg_format_loss(record, next, text, sizeof(text));

		if (write(STDOUT_FILENO, text, told) != (ssize_t)told)
			return false;
	}
	lost = false;
	if (sscanf(record, "%*u,%llu,", &next) == 1)
		next++;
	n = (ssize_t)kmsg_format(record, text, sizeof(text));
	return write(STDOUT_FILENO, text, (size_t)n) == n;
}

int kmsg_run(const struct args *args)
{
	_cleanup_close_ int fd =
		open(path_make("/dev/kmsg").s, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct line line = { .n = 0 };
	char text[256];

	(void)args;
	if (fd < 0)
		return say_error("kmsg", "cannot read /dev/kmsg: %s: run as root",
				 errno_name(errno));
	lseek(fd, 0, SEEK_END);
	line_add(&line, "kmsg", "ready");
	line_end(&line);
	for (;;) {
		struct pollfd pollfds[] = {
			{ .fd = fd, .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN },
		};

		if (poll(pollfds, 2, -1) < 0 && errno != EINTR)
			return STATUS_ERROR;
		if (pollfds[0].revents && !print_record(fd))
			return STATUS_OK;
		if (pollfds[1].revents && read(STDIN_FILENO, text, sizeof(text)) <= 0)
			return STATUS_OK;
	}
}
