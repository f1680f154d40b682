// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/past.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only the first record of a run is of this type, or those of its resumptions. */
static void take_run(struct past *past, const struct record *record)
{
	past->end[0] = '\0';
	if (past->scenario)
		return;
	past->tool = xstrdup(record->run.tool);
	past->scenario = xstrdup(record->run.scenario);
	past->target = xstrdup(record->run.target);
	past->plan = xstrdup(record->run.plan);
}

static void take(struct past *past, const struct record *record)
{
	if (record->type == RECORD_RUN)
		take_run(past, record);
	else if (record->type == RECORD_VERDICT)
		past->finished++;
	else if (record->type == RECORD_END)
		snprintf(past->end, sizeof(past->end), "%s", record->end.reason);
	else
		undo_learn(&past->undo, record);
}

static int read_all(const char *dir, struct journal_reader *reader, struct past *past)
{
	const struct record *record;
	const char *error;
	int r;

	while ((r = journal_reader_next(reader, &record, &error)) != 0) {
		if (r == -EINVAL && !past->scenario)
			break;
		if (r == -EINVAL)
			log_warning("%s: %s; it is passed over", dir, error);
		else if (r < 0)
			return log_errno(r, "cannot read the journal of %s", dir);
		else
			take(past, record);
	}
	if (past->scenario)
		return 0;
	if (journal_reader_torn(reader))
		log_error(
			"%s was cut short in its first line, so nothing is known of it: "
			"begin a new run",
			dir);
	else
		log_error(
			"%s holds no run: its journal.jsonl does not begin with one; name "
			"the directory of a run",
			dir);
	return -ENOENT;
}

int past_read(const char *dir, struct past *ret)
{
	struct past past = { 0 };
	struct journal_reader *reader;
	int r = journal_reader_open(dir, &reader);

	if (r == -ENOENT || r == -ENOTDIR) {
		log_error("%s holds no run: there is no journal.jsonl in it; name the "
			  "directory of a run",
			  dir);
		return -ENOENT;
	}
	if (r < 0)
		return log_errno(r, "cannot read the journal of %s", dir);
	r = read_all(dir, reader, &past);
	journal_reader_close(reader);
	if (r < 0)
		past_done(&past);
	else
		*ret = past;
	return r;
}

bool past_is_complete(const char *end)
{
	static const char *const complete[] = { "done", "time", "hit" };

	for (size_t i = 0; i < ARRAY_SIZE(complete); i++)
		if (!strcmp(end, complete[i]))
			return true;
	return false;
}

void past_done(struct past *past)
{
	free(past->tool);
	free(past->scenario);
	free(past->target);
	free(past->plan);
	undo_list_done(&past->undo);
	*past = (struct past){ 0 };
}

int past_open_journal(const char *dir, struct journal **ret)
{
	int r = journal_resume(dir, ret);

	if (r == -EBUSY) {
		log_error(
			"the controller of %s is alive and writes there: wait for it, or "
			"end it with SIGTERM",
			dir);
		return r;
	}
	if (r < 0)
		return log_errno(r, "cannot go on with the journal of %s", dir);
	if (journal_was_torn(*ret))
		log_warning(
			"the journal of %s was cut short in the middle of a line, which "
			"is taken off",
			dir);
	return 0;
}
