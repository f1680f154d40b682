// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/journal.h"

#include <errno.h>
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

int journal_reader_open(const char *dir, struct journal_reader **ret)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;
	FILE *in;

	if (stat(dir, &st) < 0)
		return -errno;
	path = S_ISDIR(st.st_mode) ? xasprintf("%s/journal.jsonl", dir) : xstrdup(dir);
	in = fopen(path, "re");
	if (!in)
		return -errno;
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->in = in;
	return 0;
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
