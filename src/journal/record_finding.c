// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The record of a finding. Frames are strings as a kernel prints them, "function",
 * "? function" for one that may be stale, "function [module]"; decoded registers are one
 * object, in their order.
 */
#include "record_finding.h"

#include "journal/record.h"

#include <stdio.h>

static const char *phase_word(unsigned int value)
{
	return phase_name((enum phase)value);
}

static const char *class_word(unsigned int value)
{
	return finding_type_name((enum finding_type)value);
}

const struct field_words field_phases = { phase_word, PHASE_COUNT };
static const struct field_words classes = { class_word, FINDING_HANG + 1 };

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
		json_array_append_new(array, field_clean_string(line));
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
		json_object_set_new(object, name, field_clean_string(field->value));
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

static const struct field_custom frames = { frames_write, frames_read };
static const struct field_custom decoded = { decoded_write, decoded_read };

#define REQUIRED(member, kind, key, ...) \
	FIELD(struct record, finding.member, kind, key, __VA_ARGS__)
#define OPTIONAL(member, kind, key, ...) \
	FIELD(struct record, finding.member, kind, key, .optional = true, __VA_ARGS__)

const struct field record_finding_fields[] = {
	REQUIRED(finding.type, FIELD_WORD, "class", .words = &classes),
	REQUIRED(finding.kind, FIELD_CHARS, "kind"),
	REQUIRED(finding.title, FIELD_CHARS, "title"),
	REQUIRED(finding.bug, FIELD_CHARS, "bug"),
	OPTIONAL(finding.variant, FIELD_CHARS, "variant"),
	OPTIONAL(finding.known, FIELD_CHARS, "known"),
	OPTIONAL(finding.severity, FIELD_CHARS, "severity"),
	OPTIONAL(finding.advice, FIELD_CHARS, "advice"),
	OPTIONAL(finding.function, FIELD_CHARS, "function"),
	OPTIONAL(finding.file, FIELD_CHARS, "file"),
	OPTIONAL(finding.text, FIELD_CHARS, "text"),
	OPTIONAL(finding.driver, FIELD_CHARS, "driver"),
	OPTIONAL(finding.device, FIELD_CHARS, "device"),
	OPTIONAL(finding.iommu, FIELD_BOOL, "iommu"),
	OPTIONAL(finding.panic, FIELD_BOOL, "panic"),
	OPTIONAL(finding.truncated, FIELD_BOOL, "truncated"),
	OPTIONAL(finding.count, FIELD_UINT, "count"),
	OPTIONAL(finding.phase, FIELD_WORD, "phase", .words = &field_phases),
	OPTIONAL(finding.kernel, FIELD_CHARS, "kernel"),
	OPTIONAL(finding.line, FIELD_U64, "line"),
	OPTIONAL(finding.offset, FIELD_U64, "offset"),
	OPTIONAL(finding.size, FIELD_U64, "size"),
	OPTIONAL(finding, FIELD_CUSTOM, "frames", .custom = &frames),
	OPTIONAL(finding, FIELD_CUSTOM, "decoded", .custom = &decoded),
	OPTIONAL(report, FIELD_STRING, "report"),
	{ 0 },
};
