// SPDX-License-Identifier: GPL-2.0-or-later
/* Console text in, findings out: as text for people, as JSON lines for programs. */
#include "classify.h"
#include "base/log.h"
#include "base/num.h"
#include "cmd.h"
#include "opts.h"

#include <errno.h>
#include <stdlib.h>

enum { KEY_MIN_SEVERITY = 0x100 };

struct arguments {
	struct classify_options options;
	struct opts_rules rules;
};

#define KEY(member) OPTS_KEY(struct arguments, options.member)

static const char *const severities[] = { "info", "warning", "error" };

static void parse_severity(struct classify_options *options, const char *arg,
			   struct argp_state *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(severities); i++) {
		if (strcmp(arg, severities[i]) != 0)
			continue;
		options->min_severity = i;
		return;
	}
	argp_error(state, "--min-severity is info, warning or error, not '%s'", arg);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct classify_options *options = &arguments->options;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->rules;
		return 0;
	case 'f':
		if (!strcmp(arg, "json"))
			options->format = CLASSIFY_JSON;
		else if (!strcmp(arg, "text"))
			options->format = CLASSIFY_TEXT;
		else
			argp_error(state, "--format is text or json, not '%s'", arg);
		return 0;
	case KEY_MIN_SEVERITY:
		parse_severity(options, arg, state);
		return 0;
	case 'C':
		if (num_parse_u32(arg, &options->context) < 0 || options->context > 1000)
			argp_error(state, "--context is a number up to 1000, not '%s'",
				   arg);
		options->context_given = true;
		return 0;
	case ARGP_KEY_ARGS:
		options->files = state->argv + state->next;
		options->n_files = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a file is missing; - is standard input");
		return 0;
	default:
		return opts_set(key, arg, arguments);
	}
}

static const struct argp_option option_table[] = {
	{ "format", 'f', "FORMAT", 0,
	  "text for people (the default), or json: one object a line", 0 },
	{ "only-iommu", KEY(only_iommu), NULL, 0,
	  "only what IOMMU, VFIO or DMA API code is to blame for", 0 },
	{ "min-severity", KEY_MIN_SEVERITY, "SEVERITY", 0,
	  "leave out what is less than info (the default), warning or error", 0 },
	{ "context", 'C', "LINES", 0,
	  "show so many lines around the first one of a report (text of plain files)",
	  0 },
	{ "vmlinux", KEY(vmlinux), "FILE", 0,
	  "the kernel with its debugging information: frames get file and line", 0 },
	{ "debuginfo", KEY(debuginfo), "DIR", 0,
	  "where modules with theirs are, and vmlinux unless it is named", 0 },
	{ "summary", KEY(summary), NULL, 0, "one entry a bug, at the end", 0 },
	{ 0 },
};

static const struct argp_child children[] = {
	{ &opts_rules_argp, 0, NULL, 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.children = children,
	.args_doc = "FILE...",
	.doc = "Names every kernel splat and IOMMU fault in console logs, and what the "
	       "registers mean.\vA FILE is a serial capture, dmesg, journal, syslog, "
	       "pstore or netconsole text, also packed by gzip, bzip2, xz or "
	       "zstd, or the directory of a run; - is standard input.\n\n"
	       "Exit status: 0 nothing found, 1 findings, 2 a file cannot be read or is "
	       "not text.",
};

static int open_symbols(const struct classify_options *options, struct symbols **ret)
{
	const char *name = options->vmlinux ? options->vmlinux : options->debuginfo;
	int r;

	if (!name)
		return 0;
	r = symbols_open(options->vmlinux, options->debuginfo, ret);
	if (r == -EOPNOTSUPP)
		return log_error("this program was built without libdw"), r;
	if (r == -ENOENT && !options->vmlinux)
		return log_error("there is no vmlinux in %s", name), r;
	if (r == -EINVAL)
		return log_error("%s is no kernel with symbols", name), r;
	return r < 0 ? log_errno(r, "cannot open %s", name) : 0;
}

static int run(int argc, char **argv)
{
	struct arguments arguments = { .options.format = CLASSIFY_TEXT };
	struct classify_output out = { .options = &arguments.options, .context_fd = -1 };
	struct rules *rules = NULL;
	int status = EXIT_PASS, r;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	r = opts_rules_load(&arguments.rules, &rules);
	free(arguments.rules.files);
	if (r < 0)
		return EXIT_USAGE;
	if (open_symbols(&arguments.options, &out.symbols) < 0) {
		rules_free(rules);
		return EXIT_USAGE;
	}
	out.rules = rules;
	for (size_t i = 0; i < arguments.options.n_files; i++)
		if (classify_read(&out, arguments.options.files[i]) < 0)
			status = EXIT_USAGE;
	classify_summarise(&out);
	symbols_close(out.symbols);
	rules_free(rules);
	if (status == EXIT_PASS && out.n_shown)
		status = EXIT_FINDING;
	return status;
}

const struct command cmd_classify = {
	.name = "classify",
	.help = "name the splats and IOMMU faults of a console log",
	.run = run,
};
