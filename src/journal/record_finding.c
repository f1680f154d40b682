// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The record of a finding. Frames are strings as a kernel prints them, "function",
 * "? function" for one that may be stale, "function [module]"; decoded registers are one
 * object, in their order.
 */
#include "record_finding.h"

#include "journal/record.h"
#include "journal/table_json.h"

#include <stdio.h>

static const char *phase_word(unsigned int value)
{
	return phase_name((enum phase)value);
}

static const char *class_word(unsigned int value)
{
	return finding_type_name((enum finding_type)value);
}

const struct table_names record_phase_names = { phase_word, PHASE_COUNT };
static const struct table_names classes = { class_word, FINDING_HANG + 1 };

static json_t *frames_write(const void *member)
{
	const struct finding *finding = member;
	json_t *array;

	if (!finding->n_frames)
		return NULL;
	array = json_array();
	for (size_t i = 0; i < finding->n_frames; i++) {
		const struct finding_frame *frame = &finding->frames[i];
		char line[sizeof(frame->function) + sizeof(frame->module) + 8];

		snprintf(line, sizeof(line), "%s%s%s%s%s", frame->reliable ? "" : "? ",
			 frame->function, frame->module[0] ? " [" : "", frame->module,
			 frame->module[0] ? "]" : "");
		json_array_append_new(array, table_json_string(line));
	}
	return array;
}

static void frame_read(struct text line, struct finding_frame *ret)
{
	ptrdiff_t bracket;

	ret->reliable = !text_starts(line, TEXT("? "));
	if (!ret->reliable)
		line = text_from(line, 2);
	bracket = text_find(line, TEXT(" ["), 0);
	if (bracket >= 0 && text_ends(line, TEXT("]"))) {
		struct text module = text_from(line, (size_t)bracket + 2);

		module.n--;
		text_clean(ret->module, sizeof(ret->module), module);
		line.n = (size_t)bracket;
	}
	text_clean(ret->function, sizeof(ret->function), line);
}

static const char *frames_read(json_t *value, void *member)
{
	struct finding *finding = member;
	json_t *line;
	size_t i;

	if (!json_is_array(value))
		return "an array of strings";
	json_array_foreach(value, i, line)
	{
		if (!json_is_string(line))
			return "an array of strings";
		if (finding->n_frames < FINDING_FRAMES_MAX)
			frame_read(text_of(json_string_value(line)),
				   &finding->frames[finding->n_frames++]);
	}
	return NULL;
}

static json_t *decoded_write(const void *member)
{
	const struct finding *finding = member;
	json_t *object;

	if (!finding->n_decoded)
		return NULL;
	object = json_object();
	for (size_t i = 0; i < finding->n_decoded; i++) {
		const struct finding_field *field = &finding->decoded[i];
		char name[3 * sizeof(field->name) + 16];
		size_t n = text_clean(name, sizeof(name) - 16, text_of(field->name));

		/* A register may stand there twice; a key may not. */
		for (unsigned int nth = 2; json_object_get(object, name); nth++)
			snprintf(name + n, 16, "#%u", nth);
		json_object_set_new(object, name, table_json_string(field->value));
	}
	return object;
}

static const char *decoded_read(json_t *value, void *member)
{
	struct finding *finding = member;
	const char *name;
	json_t *words;

	if (!json_is_object(value))
		return "an object of strings";
	json_object_foreach(value, name, words)
	{
		struct finding_field *field = &finding->decoded[finding->n_decoded];

		if (!json_is_string(words))
			return "an object of strings";
		if (finding->n_decoded == FINDING_DECODED_MAX)
			continue;
		text_clean(field->name, sizeof(field->name), text_of(name));
		text_clean(field->value, sizeof(field->value),
			   text_of(json_string_value(words)));
		finding->n_decoded++;
	}
	return NULL;
}

static const struct table_custom frames = { frames_write, frames_read };
static const struct table_custom decoded = { decoded_write, decoded_read };

#define REQUIRED(member, key, ...) \
	TABLE_MEMBER(struct record, finding.member, key, NULL, 0, __VA_ARGS__)
#define OPTIONAL(member, key, ...)                                             \
	TABLE_MEMBER(struct record, finding.member, key, NULL, TABLE_OPTIONAL, \
		     __VA_ARGS__)

const struct table_member record_finding_members[] = {
	REQUIRED(finding.type, "class", .names = &classes),
	REQUIRED(finding.kind, "kind"),
	REQUIRED(finding.title, "title"),
	REQUIRED(finding.bug, "bug"),
	OPTIONAL(finding.variant, "variant"),
	OPTIONAL(finding.known, "known"),
	OPTIONAL(finding.severity, "severity"),
	OPTIONAL(finding.advice, "advice"),
	OPTIONAL(finding.function, "function"),
	OPTIONAL(finding.file, "file"),
	OPTIONAL(finding.text, "text"),
	OPTIONAL(finding.driver, "driver"),
	OPTIONAL(finding.device, "device"),
	OPTIONAL(finding.iommu, "iommu"),
	OPTIONAL(finding.panic, "panic"),
	OPTIONAL(finding.truncated, "truncated"),
	OPTIONAL(finding.count, "count"),
	OPTIONAL(finding.phase, "phase", .names = &record_phase_names),
	OPTIONAL(finding.kernel, "kernel"),
	OPTIONAL(finding.line, "line"),
	OPTIONAL(finding.offset, "offset"),
	OPTIONAL(finding.size, "size"),
	OPTIONAL(finding, "frames", .custom = &frames),
	OPTIONAL(finding, "decoded", .custom = &decoded),
	OPTIONAL(report, "report"),
	{ 0 },
};
