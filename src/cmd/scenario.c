// SPDX-License-Identifier: GPL-2.0-or-later
/* The command of any scenario: argv to plan to run. */
#include "base/log.h"
#include "board/target.h"
#include "cmd.h"
#include "opts.h"
#include "os/signals.h"
#include "run/past.h"
#include "run/plan.h"
#include "run/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* -- the command line, and that of a run that goes on ------------------------------------- */

/*
 * The command line of a run, which its journal keeps. With --resume, that of the run that
 * is gone on with takes the place of argv, and the working directory becomes that run's.
 */
struct line {
	int argc;
	char **argv;
	char **words;             /* behind argv[0], in their order; NULL at the end */
	char *directory, *resume; /* absolute; resume NULL: a new run */
	char *plan;               /* of the run that is gone on with, as it began */
};

static void line_init(struct line *line, int argc, char **argv)
{
	*line = (struct line){ .argc = argc, .argv = argv, .directory = getcwd(NULL, 0) };
	/* Parsing moves them around. */
	line->words = xcalloc((size_t)argc, sizeof(*line->words));
	for (int i = 1; i < argc; i++)
		line->words[i - 1] = argv[i];
}

static void line_done(struct line *line)
{
	if (line->resume)
		free(line->argv);
	free(line->words);
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

static int check_past(const struct scenario *scenario, const char *dir,
		      const struct past *past)
{
	if (strcmp(past->scenario, scenario->name) != 0) {
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
static void take_words(struct line *line, char **words)
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

static int go_there(struct line *line, const char *dir, const struct past *past)
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

/* --resume=dir: the line becomes what that run was begun with. Speaks. */
static int line_resume(struct line *line, const struct scenario *scenario,
		       const char *resume)
{
	struct past past = { 0 };
	int r = check_words(line->words);

	if (r == 0)
		r = past_read(resume, &past);
	if (r < 0)
		return r;
	r = check_past(scenario, resume, &past);
	if (r == 0)
		r = go_there(line, resume, &past);
	past_done(&past);
	return r;
}

/* -- argv to plan ------------------------------------------------------------------------- */

struct input {
	const struct scenario *scenario;
	struct plan plan;
	struct opts_run run;
	struct opts_rules rules;
	const char **devices;
	void *inputs[8]; /* of the groups of options */
};

static void input_done(struct input *input)
{
	plan_done(&input->plan);
	free(input->rules.files);
	free(input->devices);
}

/* Is it a target, with all parts that the plan needs? */
static void check_target(struct argp_state *state, const struct plan *plan)
{
	unsigned int needs = TARGET_CONSOLE | TARGET_CONTROL | plan->scenario->needs |
			     (plan->flood ? TARGET_WIRE : 0);
	_cleanup_free_ char *lacks = target_lacks(plan->target, needs);

	if (lacks)
		argp_error(state, "%s", lacks);
}

static void add_device(struct argp_state *state, struct input *input, const char *arg)
{
	struct plan *plan = &input->plan;

	if (!(plan->scenario->takes & SCENARIO_DEVICES))
		argp_error(state, "'%s' is one word too many", arg);
	input->devices =
		xrealloc(input->devices, plan->n_devices + 1, sizeof(*input->devices));
	input->devices[plan->n_devices++] = arg;
	plan->devices = input->devices;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct input *input = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		for (size_t i = 0; input->inputs[i]; i++)
			state->child_inputs[i] = input->inputs[i];
		return 0;
	case 't':
		input->plan.target = arg;
		return 0;
	case ARGP_KEY_ARG:
		add_device(state, input, arg);
		return 0;
	case ARGP_KEY_END:
		check_target(state, &input->plan);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* From the beginning, whatever is in input. */
static void parse_line(struct input *input, const struct line *line)
{
	const struct scenario *scenario = input->scenario;
	_cleanup_free_ char *target = xasprintf(
		"virt:NAME, a virtual board of `iommu-stress board list` (default %s)%s",
		scenario->target,
		scenario->needs & TARGET_POWER ? "" : ", local, or ssh:HOST");
	_cleanup_free_ char *tables = scenario->help_tables(scenario);
	_cleanup_free_ char *doc = xasprintf(
		"%s\v%sExit status: 0 nothing found, 1 at least one finding, 2 bad "
		"usage or configuration, 3 could not measure, 130 interrupted.",
		scenario->doc, tables);
	const struct argp_option options[] = {
		{ "target", 't', "TARGET", 0, target, 0 },
		{ 0 },
	};
	const struct {
		struct argp_child child;
		void *input;
		unsigned int takes; /* SCENARIO_*: only for those that do */
	} groups[] = {
		{ { scenario->options, 0, NULL, 0 }, &input->plan, 0 },
		{ { &opts_run_argp, 0, "Run:", 3 }, &input->run, 0 },
		{ { &opts_board_argp, 0, OPTS_BOARD_HEADER, 5 }, &input->plan.board, 0 },
		{ { &opts_rules_argp, 0, "Findings:", 6 }, &input->rules, 0 },
		{ { &opts_load_argp, 0, "Load:", 2 }, &input->plan, SCENARIO_LOAD },
		{ { &opts_guard_argp, 0, OPTS_GUARD_HEADER, 4 },
		  &input->plan.allowed,
		  SCENARIO_GUARDS },
		{ { &opts_output_argp, 0, "Output:", 7 }, NULL, 0 },
	};
	struct argp_child children[ARRAY_SIZE(groups) + 1] = { 0 };
	const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = scenario->takes & SCENARIO_DEVICES ? "[DEVICE...]" : NULL,
		.doc = doc,
		.children = children,
	};

	input_done(input);
	*input = (struct input){ .scenario = scenario, .run.plan = &input->plan };
	for (size_t i = 0, n = 0; i < ARRAY_SIZE(groups); i++)
		if (!groups[i].takes || (scenario->takes & groups[i].takes)) {
			input->inputs[n] = groups[i].input;
			children[n++] = groups[i].child;
		}
	plan_init(&input->plan, scenario);
	argp_parse(&argp, line->argc, line->argv, 0, NULL, input);
}

/* -- plan to run -------------------------------------------------------------------------- */

struct stopper {
	struct loop *loop;
	int fd;
};

static void on_signal(void *arg, uint32_t events)
{
	struct stopper *stopper = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(stopper->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	log_notice("%s: ending, the summary follows", strsignal((int)info.ssi_signo));
	loop_interrupt(stopper->loop);
}

/* ^C, kill and a closed terminal end the run with its summary. */
static int watch_signals(struct stopper *stopper, struct loop_io **ret)
{
	signal(SIGPIPE, SIG_IGN);
	stopper->fd = signals_open();
	if (stopper->fd < 0)
		return stopper->fd;
	return loop_io_add(stopper->loop, stopper->fd, EPOLLIN, on_signal, stopper, ret);
}

/* The plan stands in the journal, where a path from here means nothing. */
static void make_absolute(const char **path)
{
	char *absolute = *path ? realpath(*path, NULL) : NULL;

	/* One that does not exist is told as it was written. */
	if (absolute)
		*path = absolute;
}

static int run_plan(const struct plan *plan, const struct rules *rules)
{
	struct stopper stopper = { .fd = -1 };
	struct loop_io *signals = NULL;
	int status = EXIT_INVALID, r;

	r = loop_new(&stopper.loop);
	if (r == 0)
		r = watch_signals(&stopper, &signals);
	if (r < 0) {
		log_errno(r, "cannot wait for events");
	} else {
		status = run_execute(stopper.loop, plan, &rig_real, rules, stdout);
	}
	loop_io_free(signals);
	loop_free(stopper.loop);
	if (stopper.fd >= 0)
		close(stopper.fd);
	return status;
}

/* What the words mean to us must be what they meant when the run began. */
static int check_resumed(const struct plan *plan, const struct line *line)
{
	_cleanup_free_ char *now = plan_to_json(plan);
	_cleanup_free_ char *different = line->plan ? plan_difference(line->plan, now) :
						      NULL;

	if (!different)
		return 0;
	log_error(
		"%s cannot be gone on with: its options mean another '%s' now than when "
		"it began; begin a new run",
		line->resume, different);
	return -EINVAL;
}

static int set_line(struct plan *plan, const struct line *line)
{
	make_absolute(&plan->board.kernel);
	make_absolute(&plan->board.initrd);
	make_absolute(&plan->board.modules);
	plan->words = (const char *const *)line->words;
	while (line->words[plan->n_words])
		plan->n_words++;
	plan->directory = line->directory;
	if (line->resume)
		plan->run_dir = line->resume;
	plan->resume = line->resume;
	return check_resumed(plan, line);
}

/* What is wrong with rules and words is told before anything is prepared. */
static int run_input(struct input *input, const struct line *line)
{
	struct plan *plan = &input->plan;
	struct rules *rules;
	int status = EXIT_USAGE;

	if (plan->scenario->plan_check && plan->scenario->plan_check(plan) < 0)
		return EXIT_USAGE;
	if (opts_rules_load(&input->rules, &rules) < 0)
		return EXIT_USAGE;
	if (set_line(plan, line) == 0) {
		if (input->run.dry_run) {
			run_print_plan(stdout, plan);
			status = EXIT_PASS;
		} else if (target_prepare(plan->target, &plan->board) == 0) {
			/* One that cannot be had leaves no empty run behind. */
			status = run_plan(plan, rules);
		}
	}
	rules_free(rules);
	return status;
}

/* The line of the run that goes on; how much is said is a matter of this call. */
static int parse_resumed(struct input *input, struct line *line)
{
	enum log_level level = log_get_level();
	bool dry_run = input->run.dry_run;
	int r = line_resume(line, input->scenario, input->run.resume);

	if (r < 0)
		return r;
	parse_line(input, line);
	log_set_level(level);
	input->run.dry_run = dry_run;
	return 0;
}

int cmd_scenario_run(const struct scenario *scenario, int argc, char **argv)
{
	struct input input = { .scenario = scenario };
	struct line line;
	int status = EXIT_USAGE;

	line_init(&line, argc, argv);
	parse_line(&input, &line);
	if (!input.run.resume || parse_resumed(&input, &line) == 0)
		status = run_input(&input, &line);
	input_done(&input);
	line_done(&line);
	return status;
}
