// SPDX-License-Identifier: GPL-2.0-or-later
/* What a writer that was killed left, made whole again. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int size_of(int fd, uint64_t *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret = (uint64_t)st.st_size;
	return 0;
}

/* Number of bytes up to the last newline, or 0. */
static int whole_lines(int fd, uint64_t size, uint64_t *ret)
{
	char bytes[4096];

	while (size) {
		size_t want = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);
		ssize_t n = pread(fd, bytes, want, (off_t)(size - want));
		const char *newline;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		newline = memrchr(bytes, '\n', (size_t)n);
		if (newline) {
			*ret = size - want + (uint64_t)(newline - bytes) + 1;
			return 0;
		}
		size -= want;
	}
	*ret = 0;
	return 0;
}

static int repair_lines(int fd, uint64_t *ret_size, bool *ret_torn)
{
	uint64_t size = 0, whole = 0;
	int r = size_of(fd, &size);

	if (r == 0)
		r = whole_lines(fd, size, &whole);
	if (r == 0 && whole < size && ftruncate(fd, (off_t)whole) < 0)
		r = -errno;
	if (r == 0) {
		*ret_size = whole;
		*ret_torn = whole < size;
	}
	return r;
}

/*
 * Counts the lines of the console. *ret: bytes of the first one, which have no time (see
 * untimed_bytes in journal.c).
 */
static int scan_console(struct journal *j, uint64_t *ret)
{
	char bytes[65536];
	uint64_t offset = 0;

	*ret = j->raw_size;
	while (offset < j->raw_size) {
		ssize_t n = pread(j->raw_fd, bytes, sizeof(bytes), (off_t)offset);
		const char *end = bytes + (n > 0 ? n : 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		for (const char *at = bytes; (at = memchr(at, '\n', (size_t)(end - at)));
		     at++)
			if (!j->lines++)
				*ret = offset + (uint64_t)(at - bytes) + 1;
		offset += (uint64_t)n;
	}
	j->first_line_over = j->lines;
	return 0;
}

/*
 * Entries of console.timing up to `bytes` of console. What goes beyond (the controller
 * crashed, and console.raw came to disk less far) is cut off.
 */
static int sum_timing(struct journal *j, uint64_t bytes, uint64_t *ret_timed)
{
	_cleanup_free_ char *line = NULL;
	uint64_t timed = 0, size = 0;
	size_t room = 0;
	FILE *in;
	int fd = openat(j->dir_fd, "console.timing", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	in = fd < 0 ? NULL : fdopen(fd, "r");
	if (!in)
		return -errno;
	while ((n = getline(&line, &room, in)) > 0) {
		uint64_t entry;

		if (sscanf(line, "%*f %" SCNu64, &entry) != 1 || entry > bytes - timed)
			break;
		timed += entry;
		size += (uint64_t)n;
	}
	fclose(in);
	if (size < j->timing_size && ftruncate(j->timing_fd, (off_t)size) < 0)
		return -errno;
	j->timing_size = size;
	*ret_timed = timed;
	return 0;
}

static int repair_timing(struct journal *j)
{
	uint64_t header = 0, timed = 0;
	bool torn;
	int r = scan_console(j, &header);

	if (r == 0)
		r = repair_lines(j->timing_fd, &j->timing_size, &torn);
	if (r == 0)
		r = sum_timing(j, j->raw_size - header, &timed);
	if (r == 0 && timed < j->raw_size - header)
		r = journal_timing_add(j, 0, j->raw_size - header - timed);
	return r;
}

static int resume_files(struct journal *j)
{
	int r = journal_files_open(j, "journal.jsonl", 0, &j->journal_fd);

	if (r == 0)
		r = journal_files_lock(j, false);
	if (r == 0)
		r = repair_lines(j->journal_fd, &j->journal_size, &j->torn);
	if (r == 0)
		r = journal_files_open(j, "console.raw", O_CREAT, &j->raw_fd);
	if (r == 0)
		r = journal_files_open(j, "console.timing", O_CREAT, &j->timing_fd);
	if (r == 0)
		r = size_of(j->raw_fd, &j->raw_size);
	if (r == 0)
		r = repair_timing(j);
	if (r == 0 && mkdirat(j->dir_fd, "splats", 0777) < 0 && errno != EEXIST)
		r = -errno;
	return r;
}

int journal_resume(const char *dir, struct journal **ret)
{
	struct journal *j;
	int r = journal_files_new(dir, &j);

	if (r < 0)
		return r;
	r = resume_files(j);
	if (r < 0) {
		journal_close(j);
		return r;
	}
	*ret = j;
	return 0;
}

bool journal_was_torn(const struct journal *j)
{
	return j->torn;
}

uint64_t journal_console_lines(const struct journal *j)
{
	return j->lines;
}
