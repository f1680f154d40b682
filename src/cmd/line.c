// SPDX-License-Identifier: GPL-2.0-or-later
/* --resume: the command line of a run that goes on is the one that began it. */
#include "line.h"
#include "base/log.h"
#include "run/past.h"
#include "run/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cmd_line_init(struct cmd_line *line, const char *scenario, int argc, char **argv)
{
	*line = (struct cmd_line){ .argc = argc,
				   .argv = argv,
				   .scenario = xstrdup(scenario),
				   .directory = getcwd(NULL, 0) };
	/* Parsing moves them around. */
	line->words = xcalloc((size_t)argc, sizeof(*line->words));
	for (int i = 1; i < argc; i++)
		line->words[i - 1] = argv[i];
}

void cmd_line_done(struct cmd_line *line)
{
	if (line->resume)
		free(line->argv);
	free(line->words);
	free(line->scenario);
	free(line->directory);
	free(line->resume);
	free(line->plan);
}

/* Is word, or what stands before its '=', the beginning of this long option? */
static bool is_option(const char *word, const char *option)
{
	size_t n = strcspn(word, "=");

	return n > 2 && n <= strlen(option) && !strncmp(word, option, n);
}

/* What can be said of any call; nothing of it is part of a plan. */
static bool is_of_the_call(const char *word)
{
	static const char *const options[] = { "--verbose", "--quiet", "--dry-run" };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (is_option(word, options[i]))
			return true;
	return word[0] == '-' && word[1] && !word[1 + strspn(word + 1, "vq")];
}

/* The plan is that of the journal, and nothing can be added to it. */
static int check_words(char *const *words)
{
	for (; *words; words++) {
		if (is_option(*words, "--resume")) {
			words += !strchr(*words, '=');
			continue;
		}
		if (is_of_the_call(*words))
			continue;
		log_error("'%s' cannot be given with --resume: the run goes on as it was "
			  "begun; leave it out, or begin a new run",
			  *words);
		return -EINVAL;
	}
	return 0;
}

static int check_past(const struct cmd_line *line, const char *dir,
		      const struct past *past)
{
	if (strcmp(past->scenario, line->scenario) != 0) {
		log_error("%s is a run of another command: `iommu-stress %s --resume %s` "
			  "goes on with it",
			  dir, past->scenario, dir);
		return -EINVAL;
	}
	if (past_is_complete(past->end)) {
		log_error("%s has ended (%s, %u cycles), there is nothing to go on with: "
			  "`iommu-stress report %s` tells what it found",
			  dir, past->end, past->finished, dir);
		return -EALREADY;
	}
	return 0;
}

/* argv[0], then the words of the run that is gone on with. */
static void take_words(struct cmd_line *line, char **words)
{
	size_t n = 0;
	char **argv;

	while (words[n])
		n++;
	argv = xcalloc(n + 2, sizeof(*argv));
	argv[0] = line->argv[0];
	memcpy(argv + 1, words, n * sizeof(*argv));
	free(line->words);
	line->words = words;
	line->argv = argv;
	line->argc = (int)n + 1;
}

static int go_there(struct cmd_line *line, const char *dir, const struct past *past)
{
	char *directory = NULL, **words = NULL;

	if (plan_words_from_json(past->plan, &words, &directory) < 0) {
		log_error("the journal of %s (iommu-stress %s) does not tell its command "
			  "line: begin a new run",
			  dir, past->tool);
		return -ENOENT;
	}
	free(line->directory);
	line->directory = directory;
	line->plan = xstrdup(past->plan);
	line->resume = realpath(dir, NULL);
	if (!line->resume) {
		free(words);
		return log_errno(-errno, "cannot find %s", dir);
	}
	take_words(line, words);
	/* Its files are named from there. */
	if (chdir(directory) < 0)
		return log_errno(-errno, "%s was begun in %s, which cannot be entered",
				 dir, directory);
	return 0;
}

int cmd_line_resume(struct cmd_line *line, const char *resume)
{
	struct past past = { 0 };
	int r = check_words(line->words);

	if (r == 0)
		r = past_read(resume, &past);
	if (r < 0)
		return r;
	r = check_past(line, resume, &past);
	if (r == 0)
		r = go_there(line, resume, &past);
	past_done(&past);
	return r;
}
