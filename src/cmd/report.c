// SPDX-License-Identifier: GPL-2.0-or-later
/* iommu-stress report: the summary of runs from their journals. */
#include "base/log.h"
#include "cmd.h"
#include "journal/journal.h"
#include "report/summary.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* Complaints about lines of one journal that are told one by one. */
#define WRONG_LINES_TOLD 3

typedef void (*format_fn)(const struct fold *fold, const struct rules *rules,
			  const char *dir);

static void print_text(const struct fold *fold, const struct rules *rules,
		       const char *dir)
{
	report_summary(stdout, report_wants_color(stdout), fold, rules, dir);
}

static void print_json(const struct fold *fold, const struct rules *rules,
		       const char *dir)
{
	report_json(stdout, fold, rules, dir);
}

static const struct format {
	const char *name, *help;
	format_fn print;
} formats[] = {
	{ "text", "tables for people (the default)", print_text },
	{ "json", "one object a run, on one line", print_json },
};

static const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

struct options {
	const struct format *format;
	char **dirs;
	int n_dirs;
};

enum { KEY_FORMAT = 0x100 };

static const struct argp_option argp_options[] = {
	{ "format", KEY_FORMAT, "FORMAT", 0, "How to tell it: ", 0 },
	{ 0 },
};

static char *format_names(void)
{
	struct strbuf names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", formats[i].name);
	return names.s;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_FORMAT:
		options->format = format_find(arg);
		if (!options->format) {
			_cleanup_free_ char *names = format_names();

			argp_error(state, "--format=%s: must be one of %s", arg, names);
		}
		return 0;
	case ARGP_KEY_ARGS:
		options->dirs = state->argv + state->next;
		options->n_dirs = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a run directory is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The formats, from the table. */
static char *help_filter(int key, const char *text, void *input)
{
	struct strbuf help = { 0 };

	(void)input;
	if (key != KEY_FORMAT)
		return (char *)text;
	strbuf_addf(&help, "%s", text);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		strbuf_addf(&help, "%s%s, %s", i ? "; " : "", formats[i].name,
			    formats[i].help);
	return help.s;
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "RUNDIR...",
	.doc = "Tells what a run found: outcomes, findings grouped by bug, known issues and "
	       "their fixes, hit rate and times.\v"
	       "RUNDIR is a directory that a run made, finished or not, or its "
	       "journal.jsonl. The exit status is the run's: 0 all cycles passed, 1 "
	       "findings, 3 could not be measured; of several runs 1 before 3 before 0. 2: "
	       "a journal cannot be read.",
	.help_filter = help_filter,
};

/* 0, or a negative errno that has been told. */
static int read_run(const char *dir, struct fold *fold)
{
	struct journal_reader *reader;
	const struct record *record;
	const char *error = NULL;
	unsigned int wrong = 0, right = 0;
	int r = journal_reader_open(dir, &reader);

	if (r == -ENOENT) {
		log_error("%s: no run here, there is no journal.jsonl", dir);
		return r;
	}
	if (r < 0)
		return log_errno(r, "cannot read the journal of %s", dir);
	while ((r = journal_reader_next(reader, &record, &error)) != 0) {
		if (r == 1) {
			fold_apply(fold, record);
			right++;
		} else if (r != -EINVAL) {
			log_errno(r, "cannot read the journal of %s", dir);
			break;
		} else if (++wrong <= WRONG_LINES_TOLD) {
			log_warning("%s: %s", dir, error);
		}
	}
	if (wrong > WRONG_LINES_TOLD)
		log_warning("%s: %u lines in all are no records and were left out", dir,
			    wrong);
	if (r == 0 && journal_reader_torn(reader))
		log_warning("%s: the last line is torn: the run was cut off while it was "
			    "written",
			    dir);
	journal_reader_close(reader);
	if (r == 0 && !right) {
		log_error("%s: the journal holds no record", dir);
		return -ENODATA;
	}
	return r;
}

/* Where the run's other files are; caller frees. NULL: path is no run's journal. */
static char *directory_of(const char *path)
{
	struct text t = text_of(path);
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return xstrdup(path);
	if (text_equal(t, TEXT("journal.jsonl")))
		return xstrdup(".");
	if (text_ends(t, TEXT("/journal.jsonl")))
		return xstrndup(path, t.n - strlen("/journal.jsonl"));
	return NULL;
}

static int report_run(const struct options *options, const struct rules *rules,
		      const char *path)
{
	_cleanup_free_ char *dir = directory_of(path);
	struct fold fold = { 0 };
	int status = EXIT_USAGE;

	if (read_run(path, &fold) == 0) {
		options->format->print(&fold, rules, dir);
		status = fold_status(&fold);
	}
	fold_done(&fold);
	return status;
}

/* Of several runs: what cannot be read, then what was found, then what is not known. */
static int worse_status(int a, int b)
{
	static const int order[] = { EXIT_USAGE, EXIT_FINDING, EXIT_INVALID };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return EXIT_PASS;
}

static int run_report(int argc, char **argv)
{
	struct options options = { .format = &formats[0] };
	struct rules *rules;
	int status = EXIT_PASS;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	rules = rules_new();
	for (int i = 0; i < options.n_dirs; i++) {
		if (i && options.format->print == print_text)
			puts("");
		status = worse_status(status,
				      report_run(&options, rules, options.dirs[i]));
	}
	rules_free(rules);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		log_errno(-errno, "cannot write the report");
		return EXIT_USAGE;
	}
	return status;
}

const struct command cmd_report = {
	.name = "report",
	.help = "tell what a run found",
	.run = run_report,
};
