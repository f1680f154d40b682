// SPDX-License-Identifier: GPL-2.0-or-later
/* Records and their JSON: one way and back is identity, and what is wrong is named. */
#include "journal/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* A small generator, so that a failure can be repeated. */
static uint64_t random_state = 1;

static uint64_t random_below(uint64_t limit)
{
	random_state =
		random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (random_state >> 33) % limit;
}

static uint64_t random_ns(void)
{
	return random_below(2) ? random_below(1 << 30) << 32 | random_below(1 << 30) :
				 random_below(3);
}

static bool random_bool(void)
{
	return random_below(2);
}

/* Clean text with what JSON must escape and characters of several bytes. */
static void random_text(char *ret, size_t size)
{
	static const char *const parts[] = { "a",          "B",   "0",      "_",
					     " ",          "\"",  "\\",     "\t",
					     "{}",         "[x]", "\u00e9", "\u20ac",
					     "\U0001f427", "=",   "? " };
	size_t n = 0, parts_wanted = random_below(12);

	memset(ret, 0, size);
	while (parts_wanted--) {
		const char *part = parts[random_below(ARRAY_SIZE(parts))];

		if (n + strlen(part) >= size)
			return;
		memcpy(ret + n, part, strlen(part));
		n += strlen(part);
	}
}

static char texts[8][64];

static const char *random_string(size_t i)
{
	random_text(texts[i], sizeof(texts[i]));
	return texts[i];
}

static void random_frames(struct finding *f)
{
	f->n_frames = random_below(FINDING_FRAMES_MAX + 1);
	for (size_t i = 0; i < f->n_frames; i++) {
		struct finding_frame *frame = &f->frames[i];

		snprintf(frame->function, sizeof(frame->function), "function_%u",
			 (unsigned int)random_below(1000));
		if (random_bool())
			snprintf(frame->module, sizeof(frame->module), "module_%u",
				 (unsigned int)random_below(1000));
		frame->reliable = random_bool();
	}
}

static void random_finding(struct record *record)
{
	struct finding *f = &record->finding.finding;

	f->type = (enum finding_type)random_below(FINDING_HANG + 1);
	random_text(f->kind, sizeof(f->kind));
	random_text(f->function, sizeof(f->function));
	random_text(f->driver, sizeof(f->driver));
	random_text(f->device, sizeof(f->device));
	f->iommu = random_bool();
	f->panic = random_bool();
	f->truncated = random_bool();
	f->count = (unsigned int)random_below(UINT32_MAX);
	random_text(f->bug, sizeof(f->bug));
	random_text(f->variant, sizeof(f->variant));
	random_text(f->title, sizeof(f->title));
	random_text(f->known, sizeof(f->known));
	random_text(f->severity, sizeof(f->severity));
	random_text(f->advice, sizeof(f->advice));
	random_text(f->file, sizeof(f->file));
	random_text(f->text, sizeof(f->text));
	f->line = random_ns();
	f->offset = random_ns();
	f->size = random_ns();
	f->phase = (enum phase)random_below(PHASE_COUNT);
	f->cycle = record->cycle;
	random_text(f->kernel, sizeof(f->kernel));
	random_frames(f);
	f->n_decoded = random_below(FINDING_DECODED_MAX + 1);
	for (size_t i = 0; i < f->n_decoded; i++) {
		snprintf(f->decoded[i].name, sizeof(f->decoded[i].name), "REG%zu", i);
		random_text(f->decoded[i].value, sizeof(f->decoded[i].value));
	}
	record->finding.report = random_string(0);
}

static void random_load(struct flood_sample *load)
{
	load->state = (enum flood_state)random_below(FLOOD_HOLD + 1);
	load->at_ns = random_ns();
	load->sent = random_ns();
	load->replies = random_ns();
	load->drops = random_ns();
	load->rate = random_bool() ? FLOOD_RATE_MAX : (uint32_t)random_below(100000);
	load->reply_rate = (uint32_t)random_below(100000);
	load->rtt_us = (uint32_t)random_below(3);
	load->bad = random_ns();
	load->lost = random_ns();
	load->duplicates = random_ns();
	load->reports = random_ns();
	load->rtt_p50_us = (uint32_t)random_below(3);
	load->rtt_p90_us = (uint32_t)random_below(UINT32_MAX);
	load->rtt_p99_us = (uint32_t)random_below(3);
	load->rtt_max_us = (uint32_t)random_below(3);
	load->steady = random_bool();
	load->last_reply_ns = random_ns();
	load->first_reply_ns = random_ns();
	for (unsigned int i = 0; i < FLOOD_ERRORS; i++)
		load->errors.n[i] = random_bool() ? 0 : random_below(1000);
}

static void random_verdict(struct record *record)
{
	struct cycle_times *times = &record->verdict.times;

	record->verdict.verdict.outcome = (enum outcome)random_below(OUTCOME_COUNT);
	record->verdict.verdict.phase = (enum phase)random_below(PHASE_COUNT);
	random_text(record->verdict.verdict.reason, VERDICT_REASON_MAX);
	times->settle = random_ns();
	times->confirm = random_ns();
	times->down = random_ns();
	times->boot = random_ns();
	times->total = random_ns();
	times->last_reply_after = random_ns();
	times->first_reply_after = random_ns();
}

static int64_t random_signed(void)
{
	return random_bool() ? -(int64_t)random_ns() : (int64_t)random_ns();
}

static void random_attempt(struct attempt *a)
{
	a->seen = random_bool();
	a->want_ns = random_signed();
	a->got_ns = random_signed();
	random_text(a->unplug, sizeof(a->unplug));
	a->unplug_ns = random_signed();
	a->request_ns = random_signed();
	random_text(a->release, sizeof(a->release));
	a->close_ns = random_signed();
	a->release_ns = random_signed();
	a->blocked = random_bool();
	a->free_ns = random_signed();
	random_text(a->who, sizeof(a->who));
	random_text(a->where, sizeof(a->where));
	random_text(a->back, sizeof(a->back));
	random_text(a->moved, sizeof(a->moved));
	a->back_ns = random_ns();
	a->total_ns = random_ns();
	a->order = (uint32_t)random_below(UINT32_MAX);
}

static void random_unplug(struct record *record)
{
	switch (record->type) {
	case RECORD_DEVICE:
		record->device.device = random_string(0);
		record->device.id = random_string(1);
		record->device.driver = random_string(2);
		record->device.group = random_string(3);
		record->device.iommu = random_string(4);
		record->device.domain = random_string(5);
		break;
	case RECORD_UNDO:
		record->undo.words = random_string(0);
		record->undo.done = random_bool();
		break;
	case RECORD_WINDOW:
		record->window.window.from_ns = random_signed();
		record->window.window.to_ns = random_signed();
		record->window.from_request = random_bool();
		record->window.unplug_ns = random_ns();
		record->window.request_ns = random_signed();
		break;
	default:
		random_attempt(&record->attempt);
	}
}

static void random_record(struct record *record, enum record_type type)
{
	memset(record, 0, sizeof(*record));
	record->type = type;
	record->at_ns = random_ns();
	record->cycle = (unsigned int)random_below(3);
	switch (type) {
	case RECORD_RUN:
		record->run.tool = random_string(0);
		record->run.scenario = random_string(1);
		record->run.target = random_string(2);
		record->run.wall = random_string(3);
		record->run.plan = random_bool() ? "" : "{\"rate\":[1,\"x\"],\"b\":{}}";
		record->run.seed = random_ns();
		record->run.cycles = (unsigned int)random_below(3);
		break;
	case RECORD_TARGET:
		record->target.kernel = random_string(0);
		record->target.boot_id = random_string(1);
		break;
	case RECORD_PHASE:
		record->phase.phase = (enum phase)random_below(PHASE_COUNT);
		record->phase.offset = random_ns();
		break;
	case RECORD_DEVICE:
	case RECORD_UNDO:
	case RECORD_WINDOW:
	case RECORD_ATTEMPT:
		random_unplug(record);
		break;
	case RECORD_LOAD:
		random_load(&record->load);
		break;
	case RECORD_COUNTERS:
		record->counters.rx_packets = random_ns();
		record->counters.rx_errors = random_ns();
		record->counters.rx_dropped = random_ns();
		record->counters.rx_missed_errors = random_ns();
		record->counters.in_echos = random_ns();
		record->counters.out_echo_replies = random_ns();
		break;
	case RECORD_TIMELINE:
		record->timeline.from_ns = random_signed();
		record->timeline.step_ns = random_ns();
		record->timeline.sent = random_string(0);
		record->timeline.replies = random_string(1);
		record->timeline.marks.marker = random_ns();
		record->timeline.marks.last_reply = random_ns();
		record->timeline.marks.restart = random_ns();
		record->timeline.marks.banner = random_ns();
		record->timeline.marks.first_reply = random_ns();
		record->timeline.marks.shell = random_ns();
		break;
	case RECORD_POWER:
		record->power.action = random_string(0);
		record->power.event = random_string(1);
		break;
	case RECORD_FINDING:
		random_finding(record);
		break;
	case RECORD_VERDICT:
		random_verdict(record);
		break;
	case RECORD_END:
		record->end.reason = random_string(0);
		record->end.status = (int)random_below(131) - 1;
		break;
	case RECORD_CYCLE:
	case RECORD_COUNT:
		break;
	}
}

/* Strings by their content, everything else by its bytes. */
static void assert_same(const struct record *a, const struct record *b)
{
	struct record x = *a, y = *b;

#define SAME_STRING(member)                              \
	do {                                             \
		assert_string_equal(x.member, y.member); \
		x.member = y.member = NULL;              \
	} while (0)
	assert_int_equal(x.type, y.type);
	switch (x.type) {
	case RECORD_RUN:
		SAME_STRING(run.tool);
		SAME_STRING(run.scenario);
		SAME_STRING(run.target);
		SAME_STRING(run.wall);
		SAME_STRING(run.plan);
		break;
	case RECORD_TARGET:
		SAME_STRING(target.kernel);
		SAME_STRING(target.boot_id);
		break;
	case RECORD_DEVICE:
		SAME_STRING(device.device);
		SAME_STRING(device.id);
		SAME_STRING(device.driver);
		SAME_STRING(device.group);
		SAME_STRING(device.iommu);
		SAME_STRING(device.domain);
		break;
	case RECORD_UNDO:
		SAME_STRING(undo.words);
		break;
	case RECORD_TIMELINE:
		SAME_STRING(timeline.sent);
		SAME_STRING(timeline.replies);
		break;
	case RECORD_POWER:
		SAME_STRING(power.action);
		SAME_STRING(power.event);
		break;
	case RECORD_FINDING:
		SAME_STRING(finding.report);
		break;
	case RECORD_END:
		SAME_STRING(end.reason);
		break;
	default:
		break;
	}
	assert_memory_equal(&x, &y, sizeof(x));
}

static void way_and_back_is_identity(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200 * RECORD_COUNT; i++) {
		static struct record record, back;
		_cleanup_free_ char *line = NULL, *error = NULL;

		random_record(&record, (enum record_type)(i % RECORD_COUNT));
		line = record_to_json(&record);
		assert_null(strchr(line, '\n'));
		memset(&back, 0, sizeof(back));
		assert_int_equal(record_from_json(text_of(line), &back, &error), 0);
		assert_same(&record, &back);
		record_done(&back);
	}
}

static void known_line(void **state)
{
	const struct record record = {
		.type = RECORD_PHASE,
		.at_ns = 12345,
		.cycle = 3,
		.phase = { PHASE_EARLY_BOOT, 4096 },
	};
	_cleanup_free_ char *line = record_to_json(&record);

	(void)state;
	assert_string_equal(line, "{\"type\":\"phase\",\"at\":12345,\"cycle\":3,"
				  "\"phase\":\"early-boot\",\"offset\":4096}");
}

static void finding_is_readable(void **state)
{
	static struct record record;
	struct finding *f = &record.finding.finding;
	_cleanup_free_ char *line = NULL;

	(void)state;
	record.type = RECORD_FINDING;
	f->type = FINDING_FAULT;
	f->cycle = 2;
	f->n_frames = 2;
	f->frames[0] =
		(struct finding_frame){ .function = "iommu_map", .reliable = true };
	f->frames[1] = (struct finding_frame){ .function = "rtl_tx", .module = "8139cp" };
	f->n_decoded = 2;
	f->decoded[0] = (struct finding_field){ "FSR", "translation fault" };
	f->decoded[1] = (struct finding_field){ "FSR", "again" };
	line = record_to_json(&record);
	assert_non_null(strstr(line, "\"type\":\"finding\",\"at\":0,\"cycle\":2,"
				     "\"class\":\"fault\""));
	assert_non_null(strstr(line, "\"frames\":[\"iommu_map\",\"? rtl_tx [8139cp]\"]"));
	assert_non_null(strstr(line, "\"decoded\":{\"FSR\":\"translation fault\","
				     "\"FSR#2\":\"again\"}"));
}

/* What a target sends does not break a line, whatever it is. */
static void hostile_texts_are_cleaned(void **state)
{
	struct record record = { .type = RECORD_POWER };
	struct record back;
	char bytes[256];
	_cleanup_free_ char *line = NULL, *error = NULL;

	(void)state;
	for (unsigned int i = 0; i < 255; i++)
		bytes[i] = (char)(255 - i);
	bytes[255] = '\0';
	record.power.event = bytes;
	line = record_to_json(&record);
	assert_int_equal(record_from_json(text_of(line), &back, &error), 0);
	assert_string_equal(back.power.action, "");
	assert_non_null(strstr(back.power.event, "ABC") ?
				back.power.event :
				strstr(back.power.event, "CBA"));
	assert_null(strchr(back.power.event, 0x1b));
	record_done(&back);
}

static void escapes_of_a_journal_are_cleaned(void **state)
{
	struct record back;
	char *error = NULL;

	(void)state;
	assert_int_equal(record_from_json(TEXT("{\"type\":\"power\",\"at\":1,"
					       "\"event\":\"a\\u001b[31mb\\u0007\"}"),
					  &back, &error),
			 0);
	assert_string_equal(back.power.event, "ab.");
	record_done(&back);
}

static void long_texts_are_cut_at_a_character(void **state)
{
	static char line[4096];
	static struct record back;
	char *error = NULL;
	size_t n;

	(void)state;
	n = (size_t)snprintf(line, sizeof(line),
			     "{\"type\":\"verdict\",\"at\":1,\"outcome\":\"hang\","
			     "\"reason\":\"");
	for (unsigned int i = 0; i < 400; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "\u20ac");
	snprintf(line + n, sizeof(line) - n, "\"}");
	assert_int_equal(record_from_json(text_of(line), &back, &error), 0);
	/* The last one that fits as a whole: three bytes each. */
	assert_int_equal(strlen(back.verdict.verdict.reason),
			 (VERDICT_REASON_MAX - 1) / 3 * 3);
	record_done(&back);
}

static void newer_journals_are_read(void **state)
{
	struct record back;
	char *error = NULL;

	(void)state;
	assert_int_equal(record_from_json(TEXT("{\"type\":\"cycle\",\"at\":7,\"cycle\":1,"
					       "\"colour\":[1,{\"a\":null}]}"),
					  &back, &error),
			 0);
	assert_int_equal(back.at_ns, 7);
	record_done(&back);
	assert_int_equal(record_from_json(TEXT("{\"type\":\"moon\",\"at\":\"x\"}"), &back,
					  &error),
			 -EOPNOTSUPP);
	assert_null(error);
}

static void wrong_lines_are_named(void **state)
{
	static const struct {
		const char *line, *error;
	} rows[] = {
		{ "", "not JSON: '[' or '{' expected near end of file (column 0)" },
		{ "[]", "not a JSON object" },
		{ "{\"at\":1}", "'type' is missing" },
		{ "{\"type\":1}", "'type' must be a string" },
		{ "{\"type\":\"cycle\"}", "record 'cycle': 'at' is missing" },
		{ "{\"type\":\"cycle\",\"at\":-1}",
		  "record 'cycle': 'at' must be a whole number from 0 on" },
		{ "{\"type\":\"cycle\",\"at\":1,\"cycle\":4294967296}",
		  "record 'cycle': 'cycle' must be a whole number from 0 to 4294967295" },
		{ "{\"type\":\"verdict\",\"at\":1,\"outcome\":\"good\",\"reason\":\"\"}",
		  "record 'verdict': 'outcome' must be one of pass, splat, crash, hang, "
		  "lost, gone, invalid, blocked, busy" },
		{ "{\"type\":\"verdict\",\"at\":1,\"outcome\":3,\"reason\":\"\"}",
		  "record 'verdict': 'outcome' must be one of pass, splat, crash, hang, "
		  "lost, gone, invalid, blocked, busy" },
		{ "{\"type\":\"verdict\",\"at\":1,\"outcome\":\"pass\",\"reason\":[]}",
		  "record 'verdict': 'reason' must be a string" },
		{ "{\"type\":\"end\",\"at\":1,\"reason\":\"\",\"status\":1.5}",
		  "record 'end': 'status' must be a whole number of 32 bits" },
		{ "{\"type\":\"power\",\"at\":1,\"action\":null}",
		  "record 'power': 'action' must be a string" },
		{ "{\"type\":\"run\",\"at\":1,\"tool\":\"\",\"scenario\":\"\",\"target\":"
		  "\"\",\"wall\":\"\",\"seed\":1,\"plan\":\"x\"}",
		  "record 'run': 'plan' must be an object" },
		{ "{\"type\":\"finding\",\"at\":1,\"class\":\"splat\",\"kind\":\"\","
		  "\"title\":\"\",\"bug\":\"\",\"frames\":[1]}",
		  "record 'finding': 'frames' must be an array of strings" },
		{ "{\"type\":\"finding\",\"at\":1,\"class\":\"splat\",\"kind\":\"\","
		  "\"title\":\"\",\"bug\":\"\",\"decoded\":{\"a\":1}}",
		  "record 'finding': 'decoded' must be an object of strings" },
		{ "{\"type\":\"finding\",\"at\":1,\"class\":\"splat\",\"kind\":\"\","
		  "\"title\":\"\",\"bug\":\"\",\"panic\":1}",
		  "record 'finding': 'panic' must be true or false" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *error = NULL;
		struct record record;

		assert_int_equal(record_from_json(text_of(rows[i].line), &record, &error),
				 -EINVAL);
		assert_string_equal(error, rows[i].error);
	}
}

/* Every proper prefix of a line is refused, so a torn line cannot pass for a record. */
static void torn_lines_are_refused(void **state)
{
	static struct record record, back;
	_cleanup_free_ char *line = NULL;

	(void)state;
	random_record(&record, RECORD_FINDING);
	line = record_to_json(&record);
	for (size_t n = 0; n < strlen(line); n++) {
		_cleanup_free_ char *error = NULL;

		assert_int_equal(record_from_json((struct text){ line, n }, &back,
						  &error),
				 -EINVAL);
	}
}

/* Broken in any way, a line is refused or read as a record that can be written again. */
static void mutated_lines(void **state)
{
	static struct record record, back;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		_cleanup_free_ char *line = NULL, *again = NULL, *error = NULL;
		size_t n;

		random_record(&record, (enum record_type)(i % RECORD_COUNT));
		line = record_to_json(&record);
		n = strlen(line);
		for (unsigned int times = 0; times <= i % 3; times++) {
			char c = (char)random_below(256);

			if (i % 2)
				c = "\"{}[],:\\0-"[random_below(10)];
			line[random_below(n)] = c;
		}
		if (record_from_json((struct text){ line, n }, &back, &error) < 0)
			continue;
		again = record_to_json(&back);
		record_done(&back);
		assert_int_equal(record_from_json(text_of(again), &back, &error), 0);
		record_done(&back);
	}
}

static void numbers_beyond_json_are_held(void **state)
{
	struct record record = { .type = RECORD_CYCLE, .at_ns = UINT64_MAX }, back;
	char *error = NULL;
	_cleanup_free_ char *line = record_to_json(&record);

	(void)state;
	assert_int_equal(record_from_json(text_of(line), &back, &error), 0);
	assert_true(back.at_ns == INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(way_and_back_is_identity),
		cmocka_unit_test(known_line),
		cmocka_unit_test(finding_is_readable),
		cmocka_unit_test(hostile_texts_are_cleaned),
		cmocka_unit_test(escapes_of_a_journal_are_cleaned),
		cmocka_unit_test(long_texts_are_cut_at_a_character),
		cmocka_unit_test(newer_journals_are_read),
		cmocka_unit_test(wrong_lines_are_named),
		cmocka_unit_test(torn_lines_are_refused),
		cmocka_unit_test(mutated_lines),
		cmocka_unit_test(numbers_beyond_json_are_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
