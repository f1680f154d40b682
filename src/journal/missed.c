// SPDX-License-Identifier: GPL-2.0-or-later
/* What console.raw holds and journal.jsonl has not: nobody had the time to judge it. */
#include "base/num.h"
#include "classify/classifier.h"
#include "files.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct known {
	uint64_t *offsets; /* of first lines */
	size_t n;
	const struct classifier_sink *sink;
};

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* A line that cannot be read has told nobody anything. */
static int read_known(const char *dir, struct known *known)
{
	struct journal_reader *reader;
	const struct record *record;
	const char *error;
	int r = journal_reader_open(dir, &reader);

	if (r < 0)
		return r;
	while ((r = journal_reader_next(reader, &record, &error)) != 0) {
		if (r < 0 && r != -EINVAL)
			break;
		/* A hang is no text. */
		if (r < 0 || record->type != RECORD_FINDING ||
		    record->finding.finding.type == FINDING_HANG)
			continue;
		known->offsets =
			xrealloc(known->offsets, known->n + 1, sizeof(*known->offsets));
		known->offsets[known->n++] = record->finding.finding.offset;
	}
	journal_reader_close(reader);
	if (known->n)
		qsort(known->offsets, known->n, sizeof(*known->offsets), by_number);
	return r;
}

static void on_finding(void *arg, const struct finding *finding)
{
	const struct known *known = arg;

	if (!known->n || !bsearch(&finding->offset, known->offsets, known->n,
				  sizeof(*known->offsets), by_number))
		known->sink->on_finding(known->sink->arg, finding);
}

static int classify_raw(const char *dir, struct classifier *classifier)
{
	_cleanup_free_ char *path = xasprintf("%s/console.raw", dir);
	_cleanup_close_ int fd = -1;
	char bytes[65536];
	ssize_t n = 0;
	int r = file_open_at(AT_FDCWD, path, O_RDONLY, &fd);

	if (r < 0)
		return r;
	while ((n = read(fd, bytes, sizeof(bytes))) != 0)
		if (n > 0)
			classifier_feed(classifier, bytes, (size_t)n);
		else if (errno != EINTR)
			return -errno;
	classifier_end(classifier);
	return 0;
}

int journal_missed(const char *dir, const struct rules *rules,
		   const struct classifier_sink *sink)
{
	struct known known = { .sink = sink };
	const struct classifier_sink own = { .on_finding = on_finding, .arg = &known };
	struct classifier *classifier;
	int r = read_known(dir, &known);

	if (r == 0) {
		classifier = classifier_new(rules, &own);
		r = classify_raw(dir, classifier);
		classifier_free(classifier);
	}
	free(known.offsets);
	return r;
}

bool journal_is_written(const char *dir)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && journal_files_taken(fd) == -EBUSY;
}
