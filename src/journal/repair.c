// SPDX-License-Identifier: GPL-2.0-or-later
/* What a writer that was killed left, made whole again. */
#include "files.h"
#include "os/file.h"

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

/* Entries of console.timing for `bytes` of console; what goes beyond is not taken. */
struct timing {
	uint64_t bytes, timed;
};

static bool take_timing(struct timing *timing, const char *line)
{
	uint64_t entry;

	if (sscanf(line, "%*f %" SCNu64, &entry) != 1 ||
	    entry > timing->bytes - timing->timed)
		return false;
	timing->timed += entry;
	return true;
}

/*
 * Cuts a file off behind its whole lines, with timing behind those that it takes (the
 * controller may have crashed, and console.raw came to disk less far).
 */
static int keep_lines(const struct journal *j, const char *name, struct timing *timing,
		      uint64_t *ret_size)
{
	_cleanup_free_ char *line = NULL;
	int fd, r = file_open_at(j->dir_fd, name, O_RDWR, &fd);
	FILE *in = r < 0 ? NULL : fdopen(fd, "r+");
	uint64_t size = 0;
	size_t room = 0;
	ssize_t n;

	if (!in)
		return r < 0 ? r : -errno;
	while ((n = getline(&line, &room, in)) > 0 && line[n - 1] == '\n' &&
	       (!timing || take_timing(timing, line)))
		size += (uint64_t)n;
	if (ferror(in) || (size < *ret_size && ftruncate(fd, (off_t)size) < 0))
		r = -errno;
	fclose(in);
	*ret_size = size;
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

static int repair_journal(struct journal *j)
{
	uint64_t size;
	int r = size_of(j->journal_fd, &j->journal_size);

	size = j->journal_size;
	if (r == 0)
		r = keep_lines(j, "journal.jsonl", NULL, &j->journal_size);
	j->torn = j->journal_size < size;
	return r;
}

static int repair_timing(struct journal *j)
{
	struct timing timing = { 0 };
	uint64_t header = 0;
	int r = scan_console(j, &header);

	timing.bytes = j->raw_size - header;
	if (r == 0)
		r = size_of(j->timing_fd, &j->timing_size);
	if (r == 0)
		r = keep_lines(j, "console.timing", &timing, &j->timing_size);
	if (r == 0 && timing.timed < timing.bytes)
		r = journal_timing_add(j, 0, timing.bytes - timing.timed);
	return r;
}

/* The next boot's first line must not join the last one's cut. */
static int end_line(struct journal *j)
{
	char last;

	if (!j->raw_size)
		return 0;
	if (pread(j->raw_fd, &last, 1, (off_t)j->raw_size - 1) != 1)
		return -errno;
	if (last == '\n')
		return 0;
	if (write(j->raw_fd, "\n", 1) != 1)
		return -errno;
	j->raw_size++;
	return 0;
}

static int resume_files(struct journal *j)
{
	int r = journal_files_open(j, "journal.jsonl", 0, &j->journal_fd);

	if (r == 0)
		r = journal_files_lock(j, false);
	if (r == 0)
		r = repair_journal(j);
	if (r == 0)
		r = journal_files_console(j, O_CREAT);
	if (r == 0)
		r = size_of(j->raw_fd, &j->raw_size);
	if (r == 0)
		r = end_line(j);
	if (r == 0)
		r = repair_timing(j);
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
