// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The records of the journal. Each type is a table of fields over the whole struct
 * record; what a key means is told by iommu-stress-journal(5).
 */
#include "journal/record.h"

#include "field.h"
#include "record_finding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *outcome_word(unsigned int value)
{
	return outcome_name((enum outcome)value);
}

static const char *flood_state_word(unsigned int value)
{
	return flood_state_name((enum flood_state)value);
}

static const struct field_words outcomes = { outcome_word, OUTCOME_COUNT };
static const struct field_words flood_states = { flood_state_word, FLOOD_HOLD + 1 };

/* Only those that there are, by name. */
static json_t *errors_write(const void *member)
{
	const struct flood_errors *errors = member;
	json_t *object;

	if (!flood_errors_all(errors))
		return NULL;
	object = json_object();
	for (unsigned int i = 0; i < FLOOD_ERRORS; i++)
		if (errors->n[i])
			json_object_set_new(object, flood_error_name(i),
					    json_integer((json_int_t)errors->n[i]));
	return object;
}

static const char *errors_read(json_t *value, void *member)
{
	struct flood_errors *errors = member;
	const char *name;
	json_t *n;

	json_object_foreach(value, name, n)
	{
		if (!json_is_integer(n) || json_integer_value(n) < 0)
			break;
		errors->n[flood_error_index(text_of(name))] +=
			(uint64_t)json_integer_value(n);
	}
	return json_is_object(value) && !name ? NULL : "an object of whole numbers";
}

static const struct field_custom errors_custom = { errors_write, errors_read };

#define REQUIRED(member, kind, key, ...) \
	FIELD(struct record, member, kind, key, __VA_ARGS__)
#define OPTIONAL(member, kind, key, ...) \
	FIELD(struct record, member, kind, key, .optional = true, __VA_ARGS__)
#define END_OF_FIELDS \
	{             \
		0     \
	}

static const struct field common_fields[] = {
	REQUIRED(at_ns, FIELD_U64, "at"),
	OPTIONAL(cycle, FIELD_UINT, "cycle"),
	END_OF_FIELDS,
};

static const struct field run_fields[] = {
	REQUIRED(run.tool, FIELD_STRING, "tool"),
	REQUIRED(run.scenario, FIELD_STRING, "scenario"),
	REQUIRED(run.target, FIELD_STRING, "target"),
	REQUIRED(run.wall, FIELD_STRING, "wall"),
	REQUIRED(run.seed, FIELD_U64, "seed"),
	OPTIONAL(run.cycles, FIELD_UINT, "cycles"),
	OPTIONAL(run.plan, FIELD_OBJECT, "plan"),
	END_OF_FIELDS,
};

static const struct field target_fields[] = {
	REQUIRED(target.kernel, FIELD_STRING, "kernel"),
	OPTIONAL(target.boot_id, FIELD_STRING, "boot_id"),
	END_OF_FIELDS,
};

static const struct field cycle_fields[] = { END_OF_FIELDS };

static const struct field phase_fields[] = {
	REQUIRED(phase.phase, FIELD_WORD, "phase", .words = &field_phases),
	REQUIRED(phase.offset, FIELD_U64, "offset"),
	END_OF_FIELDS,
};

static const struct field device_fields[] = {
	REQUIRED(device.device, FIELD_STRING, "device"),
	OPTIONAL(device.id, FIELD_STRING, "id"),
	OPTIONAL(device.driver, FIELD_STRING, "driver"),
	OPTIONAL(device.group, FIELD_STRING, "group"),
	OPTIONAL(device.iommu, FIELD_STRING, "iommu"),
	OPTIONAL(device.domain, FIELD_STRING, "domain"),
	END_OF_FIELDS,
};

static const struct field undo_fields[] = {
	REQUIRED(undo.words, FIELD_STRING, "words"),
	OPTIONAL(undo.done, FIELD_BOOL, "done"),
	END_OF_FIELDS,
};

static const struct field window_fields[] = {
	REQUIRED(window.window.from_ns, FIELD_I64, "from_ns"),
	REQUIRED(window.window.to_ns, FIELD_I64, "to_ns"),
	OPTIONAL(window.from_request, FIELD_BOOL, "from_request"),
	OPTIONAL(window.unplug_ns, FIELD_U64, "unplug_ns"),
	REQUIRED(window.request_ns, FIELD_I64, "request_ns"),
	END_OF_FIELDS,
};

static const struct field attempt_fields[] = {
	OPTIONAL(attempt.seen, FIELD_BOOL, "seen"),
	REQUIRED(attempt.want_ns, FIELD_I64, "want_ns"),
	REQUIRED(attempt.got_ns, FIELD_I64, "got_ns"),
	REQUIRED(attempt.unplug, FIELD_CHARS, "unplug"),
	REQUIRED(attempt.unplug_ns, FIELD_I64, "unplug_ns"),
	REQUIRED(attempt.request_ns, FIELD_I64, "request_ns"),
	REQUIRED(attempt.close_ns, FIELD_I64, "close_ns"),
	REQUIRED(attempt.release, FIELD_CHARS, "release"),
	REQUIRED(attempt.release_ns, FIELD_I64, "release_ns"),
	OPTIONAL(attempt.blocked, FIELD_BOOL, "blocked"),
	REQUIRED(attempt.free_ns, FIELD_I64, "free_ns"),
	OPTIONAL(attempt.who, FIELD_CHARS, "who"),
	OPTIONAL(attempt.where, FIELD_CHARS, "where"),
	REQUIRED(attempt.back, FIELD_CHARS, "back"),
	OPTIONAL(attempt.moved, FIELD_CHARS, "moved"),
	REQUIRED(attempt.back_ns, FIELD_U64, "back_ns"),
	REQUIRED(attempt.total_ns, FIELD_U64, "total_ns"),
	OPTIONAL(attempt.order, FIELD_UINT, "order"),
	END_OF_FIELDS,
};

static const struct field load_fields[] = {
	REQUIRED(load.state, FIELD_WORD, "state", .words = &flood_states),
	REQUIRED(load.at_ns, FIELD_U64, "sampled_at"),
	REQUIRED(load.sent, FIELD_U64, "sent"),
	REQUIRED(load.replies, FIELD_U64, "replies"),
	OPTIONAL(load.drops, FIELD_U64, "drops"),
	REQUIRED(load.rate, FIELD_UINT, "rate"),
	REQUIRED(load.reply_rate, FIELD_UINT, "reply_rate"),
	OPTIONAL(load.rtt_us, FIELD_UINT, "rtt_us"),
	OPTIONAL(load.bad, FIELD_U64, "bad"),
	OPTIONAL(load.lost, FIELD_U64, "lost"),
	OPTIONAL(load.duplicates, FIELD_U64, "duplicates"),
	OPTIONAL(load.reports, FIELD_U64, "reports"),
	OPTIONAL(load.rtt_p50_us, FIELD_UINT, "rtt_p50_us"),
	OPTIONAL(load.rtt_p90_us, FIELD_UINT, "rtt_p90_us"),
	OPTIONAL(load.rtt_p99_us, FIELD_UINT, "rtt_p99_us"),
	OPTIONAL(load.rtt_max_us, FIELD_UINT, "rtt_max_us"),
	REQUIRED(load.steady, FIELD_BOOL, "steady"),
	OPTIONAL(load.last_reply_ns, FIELD_U64, "last_reply_at"),
	OPTIONAL(load.first_reply_ns, FIELD_U64, "first_reply_at"),
	OPTIONAL(load.errors, FIELD_CUSTOM, "errors", .custom = &errors_custom),
	END_OF_FIELDS,
};

static const struct field counters_fields[] = {
	REQUIRED(counters.rx_packets, FIELD_U64, "rx_packets"),
	OPTIONAL(counters.rx_errors, FIELD_U64, "rx_errors"),
	OPTIONAL(counters.rx_dropped, FIELD_U64, "rx_dropped"),
	OPTIONAL(counters.rx_missed_errors, FIELD_U64, "rx_missed_errors"),
	OPTIONAL(counters.in_echos, FIELD_U64, "in_echos"),
	OPTIONAL(counters.out_echo_replies, FIELD_U64, "out_echo_replies"),
	END_OF_FIELDS,
};

static const struct field timeline_fields[] = {
	REQUIRED(timeline.from_ns, FIELD_I64, "from_ns"),
	REQUIRED(timeline.step_ns, FIELD_U64, "step_ns"),
	REQUIRED(timeline.sent, FIELD_STRING, "sent"),
	REQUIRED(timeline.replies, FIELD_STRING, "replies"),
	OPTIONAL(timeline.marks.marker, FIELD_U64, "marker_ns"),
	OPTIONAL(timeline.marks.last_reply, FIELD_U64, "last_reply_ns"),
	OPTIONAL(timeline.marks.restart, FIELD_U64, "restart_ns"),
	OPTIONAL(timeline.marks.banner, FIELD_U64, "banner_ns"),
	OPTIONAL(timeline.marks.first_reply, FIELD_U64, "first_reply_ns"),
	OPTIONAL(timeline.marks.shell, FIELD_U64, "shell_ns"),
	END_OF_FIELDS,
};

static const struct field power_fields[] = {
	OPTIONAL(power.action, FIELD_STRING, "action"),
	OPTIONAL(power.event, FIELD_STRING, "event"),
	END_OF_FIELDS,
};

static const struct field verdict_fields[] = {
	REQUIRED(verdict.verdict.outcome, FIELD_WORD, "outcome", .words = &outcomes),
	OPTIONAL(verdict.verdict.phase, FIELD_WORD, "phase", .words = &field_phases),
	REQUIRED(verdict.verdict.reason, FIELD_CHARS, "reason"),
	OPTIONAL(verdict.times.settle, FIELD_U64, "settle_ns"),
	OPTIONAL(verdict.times.confirm, FIELD_U64, "confirm_ns"),
	OPTIONAL(verdict.times.down, FIELD_U64, "down_ns"),
	OPTIONAL(verdict.times.boot, FIELD_U64, "boot_ns"),
	OPTIONAL(verdict.times.total, FIELD_U64, "total_ns"),
	OPTIONAL(verdict.times.last_reply_after, FIELD_U64, "last_reply_after_ns"),
	OPTIONAL(verdict.times.first_reply_after, FIELD_U64, "first_reply_after_ns"),
	END_OF_FIELDS,
};

static const struct field end_fields[] = {
	REQUIRED(end.reason, FIELD_STRING, "reason"),
	REQUIRED(end.status, FIELD_INT, "status"),
	END_OF_FIELDS,
};

static const struct {
	const char *name;
	const struct field *fields;
} types[RECORD_COUNT] = {
	[RECORD_RUN] = { "run", run_fields },
	[RECORD_TARGET] = { "target", target_fields },
	[RECORD_CYCLE] = { "cycle", cycle_fields },
	[RECORD_PHASE] = { "phase", phase_fields },
	[RECORD_DEVICE] = { "device", device_fields },
	[RECORD_UNDO] = { "undo", undo_fields },
	[RECORD_WINDOW] = { "window", window_fields },
	[RECORD_ATTEMPT] = { "attempt", attempt_fields },
	[RECORD_LOAD] = { "load", load_fields },
	[RECORD_COUNTERS] = { "counters", counters_fields },
	[RECORD_TIMELINE] = { "timeline", timeline_fields },
	[RECORD_POWER] = { "power", power_fields },
	[RECORD_FINDING] = { "finding", record_finding_fields },
	[RECORD_VERDICT] = { "verdict", verdict_fields },
	[RECORD_END] = { "end", end_fields },
};

char *record_to_json(const struct record *record)
{
	json_t *object = json_object();
	char *line;

	json_object_set_new(object, "type", json_string(types[record->type].name));
	fields_write(object, common_fields, record);
	if (record->type == RECORD_FINDING && record->finding.finding.cycle)
		json_object_set_new(object, "cycle",
				    json_integer(record->finding.finding.cycle));
	fields_write(object, types[record->type].fields, record);
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
	int r;

	r = type_read(object, &ret->type, ret_error);
	if (r < 0)
		return r;
	r = fields_read(object, common_fields, ret, &wrong);
	if (r == 0)
		r = fields_read(object, types[ret->type].fields, ret, &wrong);
	if (r < 0) {
		*ret_error = xasprintf("record '%s': %s", types[ret->type].name, wrong);
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
	fields_done(types[record->type].fields, record);
	*record = (struct record){ 0 };
}
