// SPDX-License-Identifier: GPL-2.0-or-later
/* What a journal tells of its run, and how devices get back what a run took from them. */
#include "run/past.h"

#include "base/log.h"
#include "device/facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The worker takes 64 words, and a device that does not come back may take it 10 s. */
#define WORDS_MAX   48
#define DEVICES_MAX 5

void undo_learn(struct undo_list *list, const struct record *record)
{
	if (record->type != RECORD_UNDO)
		return;
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->entries[i].words, record->undo.words)) {
			list->entries[i].done = record->undo.done;
			return;
		}
	list->entries = xrealloc(list->entries, list->n + 1, sizeof(*list->entries));
	list->entries[list->n++] = (struct undo){ .words = xstrdup(record->undo.words),
						  .done = record->undo.done };
}

size_t undo_left(const struct undo_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += !list->entries[i].done;
	return n;
}

void undo_list_done(struct undo_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->entries[i].words);
	free(list->entries);
	*list = (struct undo_list){ 0 };
}

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

bool past_tell_untrusted(const char *dir, int r)
{
	if (r != -EPERM && r != -ELOOP)
		return false;
	log_error(
		"%s: nothing is written there, as another user owns it or can write in it, "
		"or a file in it is a link; run this as its owner and after `chmod go-w`, "
		"or choose another directory",
		dir);
	return true;
}

int past_read(const char *dir, struct past *ret)
{
	struct past past = { 0 };
	struct journal_reader *reader;
	int r = journal_reader_open_own(dir, &reader);

	if (r == -ENOENT || r == -ENOTDIR) {
		log_error("%s holds no run: there is no journal.jsonl in it; name the "
			  "directory of a run",
			  dir);
		return -ENOENT;
	}
	if (past_tell_untrusted(dir, r))
		return r;
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
	if (past_tell_untrusted(dir, r))
		return r;
	if (r < 0)
		return log_errno(r, "cannot go on with the journal of %s", dir);
	if (journal_was_torn(*ret))
		log_warning(
			"the journal of %s was cut short in the middle of a line, which "
			"is taken off",
			dir);
	return 0;
}

/* -- undoing ------------------------------------------------------------------------------ */

static size_t count_words(const char *words)
{
	size_t n = 0;

	for (words += strspn(words, " "); *words; words += strspn(words, " ")) {
		words += strcspn(words, " ");
		n++;
	}
	return n;
}

static bool fits_bdf(const char *value)
{
	char bdf[FACTS_BDF_MAX];

	return facts_parse_bdf(value, bdf);
}

/* Of a driver, a module, a slot: part of a path in sysfs, as the worker checks it too. */
static bool fits_name(const char *value)
{
	return value[0] && value[0] != '.' && !strchr(value, '/') &&
	       (value[0] != '-' || !value[1]);
}

static bool fits_setting(const char *value)
{
	return value[0] && !value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789")];
}

static bool word_fits(const char *word)
{
	static const struct {
		const char *key;
		bool (*fits)(const char *value);
	} forms[] = {
		{ "device=", fits_bdf },
		{ "bridge=", fits_bdf },
		{ "pf=", fits_bdf },
		{ "driver=", fits_name },
		{ "override=", fits_name },
		{ "module=", fits_name },
		{ "slot=", fits_name },
		{ "method=", fits_name },
		{ "numvfs=", fits_setting },
		{ "limit_ms=", fits_setting },
		{ "autoprobe=", fits_setting },
		{ "expedited=", fits_setting },
		{ "devkmsg=", fits_setting },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strncmp(word, forms[i].key, strlen(forms[i].key)))
			return forms[i].fits(word + strlen(forms[i].key));
	return false;
}

/*
 * Words come from a journal, and the worker writes to files that they name. The first one that
 * is not of the form that a run records, caller frees; NULL: there is none.
 */
static char *find_misfit(const char *words)
{
	for (words += strspn(words, " "); *words; words += strspn(words, " ")) {
		size_t n = strcspn(words, " ");
		char *word = xstrndup(words, n);

		if (!word_fits(word))
			return word;
		free(word);
		words += n;
	}
	return NULL;
}

/* Such a device is left as it is. */
static int refuse_misfits(const struct undo_list *list)
{
	int r = 0;

	for (size_t i = 0; i < list->n; i++) {
		_cleanup_free_ char *misfit = list->entries[i].done ?
						      NULL :
						      find_misfit(list->entries[i].words);

		if (!misfit)
			continue;
		log_error(
			"the journal's word '%s' is nothing that a run records, so what "
			"it belongs to is not put back: do that by hand",
			misfit);
		r = -EINVAL;
	}
	return r;
}

/*
 * Command line for what is left before *next, as far as one takes. "": nothing is. The last
 * change is undone first.
 */
static void next_command(const struct undo_list *list, size_t *next, struct strbuf *ret)
{
	size_t words = 0, devices = 0;

	for (; *next && devices < DEVICES_MAX; --*next) {
		const struct undo *undo = &list->entries[*next - 1];

		_cleanup_free_ char *misfit = undo->done ? NULL :
							   find_misfit(undo->words);

		if (undo->done || misfit)
			continue;
		words += count_words(undo->words);
		if (devices++ && words > WORDS_MAX)
			return;
		strbuf_addf(ret, "%s%s", ret->n ? " " : "restore ", undo->words);
	}
}

/* The worker's own words for what it could not do. */
static void tell_error(const char *target, struct text line)
{
	struct text why;

	if (text_starts(line, TEXT("error=")) && text_value(line, "why", &why) && why.n)
		log_error("%s: %.*s", target, TEXT_ARG(why));
}

/* So that it is not done again. */
static int record_done_undo(struct undo *undo, const struct undo_way *way)
{
	struct record record = { .type = RECORD_UNDO, .at_ns = loop_now_ns() };
	int r;

	record.undo.words = undo->words;
	record.undo.done = undo->done = true;
	r = journal_append(way->journal, &record);
	if (r < 0)
		return log_errno(r, "cannot record in %s", journal_dir(way->journal));
	return 0;
}

/* Of all devices that were changed together, this one is done. */
static int take_done(struct undo_list *list, const struct undo_way *way,
		     struct text device)
{
	int first = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct undo *undo = &list->entries[i];
		struct text own;
		int r;

		if (undo->done || !text_value(text_of(undo->words), "device", &own) ||
		    !text_equal(own, device))
			continue;
		text_print(way->out, "%.*s is as it was\n", TEXT_ARG(own));
		r = record_done_undo(undo, way);
		first = first ? first : r;
	}
	return first;
}

static int take_answer(struct undo_list *list, const struct undo_way *way,
		       const char *output)
{
	struct text rest = text_of(output), line, device;
	int first = 0;

	while (text_next_line(&rest, &line)) {
		int r = 0;

		tell_error(way->target, line);
		if (text_starts(line, TEXT("restore=done")) &&
		    text_value(line, "device", &device))
			r = take_done(list, way, device);
		first = first ? first : r;
	}
	return first;
}

int undo_all(struct undo_list *list, const struct undo_way *way)
{
	size_t next = list->n;
	int first = refuse_misfits(list);

	for (;;) {
		_cleanup_strbuf_ struct strbuf command = { 0 };
		_cleanup_free_ char *output = NULL;
		int r;

		next_command(list, &next, &command);
		if (!command.n)
			break;
		r = way->worker(way->loop, way->target, command.s, &output);
		if (output && take_answer(list, way, output) < 0 && r == 0)
			r = -EIO;
		first = first ? first : r;
		/* What does not get there now does not with the next ones either. */
		if (r < 0)
			return r;
	}
	if (first == 0 && undo_left(list)) {
		log_error("%s does not tell that everything is as it was", way->target);
		return -EIO;
	}
	return first > 0 ? -EIO : first;
}
