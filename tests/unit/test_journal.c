// SPDX-License-Identifier: GPL-2.0-or-later
/* Run directories: what stands in them, what is refused, what is repaired. */
#include "base/num.h"

#include "run_dir.h"

#include <errno.h>
#include <inttypes.h>

/* -- writing ------------------------------------------------------------------------- */

static void run_directory(void **state)
{
	struct journal *j = create();

	(void)state;
	assert_string_equal(journal_dir(j), dir);
	assert_int_equal(journal_append(j, &cycle_1), 0);
	assert_int_equal(journal_append(j, &cycle_1), 0);
	assert_int_equal(journal_sync(j), 0);
	assert_content("journal.jsonl", CYCLE_1 CYCLE_1);
	assert_content("console.raw", "");
	assert_content("console.timing", "");
	journal_close(j);
	journal_close(NULL);
}

static void console_is_kept_with_its_time(void **state)
{
	struct journal *j = create();

	(void)state;
	/* scriptreplay skips the first line: it has no time. */
	assert_int_equal(journal_console(j, "U-Boot", 6, 5 * NS_PER_SEC), 0);
	assert_int_equal(journal_console(j, " 20\nab", 6, 6 * NS_PER_SEC), 0);
	assert_int_equal(journal_console(j, "\0\xff", 2, 6250 * NS_PER_MSEC), 0);
	assert_int_equal(journal_console(j, "", 0, 7 * NS_PER_SEC), 0);
	/* A clock that steps back does not make negative delays. */
	assert_int_equal(journal_console(j, "c", 1, 6 * NS_PER_SEC), 0);
	assert_int_equal(journal_console_offset(j), 15);
	assert_content("console.timing", "0.000000 2\n0.250000 2\n0.000000 1\n");
	journal_close(j);
}

static void scriptreplay_plays_it(void **state)
{
	struct journal *j;
	_cleanup_free_ char *command = NULL;
	char out[256];
	FILE *replay;
	size_t n;

	(void)state;
	if (access("/usr/bin/scriptreplay", X_OK) < 0)
		skip();
	j = create();
	assert_int_equal(journal_console(j, "first\nsec", 9, NS_PER_SEC), 0);
	assert_int_equal(journal_console(j, "ond\nthird", 9, 1001 * NS_PER_MSEC), 0);
	assert_int_equal(journal_console(j, " line\n", 6, 1002 * NS_PER_MSEC), 0);
	journal_close(j);
	command = xasprintf("cd %s && scriptreplay --timing console.timing console.raw",
			    dir);
	replay = popen(command, "r");
	assert_non_null(replay);
	n = fread(out, 1, sizeof(out) - 1, replay);
	out[n] = '\0';
	assert_int_equal(pclose(replay), 0);
	/* The last newline is scriptreplay's own. */
	assert_string_equal(out, "second\nthird line\n\n");
}

static void taken_directories_are_refused(void **state)
{
	struct journal *j = create(), *other = NULL;

	(void)state;
	assert_int_equal(journal_create(dir, &other), -EBUSY);
	assert_int_equal(journal_resume(dir, &other), -EBUSY);
	assert_int_equal(journal_append(j, &cycle_1), 0);
	journal_close(j);
	assert_int_equal(journal_create(dir, &other), -EEXIST);
	assert_content("journal.jsonl", CYCLE_1);
	assert_null(other);
}

static void foreign_files_are_left_alone(void **state)
{
	_cleanup_free_ char *path = xasprintf("%s/journal.jsonl", dir);
	struct journal *j = NULL;

	(void)state;
	assert_int_equal(file_make_directories(dir), 0);
	put("console.raw", "mine");
	assert_int_equal(journal_create(dir, &j), -EEXIST);
	assert_content("console.raw", "mine");
	assert_int_equal(access(path, F_OK), -1);
}

static void hopeless_directories(void **state)
{
	struct journal *j = NULL;
	struct journal_reader *r = NULL;
	_cleanup_free_ char *below = xasprintf("%s/console.raw/x", dir);

	(void)state;
	assert_int_equal(journal_resume(dir, &j), -ENOENT);
	assert_int_equal(journal_reader_open(dir, &r), -ENOENT);
	journal_close(create());
	assert_int_equal(journal_create(below, &j), -ENOTDIR);
	assert_int_equal(journal_resume(scratch, &j), -ENOENT);
	assert_int_equal(journal_reader_open(scratch, &r), -ENOENT);
}

/* Its owner would decide what is written where. */
static void links_are_not_followed(void **state)
{
	static const char *const names[] = { "journal.jsonl", "console.raw",
					     "console.timing", "splats" };
	_cleanup_free_ char *victim = xasprintf("%s/victim", scratch);
	struct journal_reader *reader = NULL;
	struct journal *j = NULL;

	(void)state;
	assert_int_equal(file_write(victim, TEXT(CYCLE_1 "torn")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, names[i]);
		_cleanup_free_ char *content = NULL;

		journal_close(create());
		assert_int_equal(remove(path), 0);
		assert_int_equal(symlink(i == 3 ? scratch : victim, path), 0);
		assert_int_equal(journal_resume(dir, &j), -ELOOP);
		if (i == 0) {
			assert_int_equal(journal_reader_open(dir, &reader), -ELOOP);
			assert_int_equal(journal_reader_open_own(dir, &reader), -ELOOP);
		}
		if (i == 1)
			assert_int_equal(journal_missed(dir, NULL, NULL), -ELOOP);
		/* A second name of the file is no better. */
		assert_int_equal(remove(path), 0);
		if (i != 3) {
			assert_int_equal(link(victim, path), 0);
			assert_int_equal(journal_resume(dir, &j), -EPERM);
		}
		/* Nor may a pipe keep the caller waiting. */
		assert_int_equal(remove(path) == 0 || errno == ENOENT, true);
		assert_int_equal(mkfifo(path, 0644), 0);
		assert_int_equal(journal_resume(dir, &j), -ELOOP);
		if (i == 0)
			assert_int_equal(journal_reader_open(dir, &reader), -ELOOP);
		assert_int_equal(file_read(victim, 64, &content, NULL), 0);
		assert_string_equal(content, CYCLE_1 "torn");
		remove_run();
	}
}

static void directories_of_others_are_refused(void **state)
{
	static const mode_t modes[] = { 0775, 0757 };
	struct journal_reader *reader = NULL;
	struct journal *j = NULL;

	(void)state;
	journal_close(create());
	put("journal.jsonl", CYCLE_1);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod(dir, modes[i]), 0);
		assert_int_equal(journal_resume(dir, &j), -EPERM);
		assert_int_equal(journal_reader_open_own(dir, &reader), -EPERM);
		assert_int_equal(records(NULL), 1); /* it may still be read */
	}
	remove_run();
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(journal_create(dir, &j), -EPERM);
}

static void owners_are_kept_apart(void **state)
{
	struct journal_reader *reader = NULL;
	struct journal *j = NULL;

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can give files away */
	journal_close(create());
	assert_int_equal(chown(dir, 65534, 65534), 0);
	assert_int_equal(journal_resume(dir, &j), -EPERM);
	assert_int_equal(journal_reader_open_own(dir, &reader), -EPERM);
	assert_int_equal(records(NULL), 0);
}

/* A mask that lets a group write must not make a run that nobody can resume. */
static void own_runs_are_own_with_any_umask(void **state)
{
	mode_t mask = umask(0);
	struct journal *j = create();

	(void)state;
	journal_close(j);
	umask(mask);
	assert_int_equal(journal_resume(dir, &j), 0);
	journal_close(j);
}

static void extracts(void **state)
{
	struct finding f = { .offset = 6, .size = 7 };
	struct journal *j = create();
	char *name = NULL;

	(void)state;
	assert_int_equal(journal_console(j, "first\nOops: 1\nrest\n", 19, 1), 0);
	strcpy(f.bug, "null-deref:../iommu/$(x)::get dma");
	assert_int_equal(journal_extract(j, &f, TEXT("cycle: 1"), &name), 0);
	assert_string_equal(name, "splats/0001-null-deref-..-iommu-x-get-dma.txt");
	assert_content(name, "cycle: 1\n\nOops: 1");
	free(name);
	/* Beyond the end: what there is. No bug: the kind. */
	f = (struct finding){ .kind = "oops", .offset = 14, .size = 1 << 20 };
	assert_int_equal(journal_extract(j, &f, TEXT("a: b\nc: d\n"), &name), 0);
	assert_string_equal(name, "splats/0002-oops.txt");
	assert_content(name, "a: b\nc: d\n\nrest\n");
	free(name);
	f = (struct finding){ .kind = "///", .offset = 1 << 20, .size = 5 };
	assert_int_equal(journal_extract(j, &f, TEXT_NONE, &name), 0);
	assert_string_equal(name, "splats/0003-finding.txt");
	assert_content(name, "\n");
	free(name);
	journal_close(j);
}

/* -- repairing ----------------------------------------------------------------------- */

static void lost_console_bytes(void **state)
{
	struct journal *j = NULL;

	(void)state;
	journal_close(create());
	/* The controller crashed: timing came to disk, a part of the console did not. */
	put("journal.jsonl", CYCLE_1 "{\"type\":\"cyc");
	put("console.raw", "1\n234567");
	put("console.timing", "0.000000 3\n1.000000 2\n1.000000 9\n1.000000 9\n1.00");
	assert_int_equal(journal_resume(dir, &j), 0);
	assert_content("journal.jsonl", CYCLE_1);
	/* With the newline that it lacked. */
	assert_content("console.raw", "1\n234567\n");
	assert_content("console.timing", "0.000000 3\n1.000000 2\n0.000000 2\n");
	assert_int_equal(journal_console(j, "8", 1, NS_PER_SEC), 0);
	assert_content("console.timing",
		       "0.000000 3\n1.000000 2\n0.000000 2\n0.000000 1\n");
	assert_true(journal_console_in_line(j));
	assert_int_equal(journal_console(j, "9\n", 2, NS_PER_SEC), 0);
	assert_false(journal_console_in_line(j));
	journal_close(j);
}

static void on_missed(void *arg, const struct finding *finding)
{
	struct strbuf *missed = arg;

	strbuf_addf(missed, "%s/%u@%" PRIu64 " ", finding->bug, finding->cycle,
		    finding->offset);
}

static uint64_t offset_of(const char *console, const char *word)
{
	_cleanup_free_ char *line =
		xasprintf("[    2.000000] Kernel panic - not syncing: %s", word);

	return (uint64_t)(strstr(console, line) - console);
}

/* Of two reports on the console the journal has one, and a hang, which is no text. */
static void missed_findings_are_told(void **state)
{
	static const char console[] =
		"[    0.000000] Linux version 6.1.0 (a@b) (gcc) #1 SMP\n"
		"[    1.000000] iommu-stress: cycle=4711471140000003 phase=trigger\n"
		"[    2.000000] Kernel panic - not syncing: one\n"
		"[    0.000000] Linux version 6.1.0 (a@b) (gcc) #1 SMP\n"
		"[    2.000000] Kernel panic - not syncing: two\n";
	_cleanup_strbuf_ struct strbuf missed = { 0 };
	const struct classifier_sink sink = { .on_finding = on_missed, .arg = &missed };
	struct record record = { .type = RECORD_FINDING, .cycle = 3 };
	struct finding *f = &record.finding.finding;
	struct journal *j = create();

	(void)state;
	record.finding.report = "";
	*f = (struct finding){ .type = FINDING_SPLAT,
			       .offset = offset_of(console, "one") };
	snprintf(f->kind, sizeof(f->kind), "panic");
	assert_int_equal(journal_append(j, &record), 0);
	f->type = FINDING_HANG;
	f->offset = offset_of(console, "two");
	assert_int_equal(journal_append(j, &record), 0);
	assert_int_equal(journal_console(j, console, strlen(console), 1), 0);
	assert_true(journal_is_written(dir));
	journal_close(j);
	assert_false(journal_is_written(dir));
	assert_int_equal(journal_missed(dir, NULL, &sink), 0);
	print_message("# %s\n", missed.s);
	assert_non_null(missed.s);
	assert_null(strchr(strchr(missed.s, '@') + 1, '@'));
	assert_int_equal(strtoull(strchr(missed.s, '@') + 1, NULL, 10), f->offset);
	assert_non_null(strstr(missed.s, "/3@"));
}

static void torn_tails_of_any_length(void **state)
{
	(void)state;
	for (size_t tail = 4090; tail < 4103; tail++) {
		_cleanup_free_ char *content = xcalloc(sizeof(CYCLE_1) + tail, 1);
		struct journal *j = NULL;

		strcpy(content, CYCLE_1);
		memset(content + strlen(content), 'x', tail);
		journal_close(create());
		put("journal.jsonl", content);
		assert_int_equal(journal_resume(dir, &j), 0);
		assert_content("journal.jsonl", CYCLE_1);
		journal_close(j);
		/* And one that holds nothing else. */
		put("journal.jsonl", content + strlen(CYCLE_1));
		assert_int_equal(journal_resume(dir, &j), 0);
		assert_content("journal.jsonl", "");
		journal_close(j);
		remove_run();
	}
}

static void what_is_there_is_told(void **state)
{
	_cleanup_free_ char *many = xcalloc(200002, 1);
	struct journal *j = create();

	(void)state;
	assert_false(journal_was_torn(j));
	assert_int_equal(journal_console_lines(j), 0);
	assert_int_equal(journal_append(j, &cycle_1), 0);
	memset(many, '\n', 200000);
	many[200000] = 'x';
	assert_int_equal(journal_console(j, many, 200001, 1), 0);
	journal_close(j);

	assert_int_equal(journal_resume(dir, &j), 0);
	assert_false(journal_was_torn(j));
	assert_int_equal(journal_console_lines(j), 200001);
	journal_close(j);
	put("journal.jsonl", CYCLE_1 "{");
	assert_int_equal(journal_resume(dir, &j), 0);
	assert_true(journal_was_torn(j));
	journal_close(j);
}

/* -- reading ------------------------------------------------------------------------- */

static void reader_names_lines(void **state)
{
	struct journal_reader *r;
	const struct record *record;
	const char *error = NULL;
	_cleanup_free_ char *path = xasprintf("%s/journal.jsonl", dir);

	(void)state;
	journal_close(create());
	put("journal.jsonl",
	    CYCLE_1 "{\"type\":\"from-tomorrow\"}\nrubbish\n\n" CYCLE_1 "{\"type\":");
	assert_int_equal(journal_reader_open(path, &r), 0);
	assert_int_equal(journal_reader_next(r, &record, &error), 1);
	assert_int_equal(record->type, RECORD_CYCLE);
	assert_int_equal(journal_reader_next(r, &record, &error), -EINVAL);
	assert_non_null(strstr(error, "line 3: not JSON: "));
	assert_int_equal(journal_reader_next(r, &record, &error), -EINVAL);
	assert_non_null(strstr(error, "line 4: not JSON: "));
	assert_false(journal_reader_torn(r));
	assert_int_equal(journal_reader_next(r, &record, &error), 1);
	assert_int_equal(record->cycle, 1);
	assert_int_equal(journal_reader_next(r, &record, &error), 0);
	assert_true(journal_reader_torn(r));
	assert_int_equal(journal_reader_next(r, &record, &error), 0);
	journal_reader_close(r);
	journal_reader_close(NULL);
}

/* The journal of a run that goes on. */
static void reader_follows(void **state)
{
	struct journal *j = create();
	struct journal_reader *r;
	const struct record *record;
	const char *error = NULL;

	(void)state;
	assert_int_equal(journal_reader_open(dir, &r), 0);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(journal_reader_next(r, &record, &error), 0);
		assert_int_equal(journal_append(j, &cycle_1), 0);
		assert_int_equal(journal_reader_next(r, &record, &error), 1);
	}
	journal_reader_close(r);
	journal_close(j);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(run_directory),
		TEST(console_is_kept_with_its_time),
		TEST(scriptreplay_plays_it),
		TEST(taken_directories_are_refused),
		TEST(foreign_files_are_left_alone),
		TEST(hopeless_directories),
		TEST(links_are_not_followed),
		TEST(directories_of_others_are_refused),
		TEST(owners_are_kept_apart),
		TEST(own_runs_are_own_with_any_umask),
		TEST(extracts),
		TEST(lost_console_bytes),
		TEST(missed_findings_are_told),
		TEST(torn_tails_of_any_length),
		TEST(what_is_there_is_told),
		TEST(reader_names_lines),
		TEST(reader_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
