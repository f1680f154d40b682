// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The records of the journal. Each type is a table over struct record or a member of
 * it; what a key means is told by iommu-stress-journal(5).
 */
#include "journal/record.h"

#include "journal/table_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *outcome_word(unsigned int value)
{
	return outcome_name((enum outcome)value);
}

static const struct table_names outcomes = { outcome_word, OUTCOME_COUNT };

static const char *phase_word(unsigned int value)
{
	return phase_name((enum phase)value);
}

static const char *class_word(unsigned int value)
{
	return finding_type_name((enum finding_type)value);
}

static const struct table_names phases = { phase_word, PHASE_COUNT };
static const struct table_names classes = { class_word, FINDING_HANG + 1 };

/*
 * Frames are strings as a kernel prints them, "function", "? function" for one that may be
 * stale, "function [module]"; decoded registers are one object, in their order.
 */
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
	TABLE_MEMBER(struct record, member, key, NULL, 0, __VA_ARGS__)
#define OPTIONAL(member, key, ...) \
	TABLE_MEMBER(struct record, member, key, NULL, TABLE_OPTIONAL, __VA_ARGS__)

static const struct table_member common_members[] = {
	REQUIRED(at_ns, "at"),
	OPTIONAL(cycle, "cycle"),
	{ 0 },
};

static const struct table_member run_members[] = {
	REQUIRED(run.tool, "tool"),
	REQUIRED(run.scenario, "scenario"),
	REQUIRED(run.target, "target"),
	REQUIRED(run.wall, "wall"),
	REQUIRED(run.seed, "seed"),
	OPTIONAL(run.cycles, "cycles"),
	TABLE_MEMBER(struct record, run.plan, "plan", NULL,
		     TABLE_OPTIONAL | TABLE_OBJECT),
	{ 0 },
};

static const struct table_member target_members[] = {
	REQUIRED(target.kernel, "kernel"),
	OPTIONAL(target.boot_id, "boot_id"),
	{ 0 },
};

static const struct table_member cycle_members[] = { { 0 } };

static const struct table_member phase_members[] = {
	REQUIRED(phase.phase, "phase", .names = &phases),
	REQUIRED(phase.offset, "offset"),
	{ 0 },
};

static const struct table_member device_members[] = {
	REQUIRED(device.device, "device"),
	OPTIONAL(device.id, "id"),
	OPTIONAL(device.driver, "driver"),
	OPTIONAL(device.group, "group"),
	OPTIONAL(device.iommu, "iommu"),
	OPTIONAL(device.domain, "domain"),
	{ 0 },
};

static const struct table_member undo_members[] = {
	REQUIRED(undo.words, "words"),
	OPTIONAL(undo.done, "done"),
	{ 0 },
};

static const struct table_member window_members[] = {
	REQUIRED(window.window.from_ns, "from_ns"),
	REQUIRED(window.window.to_ns, "to_ns"),
	OPTIONAL(window.from_request, "from_request"),
	OPTIONAL(window.unplug_ns, "unplug_ns"),
	REQUIRED(window.request_ns, "request_ns"),
	{ 0 },
};

#define COUNTER(member, rules) \
	TABLE_MEMBER(struct target_counters, member, #member, #member, rules)

const struct table_member target_counters_members[] = {
	COUNTER(rx_packets, TABLE_NEEDED),
	COUNTER(rx_errors, TABLE_OPTIONAL | TABLE_LENIENT),
	COUNTER(rx_dropped, TABLE_OPTIONAL | TABLE_LENIENT),
	COUNTER(rx_missed_errors, TABLE_OPTIONAL | TABLE_LENIENT),
	COUNTER(in_echos, TABLE_OPTIONAL | TABLE_LENIENT),
	COUNTER(out_echo_replies, TABLE_OPTIONAL | TABLE_LENIENT),
	{ 0 },
};

static const struct table_member timeline_members[] = {
	REQUIRED(timeline.from_ns, "from_ns"),
	REQUIRED(timeline.step_ns, "step_ns"),
	REQUIRED(timeline.sent, "sent"),
	REQUIRED(timeline.replies, "replies"),
	OPTIONAL(timeline.marks.marker, "marker_ns"),
	OPTIONAL(timeline.marks.last_reply, "last_reply_ns"),
	OPTIONAL(timeline.marks.restart, "restart_ns"),
	OPTIONAL(timeline.marks.banner, "banner_ns"),
	OPTIONAL(timeline.marks.first_reply, "first_reply_ns"),
	OPTIONAL(timeline.marks.shell, "shell_ns"),
	{ 0 },
};

static const struct table_member finding_members[] = {
	REQUIRED(finding.finding.type, "class", .names = &classes),
	REQUIRED(finding.finding.kind, "kind"),
	REQUIRED(finding.finding.title, "title"),
	REQUIRED(finding.finding.bug, "bug"),
	OPTIONAL(finding.finding.variant, "variant"),
	OPTIONAL(finding.finding.known, "known"),
	OPTIONAL(finding.finding.severity, "severity"),
	OPTIONAL(finding.finding.advice, "advice"),
	OPTIONAL(finding.finding.function, "function"),
	OPTIONAL(finding.finding.file, "file"),
	OPTIONAL(finding.finding.text, "text"),
	OPTIONAL(finding.finding.driver, "driver"),
	OPTIONAL(finding.finding.device, "device"),
	OPTIONAL(finding.finding.iommu, "iommu"),
	OPTIONAL(finding.finding.panic, "panic"),
	OPTIONAL(finding.finding.truncated, "truncated"),
	OPTIONAL(finding.finding.count, "count"),
	OPTIONAL(finding.finding.phase, "phase", .names = &phases),
	OPTIONAL(finding.finding.kernel, "kernel"),
	OPTIONAL(finding.finding.line, "line"),
	OPTIONAL(finding.finding.offset, "offset"),
	OPTIONAL(finding.finding.size, "size"),
	OPTIONAL(finding.finding, "frames", .custom = &frames),
	OPTIONAL(finding.finding, "decoded", .custom = &decoded),
	OPTIONAL(finding.report, "report"),
	{ 0 },
};

static const struct table_member power_members[] = {
	OPTIONAL(power.action, "action"),
	OPTIONAL(power.event, "event"),
	{ 0 },
};

static const struct table_member verdict_members[] = {
	REQUIRED(verdict.verdict.outcome, "outcome", .names = &outcomes),
	OPTIONAL(verdict.verdict.phase, "phase", .names = &phases),
	REQUIRED(verdict.verdict.reason, "reason"),
	OPTIONAL(verdict.verdict.proofs, "proofs"),
	OPTIONAL(verdict.times.settle, "settle_ns"),
	OPTIONAL(verdict.times.confirm, "confirm_ns"),
	OPTIONAL(verdict.times.down, "down_ns"),
	OPTIONAL(verdict.times.boot, "boot_ns"),
	OPTIONAL(verdict.times.total, "total_ns"),
	OPTIONAL(verdict.times.last_reply_after, "last_reply_after_ns"),
	OPTIONAL(verdict.times.first_reply_after, "first_reply_after_ns"),
	{ 0 },
};

static const struct table_member end_members[] = {
	REQUIRED(end.reason, "reason"),
	REQUIRED(end.status, "status"),
	{ 0 },
};

static const struct type {
	const char *name;
	const struct table_member *members;
	size_t offset; /* of their struct in struct record */
} types[RECORD_COUNT] = {
	[RECORD_RUN] = { "run", run_members, 0 },
	[RECORD_TARGET] = { "target", target_members, 0 },
	[RECORD_CYCLE] = { "cycle", cycle_members, 0 },
	[RECORD_PHASE] = { "phase", phase_members, 0 },
	[RECORD_DEVICE] = { "device", device_members, 0 },
	[RECORD_UNDO] = { "undo", undo_members, 0 },
	[RECORD_WINDOW] = { "window", window_members, 0 },
	[RECORD_ATTEMPT] = { "attempt", attempt_members,
			     offsetof(struct record, attempt) },
	[RECORD_LOAD] = { "load", flood_sample_members, offsetof(struct record, load) },
	[RECORD_COUNTERS] = { "counters", target_counters_members,
			      offsetof(struct record, counters) },
	[RECORD_TIMELINE] = { "timeline", timeline_members, 0 },
	[RECORD_POWER] = { "power", power_members, 0 },
	[RECORD_FINDING] = { "finding", finding_members, 0 },
	[RECORD_VERDICT] = { "verdict", verdict_members, 0 },
	[RECORD_END] = { "end", end_members, 0 },
};

char *record_to_json(const struct record *record)
{
	const struct type *type = &types[record->type];
	json_t *object = json_object();
	char *line;

	json_object_set_new(object, "type", json_string(type->name));
	table_to_json(common_members, record, object);
	if (record->type == RECORD_FINDING && record->finding.finding.cycle)
		json_object_set_new(object, "cycle",
				    json_integer(record->finding.finding.cycle));
	table_to_json(type->members, (const char *)record + type->offset, object);
	line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	/* All texts are clean: only memory can be short, and then nothing can go on. */
	return line ? line : xstrdup("{}");
}

static int type_read(json_t *object, enum record_type *ret, char **ret_error)
{
	json_t *type = json_object_get(object, "type");

	if (!json_is_string(type)) {
		*ret_error =
			xstrdup(type ? "'type' must be a string" : "'type' is missing");
		return -EINVAL;
	}
	for (size_t i = 0; i < RECORD_COUNT; i++)
		if (!strcmp(types[i].name, json_string_value(type))) {
			*ret = (enum record_type)i;
			return 0;
		}
	return -EOPNOTSUPP;
}

static int object_read(json_t *object, struct record *ret, char **ret_error)
{
	_cleanup_free_ char *wrong = NULL;
	const struct type *type;
	int r;

	r = type_read(object, &ret->type, ret_error);
	if (r < 0)
		return r;
	type = &types[ret->type];
	r = table_from_json(common_members, ret, object, &wrong);
	if (r == 0)
		r = table_from_json(type->members, (char *)ret + type->offset, object,
				    &wrong);
	if (r < 0) {
		*ret_error = xasprintf("record '%s': %s", type->name, wrong);
		record_done(ret);
		return r;
	}
	if (ret->type == RECORD_FINDING)
		ret->finding.finding.cycle = ret->cycle;
	return 0;
}

int record_from_json(struct text line, struct record *ret, char **ret_error)
{
	struct record record = { 0 };
	json_error_t error;
	json_t *object;
	int r;

	object = json_loadb(line.s ? line.s : "", line.n, JSON_REJECT_DUPLICATES, &error);
	if (!object) {
		*ret_error =
			xasprintf("not JSON: %s (column %d)", error.text, error.column);
		return -EINVAL;
	}
	if (json_is_object(object)) {
		r = object_read(object, &record, ret_error);
	} else {
		*ret_error = xstrdup("not a JSON object");
		r = -EINVAL;
	}
	json_decref(object);
	if (r == 0)
		*ret = record;
	return r;
}

void record_done(struct record *record)
{
	const struct type *type = &types[record->type];

	table_done(type->members, (char *)record + type->offset);
	*record = (struct record){ 0 };
}
