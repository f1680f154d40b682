// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of /sys, /proc and /dev, below a prefix that tests set. */
#include "internal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

static const char *sysroot = "";

void sysroot_set(const char *dir)
{
	sysroot = dir;
}

bool sysroot_is_set(void)
{
	return *sysroot;
}

struct path path_make(const char *format, ...)
{
	struct path path;
	size_t n = (size_t)snprintf(path.s, sizeof(path.s), "%s", sysroot);
	va_list ap;

	if (n >= sizeof(path.s))
		n = sizeof(path.s) - 1;
	va_start(ap, format);
	vsnprintf(path.s + n, sizeof(path.s) - n, format, ap);
	va_end(ap);
	return path;
}

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int file_read(const char *path, char *text, size_t size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		return -errno;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return (int)n;
}

int file_read_number(const char *path, int64_t *number)
{
	char text[64], *end;
	int n = file_read(path, text, sizeof(text));

	if (n < 0)
		return n;
	errno = 0;
	*number = strtoll(text, &end, 0);
	return errno || end == text || *end ? -EINVAL : 0;
}

int file_write(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int link_name(const char *path, char *name, size_t size)
{
	char target[PATH_SIZE];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *slash;

	name[0] = '\0';
	if (n < 0)
		return -errno;
	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : target);
	return 0;
}

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

struct names names_read(const char *path)
{
	struct names names = { .list = NULL };

	names.n = scandir(path, &names.list, no_dots, alphasort);
	return names;
}

const char *names_next(struct names *names)
{
	return names->next < names->n ? names->list[names->next++]->d_name : NULL;
}

int names_count(const char *path)
{
	_cleanup_names_ struct names names = names_read(path);

	return names.n < 0 ? 0 : names.n;
}

void names_free(struct names *names)
{
	for (int i = 0; i < names->n; i++)
		free(names->list[i]);
	if (names->n >= 0)
		free(names->list);
}

void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

int poll_until(struct pollfd *pollfds, nfds_t n, int64_t until_ns)
{
	int64_t left = until_ns - now_ns();

	return poll(pollfds, n,
		    left > 0 ? (int)((left + NS_PER_MSEC - 1) / NS_PER_MSEC) : 0);
}
