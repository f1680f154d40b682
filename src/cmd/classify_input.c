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

/* How much of what was read is no text: logs hold NULs, but few other control characters. */
struct share {
	uint64_t bytes, controls;
};

static void count(struct share *share, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = bytes[i];

		share->bytes += c != 0;
		share->controls += (c > 0 && c < '\t') || c == 0x7f ||
				   (c > '\r' && c < ' ' && c != '\033');
	}
}

static bool is_text(const struct share *share)
{
	return share->controls * 20 <= share->bytes;
}

/* Reads to the end; a stream that pauses ends the report that is open. */
static int read_all(struct classifier *c, struct phases *phases, int fd,
		    struct share *share)
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
		count(share, buffer, (size_t)n);
		feed(c, phases, buffer, (size_t)n);
	}
}

/* -- packed input --------------------------------------------------------------------- */

#define MAGIC_MAX 6
/* A writer that sends less at once, as a console does, sends text. */
#define MAGIC_WAIT_MS 10

static const struct packer {
	struct text magic;
	const char *program;
} packers[] = {
	{ TEXT("\x1f\x8b"), "gzip" },
	{ TEXT("BZh"), "bzip2" },
	{ TEXT("\xfd"
	       "7zXZ"),
	  "xz" },
	{ TEXT("\x28\xb5\x2f\xfd"), "zstd" },
};

/* The next bytes of a pipe, which stay in it; no more than 0: it has none, or is
 * no pipe. */
static ssize_t peek_pipe(int fd, char *bytes, size_t max)
{
	int copy[2];
	ssize_t n;

	if (pipe2(copy, O_CLOEXEC) < 0)
		return -1;
	n = tee(fd, copy[1], max, 0);
	if (n > 0 && (size_t)n < max) {
		n = read(copy[0], bytes, max);
		poll(NULL, 0, MAGIC_WAIT_MS);
		n = tee(fd, copy[1], max, 0);
	}
	if (n > 0)
		n = read(copy[0], bytes, max);
	close(copy[0]);
	close(copy[1]);
	return n;
}

static const struct packer *find_packer(int fd)
{
	char magic[MAGIC_MAX];
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t n = at < 0 ? peek_pipe(fd, magic, sizeof(magic)) :
			     pread(fd, magic, sizeof(magic), at);

	for (size_t i = 0; n > 0 && i < ARRAY_SIZE(packers); i++)
		if (text_starts((struct text){ magic, (size_t)n }, packers[i].magic))
			return &packers[i];
	return NULL;
}

struct unpack {
	bool ended;
	int status;
};

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

/* What the packer makes of fd comes out of *ret_fd, which is the caller's. */
static int start_packer(struct loop *loop, const struct packer *packer, int fd,
			struct unpack *unpack, struct child **ret, int *ret_fd)
{
	const char *const argv[] = { packer->program, "-dc", NULL };
	struct child_fd fds[] = { { fd, STDIN_FILENO }, { -1, STDOUT_FILENO } };
	const struct child_spec spec = { .argv = argv,
					 .fds = fds,
					 .n_fds = ARRAY_SIZE(fds),
					 .on_exit = on_unpack_exit,
					 .arg = unpack,
					 .die_with_us = true };
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_fd = ends[0];
	fds[1].fd = ends[1];
	r = child_start(loop, &spec, ret);
	close(ends[1]);
	return r;
}

static int read_packed(struct classifier *c, const struct packer *packer, int fd,
		       const char *path, struct share *share)
{
	_cleanup_close_ int unpacked = -1;
	struct phases none = { 0 };
	struct unpack unpack = { 0 };
	struct child *child = NULL;
	struct loop *loop;
	char words[64];
	int r = loop_new(&loop);

	if (r < 0)
		return log_errno(r, "cannot read %s", path);
	r = start_packer(loop, packer, fd, &unpack, &child, &unpacked);
	if (r < 0) {
		log_errno(r, "cannot unpack %s: cannot start %s", path, packer->program);
	} else {
		r = read_all(c, &none, unpacked, share);
		if (r == 0)
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
	const char *name = strcmp(path, "-") != 0 ? path : "standard input";
	size_t n_shown = out->n_shown;
	struct share share = { 0 };
	struct classifier *c;
	int r;

	fd = open_input(path, &phases, &inner);
	name = inner ? inner : name;
	if (fd < 0)
		return log_errno(fd, "cannot open %s", name);
	packer = find_packer(fd);
	/* Who follows a stream wants to see it. */
	if (!strcmp(path, "-"))
		setvbuf(stdout, NULL, _IOLBF, 0);
	out->file = path;
	out->context_fd = packer || lseek(fd, 0, SEEK_CUR) < 0 ? -1 : fd;
	c = classifier_new(out->rules, &sink);
	if (packer) {
		r = read_packed(c, packer, fd, name, &share);
	} else {
		r = read_all(c, &phases, fd, &share);
		if (r < 0)
			log_errno(r, "cannot read %s", name);
	}
	classifier_end(c);
	classifier_free(c);
	free(phases.starts);
	if (r == 0 && out->n_shown == n_shown && !is_text(&share)) {
		log_error("%s is not text, nor packed by gzip, bzip2, xz or zstd", name);
		r = -EINVAL;
	}
	return r;
}
