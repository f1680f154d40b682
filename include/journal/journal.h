/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run directory: journal.jsonl, console.raw with console.timing, splats/. One writer,
 * which holds a lock on the journal. 0 or -errno; nothing is said.
 *
 * Who can write in a directory decides what is written where: a writer refuses one that is
 * not its user's alone (-EPERM), and nobody follows a symbolic link in it (-ELOOP).
 */
#pragma once

#include "classify/classifier.h"
#include "journal/record.h"

struct journal;

/*
 * Creates dir (and its parents) and its files. -EEXIST: dir holds a run already.
 * -EBUSY: another run writes there at this moment.
 */
int journal_create(const char *dir, struct journal **ret) _must_check_;
/*
 * Opens the run of dir to go on with it. What a killed writer left is repaired: a torn
 * last line of the journal or of console.timing is cut off, console.raw gets the newline
 * that it lacks, and bytes without their time get one. -ENOENT: no run; -EBUSY: it is being written.
 */
int journal_resume(const char *dir, struct journal **ret) _must_check_;
/* Of a resumed one: was the last line of journal.jsonl torn? */
bool journal_was_torn(const struct journal *j);
/* Of a resumed one: newlines in console.raw when it was opened. */
uint64_t journal_console_lines(const struct journal *j);
/*
 * Appends one line in one write. A line that could not be written as a whole is taken
 * back, so that the file stays valid, and every later call returns the same error.
 */
int journal_append(struct journal *j, const struct record *record) _must_check_;
/*
 * Appends console bytes as they came, unbuffered, with their time for console.timing
 * (the classic format of scriptreplay(1)). A failure stays too, but not for records: the
 * reason can still be told there. What fitted is kept.
 */
int journal_console(struct journal *j, const void *bytes, size_t n,
		    uint64_t now_ns) _must_check_;
/* Is its last line without an end? */
bool journal_console_in_line(const struct journal *j);
/* Bytes of console.raw so far. */
uint64_t journal_console_offset(const struct journal *j);
/*
 * Extracts a report into splats/NNNN-<bug>.txt: `head` lines, a blank line, then the raw
 * bytes of console.raw at the finding's offset. *ret_name (caller frees) is relative to
 * the run directory. A failure leaves no file behind and does not stay.
 */
int journal_extract(struct journal *j, const struct finding *finding, struct text head,
		    char **ret_name) _must_check_;
/* To disk: called before a cycle starts and after it ends. */
int journal_sync(struct journal *j) _must_check_;
const char *journal_dir(const struct journal *j);
/* NULL is accepted. */
void journal_close(struct journal *j);

/*
 * Classifies console.raw again, and hands over what no record of the run has: the writer was
 * killed before it was judged. sink->on_line is not called. In a run that goes on, what the
 * classifier has not finished is among them.
 */
int journal_missed(const char *dir, const struct rules *rules,
		   const struct classifier_sink *sink) _must_check_;
/* Is there a controller that writes it at this moment? */
bool journal_is_written(const char *dir);

/* Reading, of a finished run or a running one. */
struct journal_reader;

/* dir: a run directory, whoever owns it, or a journal.jsonl. -ELOOP as in os/file.h. */
int journal_reader_open(const char *dir, struct journal_reader **ret) _must_check_;
/*
 * The same for a run that is acted on: like journal_resume, only of a directory that is the
 * caller's.
 */
int journal_reader_open_own(const char *dir, struct journal_reader **ret) _must_check_;
/*
 * 1 and a record (valid until the next call), 0 at the end, -EINVAL for a line that is no
 * record: *ret_error (borrowed) names line and reason, reading may go on. Records of a
 * newer version's types are skipped. A torn last line is the end; journal_reader_torn
 * tells. After the end a later call returns what has been appended since.
 */
int journal_reader_next(struct journal_reader *r, const struct record **ret,
			const char **ret_error) _must_check_;
bool journal_reader_torn(const struct journal_reader *r);
void journal_reader_close(struct journal_reader *r);
