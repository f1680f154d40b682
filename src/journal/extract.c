// SPDX-License-Identifier: GPL-2.0-or-later
/* One report as a file of its own, ready to mail. */
#include "files.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NAME_MAX_BYTES 80

/* Letters, digits and "._-" of the bug; runs of anything else become one dash. */
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
	return xasprintf("splats/%04u-%s.txt", number, n ? safe : "finding");
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
		fd = openat(j->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			    0666);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0)
		return -errno;
	r = write_report(j, fd, finding, head);
	if (r < 0) {
		unlinkat(j->dir_fd, name, 0);
		j->extracted--;
		return r;
	}
	*ret_name = name;
	name = NULL;
	return 0;
}
