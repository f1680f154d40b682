// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "classify.h"
#include "journal/journal.h"
#include "os/child.h"
#include "os/file.h"
#include "os/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A console that says nothing for so long has finished its report. */
#define QUIET_MS 1000

/* Where phases of a run begin in its console: the journal knows, markers may be lost. */
struct phases {
	struct phase_start {
		uint64_t offset;
		unsigned int cycle;
		enum phase phase;
	} * starts;
	size_t n, next;
	uint64_t offset; /* of the next byte */
};

static void feed(struct classifier *c, struct phases *phases, const char *bytes, size_t n)
{
	while (phases->next < phases->n) {
		const struct phase_start *start = &phases->starts[phases->next];
		size_t before = start->offset > phases->offset ?
					(size_t)(start->offset - phases->offset) :
					0;

		if (before > n)
			break;
		classifier_feed(c, bytes, before);
		classifier_set_phase(c, start->cycle, start->phase);
		phases->offset += before;
		phases->next++;
		bytes += before;
		n -= before;
	}
	classifier_feed(c, bytes, n);
	phases->offset += n;
}

/* Reads to the end; a stream that pauses ends the report that is open. */
static int read_all(struct classifier *c, struct phases *phases, int fd)
{
	static char buffer[1 << 16];

	for (;;) {
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&pollfd, 1, QUIET_MS) == 0) {
			classifier_quiet(c);
			fflush(stdout);
			continue;
		}
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		feed(c, phases, buffer, (size_t)n);
	}
}

/* -- packed files --------------------------------------------------------------------- */

static const struct packer {
	const char *magic;
	size_t n;
	const char *program;
} packers[] = {
	{ "\x1f\x8b", 2, "gzip" },
	{ "\xfd"
	  "7zXZ",
	  5, "xz" },
	{ "\x28\xb5\x2f\xfd", 4, "zstd" },
};

static const struct packer *find_packer(int fd)
{
	char magic[6];
	ssize_t n = pread(fd, magic, sizeof(magic), 0);

	for (size_t i = 0; i < ARRAY_SIZE(packers); i++)
		if (n >= (ssize_t)packers[i].n &&
		    !memcmp(magic, packers[i].magic, packers[i].n))
			return &packers[i];
	return NULL;
}

struct unpack {
	struct classifier *classifier;
	bool ended;
	int status;
};

static void on_unpacked(void *arg, struct text line)
{
	struct unpack *unpack = arg;

	classifier_feed(unpack->classifier, line.s, line.n);
	classifier_feed(unpack->classifier, "\n", 1);
}

static void on_unpack_exit(void *arg, int status)
{
	struct unpack *unpack = arg;

	unpack->ended = true;
	unpack->status = status;
}

static bool unpack_ended(void *arg)
{
	return ((struct unpack *)arg)->ended;
}

static int read_packed(struct classifier *c, const struct packer *packer, int fd,
		       const char *path)
{
	const char *const argv[] = { packer->program, "-dc", NULL };
	const struct child_fd input = { fd, 0 };
	struct unpack unpack = { .classifier = c };
	const struct child_spec spec = { .argv = argv,
					 .fds = &input,
					 .n_fds = 1,
					 .on_line = on_unpacked,
					 .on_exit = on_unpack_exit,
					 .arg = &unpack,
					 .die_with_us = true };
	struct child *child = NULL;
	struct loop *loop;
	char words[64];
	int r = loop_new(&loop);

	if (r < 0)
		return log_errno(r, "cannot read %s", path);
	r = child_start(loop, &spec, &child);
	if (r < 0) {
		log_errno(r, "cannot unpack %s: cannot start %s", path, packer->program);
	} else {
		r = loop_until(loop, unpack_ended, &unpack, UINT64_MAX);
		if (r == 0 && unpack.status) {
			log_error("cannot unpack %s: %s ended with %s", path,
				  packer->program,
				  child_describe_status(words, sizeof(words),
							unpack.status));
			r = -EIO;
		}
	}
	child_free(child);
	loop_free(loop);
	return r;
}

/* -- run directories ------------------------------------------------------------------ */

static void read_phases(const char *dir, struct phases *phases)
{
	struct journal_reader *reader;
	const struct record *record;
	const char *error;
	int r;

	if (journal_reader_open(dir, &reader) < 0)
		return;
	while ((r = journal_reader_next(reader, &record, &error)) != 0) {
		if (r < 0 || record->type != RECORD_PHASE)
			continue;
		phases->starts = xrealloc(phases->starts, phases->n + 1,
					  sizeof(phases->starts[0]));
		phases->starts[phases->n++] = (struct phase_start){ record->phase.offset,
								    record->cycle,
								    record->phase.phase };
	}
	journal_reader_close(reader);
}

/* Opens what path names; *ret_path (caller frees) is the file in a run directory. */
static int open_input(const char *path, struct phases *phases, char **ret_path)
{
	struct stat st;
	int fd, r;

	*ret_path = NULL;
	if (!strcmp(path, "-")) {
		fd = dup(STDIN_FILENO);
		return fd < 0 ? -errno : fd;
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		*ret_path = xasprintf("%s/console.raw", path);
		read_phases(path, phases);
		r = file_open_at(AT_FDCWD, *ret_path, O_RDONLY, &fd);
		return r < 0 ? r : fd;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int classify_read(struct classify_output *out, const char *path)
{
	struct classifier_sink sink = { .on_finding = classify_show, .arg = out };
	struct phases phases = { 0 };
	const struct packer *packer;
	_cleanup_free_ char *inner = NULL;
	_cleanup_close_ int fd = -1;
	struct classifier *c;
	int r;

	fd = open_input(path, &phases, &inner);
	if (fd < 0)
		return log_errno(fd, "cannot open %s", inner ? inner : path);
	packer = strcmp(path, "-") != 0 ? find_packer(fd) : NULL;
	/* Who follows a stream wants to see it. */
	if (!strcmp(path, "-"))
		setvbuf(stdout, NULL, _IOLBF, 0);
	out->file = path;
	out->context_fd = packer || lseek(fd, 0, SEEK_CUR) < 0 ? -1 : fd;
	c = classifier_new(out->rules, &sink);
	if (packer) {
		r = read_packed(c, packer, fd, inner ? inner : path);
	} else {
		r = read_all(c, &phases, fd);
		if (r < 0)
			log_errno(r, "cannot read %s", inner ? inner : path);
	}
	classifier_end(c);
	classifier_free(c);
	free(phases.starts);
	return r;
}
