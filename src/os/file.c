// SPDX-License-Identifier: GPL-2.0-or-later
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int file_write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int file_offer_line(int fd, struct strbuf *line)
{
	struct pollfd out = { .fd = fd, .events = POLLOUT };

	if (poll(&out, 1, 0) != 1)
		return -EAGAIN;
	strbuf_add(line, TEXT("\n"));
	return out.revents & POLLOUT ? file_write_all(fd, line->s, line->n) : -EPIPE;
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_n)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct strbuf content = { 0 };
	char bytes[65536];
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || content.n + (size_t)n > max) {
			n = n < 0 ? -errno : -EFBIG;
			strbuf_done(&content);
			return (int)n;
		}
		strbuf_add(&content, (struct text){ bytes, (size_t)n });
	}
	strbuf_add(&content, TEXT(""));
	*ret = content.s;
	if (ret_n)
		*ret_n = content.n;
	return 0;
}

int file_write(const char *path, struct text content)
{
	_cleanup_free_ char *temporary = xasprintf("%s.%d.tmp", path, (int)getpid());
	int r, fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, content.s, content.n);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}

int file_open_at(int dir_fd, const char *name, int flags, int *ret_fd)
{
	/* A pipe without a writer must not block the call. */
	_cleanup_close_ int fd =
		openat(dir_fd, name,
		       flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	struct stat st;

	/* ENXIO: a pipe without a reader, or a socket. */
	if (fd < 0)
		return errno == ENXIO ? -ELOOP : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	/* Devices are made by root alone: /dev/null. */
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return -ELOOP;
	if (S_ISREG(st.st_mode) && (flags & O_ACCMODE) != O_RDONLY &&
	    (st.st_uid != geteuid() || st.st_nlink != 1))
		return -EPERM;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int file_open_own_directory(int dir_fd, const char *name, int flags, int *ret_fd)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, flags | O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOTDIR && (flags & O_NOFOLLOW) ? -ELOOP : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int file_make_directories(const char *path)
{
	_cleanup_free_ char *part = xstrdup(path);

	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	if (mkdir(part, 0755) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}
