// SPDX-License-Identifier: GPL-2.0-or-later
/* iommu-stress report: the summary of runs from their journals. */
#include "base/log.h"
#include "cmd.h"
#include "journal/journal.h"
#include "opts.h"
#include "report/summary.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* Complaints about lines of one journal that are told one by one. */
#define WRONG_LINES_TOLD 3

struct options {
	bool json, verbose;
	char **dirs;
	int n_dirs;
};

enum { KEY_FORMAT = 0x100 };

static const struct argp_option argp_options[] = {
	{ "format", KEY_FORMAT, "FORMAT", 0,
	  "How to tell it: text, tables for people (the default); json, one object a run, "
	  "on one line",
	  0 },
	{ "verbose", 'v', NULL, 0, "Say more: the proofs that passes rest on", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_FORMAT:
		options->json = opts_format_is_json(state, arg);
		return 0;
	case 'v':
		options->verbose = true;
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
	fold->doubtful |= wrong > 0;
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

static void on_missed(void *arg, const struct finding *finding)
{
	struct fold *fold = arg;
	struct record record = { .type = RECORD_FINDING,
				 .at_ns = fold->at_ns,
				 .cycle = finding->cycle };

	/* A marker may say anything. */
	if (!record.cycle || record.cycle > fold->begun)
		record.cycle = fold->begun;

	record.finding.finding = *finding;
	record.finding.finding.cycle = record.cycle;
	record.finding.report = "";
	fold_apply(fold, &record);
}

/*
 * A controller that was killed may have had no time for what its console shows, and a damaged
 * line may have told it.
 */
static void take_missed(const char *dir, const struct rules *rules, struct fold *fold)
{
	const struct classifier_sink sink = { .on_finding = on_missed, .arg = fold };
	int r;

	if (!dir || journal_is_written(dir))
		return;
	r = journal_missed(dir, rules, &sink);
	if (r < 0 && r != -ENOENT)
		log_errno(r, "cannot classify the console of %s again", dir);
}

/* Each pass has the same, unless the run went on in another way. */
static void print_proofs(const struct fold *fold)
{
	if (fold->outcomes[OUTCOME_PASS])
		printf("\nCycle %u, the first pass, rests on: %s.\n",
		       fold->first[OUTCOME_PASS].cycle,
		       fold->first[OUTCOME_PASS].verdict.proofs[0] ?
			       fold->first[OUTCOME_PASS].verdict.proofs :
			       "what the version that made it asked for");
}

static int report_run(const struct options *options, const struct rules *rules,
		      const char *path)
{
	_cleanup_free_ char *dir = directory_of(path);
	struct fold fold = { 0 };
	int status = EXIT_USAGE;

	if (read_run(path, &fold) == 0) {
		if (fold.doubtful || !fold.ended)
			take_missed(dir, rules, &fold);
		if (options->json)
			report_json(stdout, &fold, rules, dir);
		else
			report_summary(stdout, report_wants_color(stdout), &fold, rules,
				       dir);
		if (options->verbose && !options->json)
			print_proofs(&fold);
		status = fold_told_status(&fold);
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
	struct options options = { 0 };
	struct rules *rules;
	int status = EXIT_PASS;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	rules = rules_new();
	for (int i = 0; i < options.n_dirs; i++) {
		if (i && !options.json)
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
