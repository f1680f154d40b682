// SPDX-License-Identifier: GPL-2.0-or-later
/* Console text in, findings out: as text for people, as JSON lines for programs. */
#include "base/log.h"
#include "classify/classifier.h"
#include "classify/rules.h"
#include "cmd.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A console that says nothing for so long has finished its report. */
#define QUIET_MS 1000

enum format { FORMAT_TEXT, FORMAT_JSON };

struct options {
	enum format format;
	char **files;
	size_t n_files;
};

struct output {
	const struct options *options;
	const struct rules *rules;
	const char *file;
	size_t n_findings;
};

static json_t *string_or_null(const char *s)
{
	return s[0] ? json_string(s) : json_null();
}

static json_t *frames_to_json(const struct finding *f)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < f->n_frames; i++)
		json_array_append_new(frames,
				      json_pack("{s:s, s:o, s:b}", "function",
						f->frames[i].function, "module",
						string_or_null(f->frames[i].module),
						"reliable", (int)f->frames[i].reliable));
	return frames;
}

static json_t *decoded_to_json(const struct finding *f)
{
	json_t *decoded = json_object();

	for (size_t i = 0; i < f->n_decoded; i++)
		json_object_set_new(decoded, f->decoded[i].name,
				    json_string(f->decoded[i].value));
	return decoded;
}

static void print_json(const struct output *out, const struct finding *f)
{
	json_t *o = json_object();
	bool real = f->type == FINDING_SPLAT || f->type == FINDING_FAULT;

	json_object_set_new(o, "file", json_string(out->file));
	json_object_set_new(o, "line", json_integer((json_int_t)f->line));
	json_object_set_new(o, "type", json_string(finding_type_name(f->type)));
	json_object_set_new(o, "kind", json_string(f->kind));
	json_object_set_new(o, "function", string_or_null(f->function));
	json_object_set_new(o, "iommu", json_boolean(f->iommu));
	json_object_set_new(o, "driver", string_or_null(f->driver));
	json_object_set_new(o, "device", string_or_null(f->device));
	json_object_set_new(o, "count", json_integer(f->count));
	json_object_set_new(o, "panic", json_boolean(f->panic));
	json_object_set_new(o, "truncated", json_boolean(real && f->truncated));
	json_object_set_new(o, "bug", json_string(f->bug));
	json_object_set_new(o, "variant", json_string(f->variant));
	json_object_set_new(o, "title", json_string(f->title));
	json_object_set_new(o, "known", string_or_null(f->known));
	json_object_set_new(o, "severity", json_string(f->severity));
	json_object_set_new(o, "kernel", string_or_null(f->kernel));
	json_object_set_new(o, "phase",
			    f->phase == PHASE_NONE ? json_null() :
						     json_string(phase_name(f->phase)));
	json_object_set_new(o, "cycle", f->cycle ? json_integer(f->cycle) : json_null());
	json_object_set_new(o, "offset", json_integer((json_int_t)f->offset));
	json_object_set_new(o, "length", json_integer((json_int_t)f->size));
	json_object_set_new(o, "frames", frames_to_json(f));
	json_object_set_new(o, "decoded", decoded_to_json(f));
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static void print_text(const struct output *out, const struct finding *f)
{
	const struct known_issue *known;

	printf("%s:%llu: %s: %s", out->file, (unsigned long long)f->line,
	       finding_type_name(f->type), f->title);
	if (f->count > 1)
		printf(" (%u times)", f->count);
	if (f->panic)
		printf(" (panic)");
	printf(" [%s]\n", f->bug);
	for (size_t i = 0; i < f->n_decoded; i++)
		printf("    %s %s\n", f->decoded[i].name, f->decoded[i].value);
	known = f->known[0] ? rules_find_known(out->rules, f->known) : NULL;
	if (known)
		printf("    known issue %s: %s\n", known->id, known->title);
	if (known && known->fixed_by[0])
		printf("    fixed by %s\n", known->fixed_by);
}

static void on_finding(void *arg, const struct finding *f)
{
	struct output *out = arg;

	out->n_findings++;
	if (out->options->format == FORMAT_JSON)
		print_json(out, f);
	else
		print_text(out, f);
}

/* Reads to the end; a stream that pauses ends the report that is open. */
static int read_all(struct classifier *c, int fd)
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
		classifier_feed(c, buffer, (size_t)n);
	}
}

static int classify_file(struct output *out, const char *path)
{
	struct classifier_sink sink = { .on_finding = on_finding, .arg = out };
	_cleanup_close_ int fd = -1;
	struct classifier *c;
	int r;

	out->file = path;
	fd = strcmp(path, "-") != 0 ? open(path, O_RDONLY | O_CLOEXEC) :
				      dup(STDIN_FILENO);
	if (fd < 0)
		return log_errno(-errno, "cannot open %s", path);
	c = classifier_new(out->rules, &sink);
	r = read_all(c, fd);
	classifier_end(c);
	classifier_free(c);
	if (r < 0)
		return log_errno(r, "cannot read %s", path);
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'f':
		if (!strcmp(arg, "json"))
			options->format = FORMAT_JSON;
		else if (!strcmp(arg, "text"))
			options->format = FORMAT_TEXT;
		else
			argp_error(state, "--format is text or json, not '%s'", arg);
		return 0;
	case ARGP_KEY_ARGS:
		options->files = state->argv + state->next;
		options->n_files = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a file is missing; - is standard input");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option option_table[] = {
	{ "format", 'f', "FORMAT", 0,
	  "text for people (the default), or json: one object a line", 0 },
	{ 0 },
};

static const struct argp argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "FILE...",
	.doc = "Names every kernel splat and IOMMU fault in console logs, and what the "
	       "registers mean.\vA FILE is a serial capture, dmesg, journal, syslog, "
	       "pstore or netconsole text; - is standard input.\n\n"
	       "Exit status: 0 nothing found, 1 findings, 2 a file cannot be read.",
};

static int run(int argc, char **argv)
{
	struct options options = { .format = FORMAT_TEXT };
	struct output out = { .options = &options };
	struct rules *rules;
	int status = EXIT_PASS;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	rules = rules_new();
	out.rules = rules;
	for (size_t i = 0; i < options.n_files; i++)
		if (classify_file(&out, options.files[i]) < 0)
			status = EXIT_USAGE;
	rules_free(rules);
	if (status == EXIT_PASS && out.n_findings)
		status = EXIT_FINDING;
	return status;
}

const struct command cmd_classify = {
	.name = "classify",
	.help = "name the splats and IOMMU faults of a console log",
	.run = run,
};
