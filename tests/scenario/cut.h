/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs that are cut short and go on. A controller that is killed leaves the beginning of the
 * journal that it would have left: any beginning of a whole one is such a run.
 */
#pragma once

#include "os/file.h"
#include "scenario/play.h"

#include <fcntl.h>
#include <sys/stat.h>

struct cut {
	char dir[64];
	char *run_dir;           /* the one that is cut */
	char *journal, *console; /* of the whole run */
	size_t n, n_console;
};

static inline void cut_read(const char *dir, const char *name, char **ret, size_t *ret_n)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	assert_int_equal(file_read(path, 64u << 20, ret, ret_n), 0);
}

/* Plays the whole run. */
static inline struct result cut_begin(struct cut *cut, struct plan *plan,
				      const struct rig_ops *rig)
{
	struct result result;

	*cut = (struct cut){ .dir = "/tmp/iommu-stress-test-XXXXXX" };
	assert_non_null(mkdtemp(cut->dir));
	cut->run_dir = xasprintf("%s/run", cut->dir);
	plan->run_dir = cut->run_dir;
	plan->resume = false;
	result = play_there(plan, rig, NULL);
	cut_read(cut->run_dir, "journal.jsonl", &cut->journal, &cut->n);
	cut_read(cut->run_dir, "console.raw", &cut->console, &cut->n_console);
	return result;
}

static inline void cut_put(const struct cut *cut, const char *name, const char *bytes,
			   size_t n)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", cut->run_dir, name);

	assert_int_equal(file_write(path, (struct text){ bytes, n }), 0);
}

/* As much of the console as there can be when n bytes of the journal are: up to the next phase. */
static inline size_t cut_console(const struct cut *cut, size_t n)
{
	const char *phase = strstr(cut->journal + n, "{\"type\":\"phase\"");
	const char *offset = phase ? strstr(phase, "\"offset\":") : NULL;
	size_t end = offset ? strtoull(offset + 9, NULL, 10) : cut->n_console;

	return end < cut->n_console ? end : cut->n_console;
}

/* The run as if its controller had been killed after n bytes of the journal. */
static inline void cut_at(const struct cut *cut, size_t n)
{
	nftw(cut->run_dir, play_remove, 8, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(mkdir(cut->run_dir, 0755), 0);
	cut_put(cut, "journal.jsonl", cut->journal, n);
	/* In the middle of a line, as it may be. */
	cut_put(cut, "console.raw", cut->console, cut_console(cut, n));
}

static inline struct result cut_resume(const struct cut *cut, struct plan *plan,
				       const struct rig_ops *rig, FILE *out)
{
	plan->run_dir = cut->run_dir;
	plan->resume = true;
	return play_there(plan, rig, out);
}

/* Beginnings of lines; the whole ends with the last. Caller frees. */
static inline size_t *cut_lines(const struct cut *cut, size_t *ret_n)
{
	size_t *lines = NULL, n = 0;

	for (size_t at = 0; at < cut->n; at++)
		if (cut->journal[at] == '\n') {
			lines = xrealloc(lines, n + 1, sizeof(*lines));
			lines[n++] = at + 1;
		}
	*ret_n = n;
	return lines;
}

static inline bool cut_line_is(const struct cut *cut, size_t line, const char *type)
{
	_cleanup_free_ char *begin = xasprintf("{\"type\":\"%s\"", type);

	return line < cut->n && !strncmp(cut->journal + line, begin, strlen(begin));
}

/* What became of a cycle, by the last verdict and attempt of it. */
struct cut_cycle {
	unsigned int verdicts;
	enum outcome outcome;
	int64_t want_ns;
	uint64_t settle_ns;
};

#define CUT_CYCLES 128

static inline void cut_cycles(const struct cut *cut, struct cut_cycle cycles[CUT_CYCLES])
{
	struct journal_reader *reader;
	const struct record *record;
	const char *error;
	int r;

	memset(cycles, 0, CUT_CYCLES * sizeof(cycles[0]));
	assert_int_equal(journal_reader_open(cut->run_dir, &reader), 0);
	while ((r = journal_reader_next(reader, &record, &error)) == 1) {
		struct cut_cycle *cycle = &cycles[record->cycle % CUT_CYCLES];

		if (record->type == RECORD_ATTEMPT) {
			cycle->want_ns = record->attempt.want_ns;
		} else if (record->type == RECORD_VERDICT) {
			cycle->verdicts++;
			cycle->outcome = record->verdict.verdict.outcome;
			cycle->settle_ns = record->verdict.times.settle;
		}
	}
	assert_int_equal(r, 0);
	journal_reader_close(reader);
}

static inline void cut_end(struct cut *cut)
{
	nftw(cut->dir, play_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(cut->run_dir);
	free(cut->journal);
	free(cut->console);
}
