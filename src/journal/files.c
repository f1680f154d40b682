// SPDX-License-Identifier: GPL-2.0-or-later
#include "files.h"

#include "base/num.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

int journal_files_new(const char *dir, struct journal **ret)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct journal *j;

	if (fd < 0)
		return -errno;
	j = xcalloc(1, sizeof(*j));
	j->dir = xstrdup(dir);
	j->dir_fd = fd;
	j->journal_fd = j->raw_fd = j->timing_fd = -1;
	*ret = j;
	return 0;
}

int journal_files_open(const struct journal *j, const char *name, int flags, int *ret_fd)
{
	int fd = openat(j->dir_fd, name, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0666);

	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

int journal_files_lock(const struct journal *j, bool wait)
{
	while (flock(j->journal_fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0)
		if (errno != EINTR)
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

int journal_files_add(int fd, uint64_t *size, const void *bytes, size_t n)
{
	int r = file_write_all(fd, bytes, n);

	if (r < 0) {
		/* If even this fails, journal_resume repairs it. */
		if (ftruncate(fd, (off_t)*size) < 0)
			return r;
		return r;
	}
	*size += n;
	return 0;
}

int journal_timing_add(struct journal *j, uint64_t delay_ns, uint64_t n)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%" PRIu64 ".%06" PRIu64 " %" PRIu64 "\n",
			   delay_ns / NS_PER_SEC, delay_ns % NS_PER_SEC / NS_PER_USEC, n);

	return journal_files_add(j->timing_fd, &j->timing_size, line, (size_t)len);
}

const char *journal_dir(const struct journal *j)
{
	return j->dir;
}

uint64_t journal_console_offset(const struct journal *j)
{
	return j->raw_size;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	mem_close_fd(&j->journal_fd);
	mem_close_fd(&j->raw_fd);
	mem_close_fd(&j->timing_fd);
	mem_close_fd(&j->dir_fd);
	free(j->dir);
	free(j);
}
