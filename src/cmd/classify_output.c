// SPDX-License-Identifier: GPL-2.0-or-later
#include "classify.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of a console, around a report's first line; more is not shown. */
#define CONTEXT_BYTES 65536

/* -- json ----------------------------------------------------------------------------- */

static json_t *string_or_null(const char *s)
{
	return s && s[0] ? json_string(s) : json_null();
}

/* A line of its own. Takes the object. */
static void print_object(json_t *object)
{
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

/* Functions that the compiler put into each other; more than these are not told. */
#define PLACES_MAX 8

/* All but the first frame are where a call returns to; so is that of an exception. */
static size_t find_places(const struct classify_output *out, const struct finding *f,
			  size_t i, struct symbols_place places[PLACES_MAX])
{
	const struct finding_frame *frame = &f->frames[i];
	struct symbols_query query = {
		.module = frame->module,
		.function = frame->function,
		.offset = frame->offset,
		.size = frame->size,
		.returns = i > 0 || strcmp(frame->function, f->function) != 0,
	};

	if (!out->symbols || !frame->size)
		return 0;
	return symbols_find(out->symbols, &query, places, PLACES_MAX);
}

static json_t *places_to_json(const struct symbols_place *places, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_pack("{s:s, s:s, s:i, s:b}", "function",
						       places[i].function, "file",
						       places[i].file, "line",
						       (int)places[i].line, "inlined",
						       (int)places[i].inlined));
	return array;
}

static json_t *frames_to_json(const struct classify_output *out, const struct finding *f)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < f->n_frames; i++) {
		struct symbols_place places[PLACES_MAX];
		size_t n = find_places(out, f, i, places);
		json_t *frame = json_pack("{s:s, s:i, s:o, s:b}", "function",
					  f->frames[i].function, "offset",
					  (int)f->frames[i].offset, "module",
					  string_or_null(f->frames[i].module), "reliable",
					  (int)f->frames[i].reliable);

		if (out->symbols)
			json_object_set_new(frame, "places", places_to_json(places, n));
		json_array_append_new(frames, frame);
	}
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

static const char *fixed_in(const struct classify_output *out, const struct finding *f)
{
	return f->known[0] && f->kernel[0] ?
		       rules_fixed_in(out->rules, f->known, f->kernel) :
		       NULL;
}

static void set_string(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, string_or_null(value));
}

static void print_json(const struct classify_output *out, const struct finding *f)
{
	json_t *o = json_object();
	bool real = f->type == FINDING_SPLAT || f->type == FINDING_FAULT;

	set_string(o, "file", out->file);
	json_object_set_new(o, "line", json_integer((json_int_t)f->line));
	set_string(o, "type", finding_type_name(f->type));
	set_string(o, "kind", f->kind);
	set_string(o, "function", f->function);
	json_object_set_new(o, "iommu", json_boolean(f->iommu));
	set_string(o, "driver", f->driver);
	set_string(o, "device", f->device);
	json_object_set_new(o, "count", json_integer(f->count));
	json_object_set_new(o, "panic", json_boolean(f->panic));
	json_object_set_new(o, "truncated", json_boolean(real && f->truncated));
	set_string(o, "bug", f->bug);
	set_string(o, "variant", f->variant);
	set_string(o, "title", f->title);
	set_string(o, "known", f->known);
	set_string(o, "fixed_in", fixed_in(out, f));
	set_string(o, "advice", f->advice);
	set_string(o, "severity", f->severity);
	set_string(o, "source", f->file);
	set_string(o, "kernel", f->kernel);
	set_string(o, "phase", f->phase == PHASE_NONE ? NULL : phase_name(f->phase));
	json_object_set_new(o, "cycle", f->cycle ? json_integer(f->cycle) : json_null());
	json_object_set_new(o, "offset", json_integer((json_int_t)f->offset));
	json_object_set_new(o, "length", json_integer((json_int_t)f->size));
	json_object_set_new(o, "frames", frames_to_json(out, f));
	json_object_set_new(o, "decoded", decoded_to_json(f));
	print_object(o);
}

/* -- text ----------------------------------------------------------------------------- */

static void print_known(const struct classify_output *out, const struct finding *f)
{
	const struct known_issue *known = rules_find_known(out->rules, f->known);
	_cleanup_free_ char *fix = NULL;

	if (!known)
		return;
	fix = rules_explain_fix(out->rules, f->known, f->kernel);
	text_print(stdout, "    known issue %s: %s\n", known->id, known->title);
	if (fix)
		text_print(stdout, "    but %s\n", fix);
	else if (known->fixed_by[0])
		text_print(stdout, "    fixed by %s\n", known->fixed_by);
}

static void print_raw_line(struct text raw, bool first)
{
	static char clean[3 * 8192 + 1];

	if (raw.n > 8192)
		raw.n = 8192;
	text_clean(clean, sizeof(clean), raw);
	printf("  %c %s\n", first ? '>' : '|', clean);
}

/* The lines around a report's first one, from the file itself. */
static void print_context(const struct classify_output *out, const struct finding *f)
{
	unsigned int lines = out->options->context;
	uint64_t start = f->offset > CONTEXT_BYTES / 2 ? f->offset - CONTEXT_BYTES / 2 :
							 0;
	_cleanup_free_ char *bytes = xcalloc(1, CONTEXT_BYTES);
	size_t at = (size_t)(f->offset - start), from = at;
	ssize_t n = pread(out->context_fd, bytes, CONTEXT_BYTES, (off_t)start);

	if (n <= (ssize_t)at)
		return;
	for (unsigned int i = 0; i < lines && from > 0; i++)
		for (from--; from > 0 && bytes[from - 1] != '\n';)
			from--;
	for (unsigned int after = 0; from < (size_t)n && after <= lines;) {
		const char *end = memchr(bytes + from, '\n', (size_t)n - from);
		size_t length = end ? (size_t)(end - bytes) - from : (size_t)n - from;

		print_raw_line((struct text){ bytes + from, length }, from == at);
		after += from >= at;
		from += length + 1;
	}
}

/* The first trace, where --vmlinux says more about it than the console. */
static void print_frames(const struct classify_output *out, const struct finding *f)
{
	for (size_t i = 0; out->symbols && i < f->n_frames; i++) {
		const struct finding_frame *frame = &f->frames[i];
		struct symbols_place places[PLACES_MAX];
		size_t n = find_places(out, f, i, places);

		if (!n)
			text_print(stdout, "    %s %s\n", frame->reliable ? " " : "?",
				   frame->function);
		for (size_t k = 0; k < n; k++)
			text_print(stdout, "    %s %s %s:%u%s\n",
				   frame->reliable ? " " : "?", places[k].function,
				   places[k].file, places[k].line,
				   places[k].inlined ? " (inlined)" : "");
	}
}

static void print_text(const struct classify_output *out, const struct finding *f)
{
	text_print(stdout, "%s:%" PRIu64 ": %s: %s", out->file, f->line,
		   finding_type_name(f->type), f->title);
	if (f->count > 1)
		text_print(stdout, " (%u times)", f->count);
	if (f->panic)
		text_print(stdout, " (panic)");
	if (f->cycle)
		text_print(stdout, " (cycle %u, %s)", f->cycle, phase_name(f->phase));
	text_print(stdout, " [%s]\n", f->bug);
	if (f->device[0])
		text_print(stdout, "    device %s\n", f->device);
	for (size_t i = 0; i < f->n_decoded; i++)
		text_print(stdout, "    %s %s\n", f->decoded[i].name,
			   f->decoded[i].value);
	print_frames(out, f);
	print_known(out, f);
	if (f->advice[0])
		text_print(stdout, "    advice: %s\n", f->advice);
	if (out->options->context_given && out->context_fd >= 0)
		print_context(out, f);
}

/* -- summary -------------------------------------------------------------------------- */

static void add_group(struct classify_output *out, const struct finding *f)
{
	struct classify_group *group = NULL;

	for (size_t i = 0; i < out->n_groups; i++)
		if (!strcmp(out->groups[i].first.bug, f->bug))
			group = &out->groups[i];
	if (!group) {
		out->groups =
			xrealloc(out->groups, out->n_groups + 1, sizeof(out->groups[0]));
		group = &out->groups[out->n_groups++];
		*group = (struct classify_group){ .first = *f,
						  .file = xstrdup(out->file) };
	}
	group->findings++;
	group->count += f->count;
}

static int by_findings(const void *a, const void *b)
{
	const struct classify_group *x = a, *y = b;

	if (x->findings != y->findings)
		return x->findings < y->findings ? 1 : -1;
	return strcmp(x->first.bug, y->first.bug);
}

static void print_group(const struct classify_output *out, struct classify_group *group)
{
	json_t *o;

	if (out->options->format == CLASSIFY_TEXT) {
		text_print(stdout, "%6u  %-44s %s\n        first %s:%" PRIu64 "%s%s\n",
			   group->findings, group->first.bug, group->first.title,
			   group->file, group->first.line,
			   group->first.known[0] ? ", known issue " : "",
			   group->first.known);
		return;
	}
	o = json_pack("{s:s, s:s, s:i, s:i, s:s, s:I, s:o}", "bug", group->first.bug,
		      "title", group->first.title, "findings", (int)group->findings,
		      "count", (int)group->count, "file", group->file, "line",
		      (json_int_t)group->first.line, "known",
		      string_or_null(group->first.known));
	print_object(o);
}

void classify_summarise(struct classify_output *out)
{
	if (out->n_groups)
		qsort(out->groups, out->n_groups, sizeof(out->groups[0]), by_findings);
	for (size_t i = 0; i < out->n_groups; i++) {
		print_group(out, &out->groups[i]);
		free(out->groups[i].file);
	}
	free(out->groups);
	out->groups = NULL;
	out->n_groups = 0;
}

static int severity_rank(const char *severity)
{
	if (!strcmp(severity, "info"))
		return SEVERITY_INFO;
	return !strcmp(severity, "warning") ? SEVERITY_WARNING : SEVERITY_ERROR;
}

void classify_show(void *arg, const struct finding *f)
{
	struct classify_output *out = arg;

	if ((out->options->only_iommu && !f->iommu) ||
	    severity_rank(f->severity) < (int)out->options->min_severity)
		return;
	out->n_shown += f->type != FINDING_NOTE;
	if (out->options->summary)
		add_group(out, f);
	else if (out->options->format == CLASSIFY_JSON)
		print_json(out, f);
	else
		print_text(out, f);
}
