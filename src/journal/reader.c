// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/journal.h"

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct journal_reader {
	FILE *in;
	char *line;
	size_t room;
	uint64_t number;
	bool torn;
	struct record record;
	bool has_record;
	char *error;
};

/* Takes fd over. */
static struct journal_reader *reader_new(int fd)
{
	struct journal_reader *r = xcalloc(1, sizeof(*r));

	r->in = fdopen(fd, "r");
	if (!r->in)
		abort(); /* it is open for reading: there is no memory */
	return r;
}

int journal_reader_open(const char *dir, struct journal_reader **ret)
{
	_cleanup_close_ int named_fd = open(dir, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int fd = named_fd, r = 0;

	if (named_fd < 0 || fstat(named_fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		r = file_open_at(named_fd, "journal.jsonl", O_RDONLY, &fd);
	else
		named_fd = -1;
	if (r == 0)
		*ret = reader_new(fd);
	return r;
}

int journal_reader_open_own(const char *dir, struct journal_reader **ret)
{
	_cleanup_close_ int dir_fd = -1;
	int fd, r = file_open_own_directory(AT_FDCWD, dir, 0, &dir_fd);

	/* To write, so that it must be the caller's too. */
	if (r == 0)
		r = file_open_at(dir_fd, "journal.jsonl", O_RDWR, &fd);
	if (r == 0)
		*ret = reader_new(fd);
	return r;
}

static void forget(struct journal_reader *r)
{
	if (r->has_record)
		record_done(&r->record);
	r->has_record = false;
	free(r->error);
	r->error = NULL;
}

/* 1 and a whole line in r->line, 0 at the end, or -errno. */
static int next_line(struct journal_reader *r, size_t *ret_n)
{
	ssize_t n;

	/* A journal that is still written grows behind an end that was seen. */
	clearerr(r->in);
	errno = 0;
	n = getline(&r->line, &r->room, r->in);
	r->torn = false;
	if (n < 0)
		return ferror(r->in) ? -(errno ? errno : EIO) : 0;
	if (r->line[n - 1] != '\n') {
		r->torn = true;
		/* The rest may still come; from a pipe it cannot. */
		(void)fseeko(r->in, -(off_t)n, SEEK_CUR);
		return 0;
	}
	r->number++;
	*ret_n = (size_t)n - 1;
	return 1;
}

int journal_reader_next(struct journal_reader *r, const struct record **ret,
			const char **ret_error)
{
	_cleanup_free_ char *error = NULL;
	size_t n = 0;
	int result;

	forget(r);
	do {
		result = next_line(r, &n);
		if (result <= 0)
			return result;
		result =
			record_from_json((struct text){ r->line, n }, &r->record, &error);
	} while (result == -EOPNOTSUPP);
	if (result < 0) {
		r->error = xasprintf("line %" PRIu64 ": %s", r->number, error);
		*ret_error = r->error;
		return result;
	}
	r->has_record = true;
	*ret = &r->record;
	return 1;
}

bool journal_reader_torn(const struct journal_reader *r)
{
	return r->torn;
}

void journal_reader_close(struct journal_reader *r)
{
	if (!r)
		return;
	forget(r);
	free(r->line);
	fclose(r->in);
	free(r);
}
