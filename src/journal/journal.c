// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing of a run directory. Nothing is buffered: what was handed over is in the page
 * cache when the call returns, so only a crash of the controller itself can lose it, and
 * journal_sync bounds that.
 */
#include "journal/journal.h"

#include "base/num.h"
#include "files.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int journal_files_new(const char *dir, struct journal **ret)
{
	struct journal *j;
	int fd, r = file_open_own_directory(AT_FDCWD, dir, 0, &fd);

	if (r < 0)
		return r;
	j = xcalloc(1, sizeof(*j));
	j->dir = xstrdup(dir);
	j->dir_fd = fd;
	j->splats_fd = j->journal_fd = j->raw_fd = j->timing_fd = -1;
	*ret = j;
	return 0;
}

int journal_files_open(const struct journal *j, const char *name, int flags, int *ret_fd)
{
	return file_open_at(j->dir_fd, name, O_RDWR | O_APPEND | flags, ret_fd);
}

int journal_files_console(struct journal *j, int flags)
{
	int r = journal_files_open(j, "console.raw", flags, &j->raw_fd);

	if (r == 0)
		r = journal_files_open(j, "console.timing", flags, &j->timing_fd);
	if (r == 0 && mkdirat(j->dir_fd, "splats", 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r == 0)
		r = file_open_own_directory(j->dir_fd, "splats", O_NOFOLLOW,
					    &j->splats_fd);
	return r;
}

int journal_files_lock(const struct journal *j, bool wait)
{
	while (flock(j->journal_fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0)
		if (errno != EINTR)
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

/* Writes n bytes at the end of a file of *size bytes, or takes back what was written. */
static int add(int fd, uint64_t *size, const void *bytes, size_t n)
{
	int r = file_write_all(fd, bytes, n);

	if (r == 0)
		*size += n;
	else
		/* If even this fails, journal_resume repairs it. */
		(void)!ftruncate(fd, (off_t)*size);
	return r;
}

int journal_timing_add(struct journal *j, uint64_t delay_ns, uint64_t n)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%" PRIu64 ".%06" PRIu64 " %" PRIu64 "\n",
			   delay_ns / NS_PER_SEC, delay_ns % NS_PER_SEC / NS_PER_USEC, n);

	return add(j->timing_fd, &j->timing_size, line, (size_t)len);
}

int journal_files_taken(int dir_fd)
{
	_cleanup_close_ int fd = -1;

	if (file_open_at(dir_fd, "journal.jsonl", O_RDONLY, &fd) == 0 &&
	    flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return -EBUSY;
	return -EEXIST;
}

static int create_files(struct journal *j)
{
	int r = journal_files_open(j, "journal.jsonl", O_CREAT | O_EXCL, &j->journal_fd);

	if (r == -EEXIST)
		return journal_files_taken(j->dir_fd);
	if (r < 0)
		return r;
	/* Waits at most for somebody who looks, in journal_files_taken(), whether it is locked. */
	r = journal_files_lock(j, true);
	if (r == 0)
		r = journal_files_console(j, O_CREAT | O_EXCL);
	if (r == 0) {
		(void)fsync(j->dir_fd); /* some filesystems refuse it for directories */
		return 0;
	}
	/* Only those that were not there before. */
	if (j->raw_fd >= 0)
		unlinkat(j->dir_fd, "console.raw", 0);
	if (j->timing_fd >= 0)
		unlinkat(j->dir_fd, "console.timing", 0);
	unlinkat(j->dir_fd, "journal.jsonl", 0);
	return r;
}

int journal_create(const char *dir, struct journal **ret)
{
	struct journal *j = NULL;
	int r = file_make_directories(dir);

	if (r == 0)
		r = journal_files_new(dir, &j);
	if (r < 0)
		return r;
	r = create_files(j);
	if (r < 0) {
		journal_close(j);
		return r;
	}
	*ret = j;
	return 0;
}

int journal_append(struct journal *j, const struct record *record)
{
	_cleanup_free_ char *line = NULL;
	size_t n;

	if (j->journal_failed)
		return j->journal_failed;
	line = record_to_json(record);
	n = strlen(line);
	line[n] = '\n'; /* over the NUL: one write, and no copy */
	j->journal_failed = add(j->journal_fd, &j->journal_size, line, n + 1);
	return j->journal_failed;
}

/*
 * scriptreplay(1) takes the first line of the raw file for the header that script(1)
 * writes and skips it, so the bytes of this line have no time.
 */
static size_t untimed_bytes(struct journal *j, const char *bytes, size_t n)
{
	const char *newline;

	if (j->first_line_over)
		return 0;
	newline = memchr(bytes, '\n', n);
	if (!newline)
		return n;
	j->first_line_over = true;
	return (size_t)(newline - bytes) + 1;
}

/* As far as there is room. */
static int write_raw(struct journal *j, const char *bytes, size_t n, size_t *ret_done)
{
	size_t done = 0;
	int r = 0;

	while (done < n) {
		ssize_t written = write(j->raw_fd, bytes + done, n - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			r = -errno;
			break;
		}
		done += (size_t)written;
	}
	*ret_done = done;
	return r;
}

int journal_console(struct journal *j, const void *bytes, size_t n, uint64_t now_ns)
{
	size_t done, timed;
	uint64_t delay_ns;
	int r, timing_r = 0;

	if (j->console_failed)
		return j->console_failed;
	r = write_raw(j, bytes, n, &done);
	j->raw_size += done;
	if (done)
		j->in_line = ((const char *)bytes)[done - 1] != '\n';
	timed = done - untimed_bytes(j, bytes, done);
	if (timed) {
		delay_ns = j->last_ns && now_ns > j->last_ns ? now_ns - j->last_ns : 0;
		timing_r = journal_timing_add(j, delay_ns, timed);
		j->last_ns = now_ns;
	}
	j->console_failed = r < 0 ? r : timing_r;
	return j->console_failed;
}

/* -- one report as a file of its own, ready to mail ------------------------------------------ */

#define NAME_MAX_BYTES 80

/* In splats/: letters, digits and "._-" of the bug; runs of anything else become one dash. */
static char *file_name_of(const struct finding *finding, unsigned int number)
{
	const char *bug = finding->bug[0] ? finding->bug : finding->kind;
	char safe[NAME_MAX_BYTES + 1];
	size_t n = 0;

	for (; *bug && n < NAME_MAX_BYTES; bug++) {
		bool fine = (*bug >= 'a' && *bug <= 'z') ||
			    (*bug >= 'A' && *bug <= 'Z') ||
			    (*bug >= '0' && *bug <= '9') || strchr("._-", *bug);

		if (fine)
			safe[n++] = *bug;
		else if (n && safe[n - 1] != '-')
			safe[n++] = '-';
	}
	while (n && safe[n - 1] == '-')
		n--;
	safe[n] = '\0';
	return xasprintf("%04u-%s.txt", number, n ? safe : "finding");
}

static int copy_raw(const struct journal *j, int out, uint64_t offset, uint64_t size)
{
	char bytes[65536];

	while (size) {
		size_t want = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);
		ssize_t n = pread(j->raw_fd, bytes, want, (off_t)offset);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		r = file_write_all(out, bytes, (size_t)n);
		if (r < 0)
			return r;
		offset += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return 0;
}

static int write_report(const struct journal *j, int out, const struct finding *finding,
			struct text head)
{
	int r = file_write_all(out, head.s, head.n);

	if (r == 0 && head.n && !text_ends(head, TEXT("\n")))
		r = file_write_all(out, "\n", 1);
	if (r == 0)
		r = file_write_all(out, "\n", 1);
	if (r == 0)
		r = copy_raw(j, out, finding->offset, finding->size);
	return r;
}

int journal_extract(struct journal *j, const struct finding *finding, struct text head,
		    char **ret_name)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *name = NULL;
	int r;

	/* A resumed run goes on behind the numbers that are taken. */
	do {
		free(name);
		name = file_name_of(finding, ++j->extracted);
		r = file_open_at(j->splats_fd, name, O_WRONLY | O_CREAT | O_EXCL, &fd);
	} while (r == -EEXIST);
	if (r < 0)
		return r;
	r = write_report(j, fd, finding, head);
	if (r < 0) {
		unlinkat(j->splats_fd, name, 0);
		j->extracted--;
		return r;
	}
	*ret_name = xasprintf("splats/%s", name);
	return 0;
}

/* -- the end ------------------------------------------------------------------------------ */

int journal_sync(struct journal *j)
{
	const int fds[] = { j->raw_fd, j->timing_fd, j->journal_fd };
	int r = 0;

	/* Evidence first: a record may speak of bytes, never the other way round. */
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fdatasync(fds[i]) < 0 && r == 0)
			r = -errno;
	return r;
}

const char *journal_dir(const struct journal *j)
{
	return j->dir;
}

bool journal_console_in_line(const struct journal *j)
{
	return j->in_line;
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
	mem_close_fd(&j->splats_fd);
	mem_close_fd(&j->dir_fd);
	free(j->dir);
	free(j);
}
