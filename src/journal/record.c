// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The records of the journal. Each type is a table over struct record or a member of
 * it; what a key means is told by iommu-stress-journal(5).
 */
#include "journal/record.h"

#include "journal/table_json.h"
#include "record_finding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *outcome_word(unsigned int value)
{
	return outcome_name((enum outcome)value);
}

static const struct table_names outcomes = { outcome_word, OUTCOME_COUNT };

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
	REQUIRED(phase.phase, "phase", .names = &record_phase_names),
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

static const struct table_member power_members[] = {
	OPTIONAL(power.action, "action"),
	OPTIONAL(power.event, "event"),
	{ 0 },
};

static const struct table_member verdict_members[] = {
	REQUIRED(verdict.verdict.outcome, "outcome", .names = &outcomes),
	OPTIONAL(verdict.verdict.phase, "phase", .names = &record_phase_names),
	REQUIRED(verdict.verdict.reason, "reason"),
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
	[RECORD_FINDING] = { "finding", record_finding_members, 0 },
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
