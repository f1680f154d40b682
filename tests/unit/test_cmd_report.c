// SPDX-License-Identifier: GPL-2.0-or-later
/* `iommu-stress report` as its users meet it: output, complaints, exit status. */
#include "command.h"

#include <ftw.h>
#include <sys/stat.h>

#define RUN                                                                    \
	"{\"type\":\"run\",\"at\":1,\"tool\":\"0.1\",\"scenario\":\"reboot\"," \
	"\"target\":\"virt:arm64\",\"wall\":\"\",\"seed\":1}\n"
#define VERDICT(outcome)                                                    \
	"{\"type\":\"verdict\",\"at\":2,\"cycle\":1,\"outcome\":\"" outcome \
	"\",\"reason\":\"why\"}\n"
#define END "{\"type\":\"end\",\"at\":3,\"reason\":\"done\",\"status\":0}\n"

static char scratch[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/test_cmd_report.XXXXXX");
	return !mkdtemp(scratch) || chdir(scratch) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	command_forget();
	return chdir("/") < 0 ? -1 : nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void run_directory(const char *name, const char *journal)
{
	_cleanup_free_ char *path = xasprintf("%s/journal.jsonl", name);

	assert_int_equal(mkdir(name, 0777), 0);
	assert_int_equal(file_write(path, text_of(journal)), 0);
}

static int report(const char *arguments)
{
	int status = command_run_to(&cmd_report, scratch, "out", arguments);

	command_take(scratch, "out", &out);
	return status;
}

static void statuses(void **state)
{
	(void)state;
	run_directory("pass", RUN VERDICT("pass") END);
	run_directory("crash", RUN VERDICT("crash") END);
	run_directory("invalid", RUN VERDICT("invalid") END);
	assert_int_equal(report("pass"), 0);
	assert_non_null(strstr(out, "reboot of virt:arm64: 1 cycle in "));
	assert_non_null(strstr(out, "Files        pass: journal.jsonl"));
	assert_string_equal(err, "");
	assert_int_equal(report("crash"), 1);
	assert_int_equal(report("invalid"), 3);
	assert_int_equal(report("pass invalid"), 3);
	run_directory("proven", RUN
		      "{\"type\":\"verdict\",\"at\":2,\"cycle\":1,\"outcome\":\"pass\","
		      "\"reason\":\"why\",\"proofs\":\"one, two\"}\n" END);
	assert_int_equal(report("-v proven"), 0);
	assert_non_null(strstr(out, "Cycle 1, the first pass, rests on: one, two."));
	assert_int_equal(report("crash invalid pass"), 1);
	assert_int_equal(report("crash/journal.jsonl nowhere"), 2);
	assert_non_null(strstr(out, "Files        crash: journal.jsonl"));
	assert_string_equal(err, "iommu-stress: nowhere: no run here, there is no "
				 "journal.jsonl\n");
}

static void unreadable(void **state)
{
	(void)state;
	run_directory("empty", "");
	run_directory("rubbish", "a\nb\nc\nd\n");
	assert_int_equal(mkdir("odd", 0777), 0);
	assert_int_equal(mkdir("odd/journal.jsonl", 0777), 0);
	assert_int_equal(report("empty"), 2);
	assert_string_equal(err, "iommu-stress: empty: the journal holds no record\n");
	assert_string_equal(out, "");
	assert_int_equal(report("rubbish"), 2);
	assert_non_null(strstr(err, "rubbish: line 3: not JSON"));
	assert_null(strstr(err, "line 4"));
	assert_non_null(strstr(err, "rubbish: 4 lines in all are no records"));
	assert_int_equal(report("odd"), 2);
	assert_string_equal(err, "iommu-stress: cannot read the journal of odd: Is a "
				 "directory\n");
}

static void torn_and_damaged(void **state)
{
	(void)state;
	run_directory("torn", RUN "{}\n" VERDICT("pass") "{\"type\":\"ver");
	assert_int_equal(report("torn"), 3);
	assert_string_equal(err, "iommu-stress: torn: line 2: 'type' is missing\n"
				 "iommu-stress: torn: the last line is torn: the run was "
				 "cut off while it was written\n");
	assert_non_null(strstr(out, "The run has not ended"));
}

#define ASKED(n)                                                                          \
	"{\"type\":\"run\",\"at\":1,\"tool\":\"0.1\",\"scenario\":\"reboot\",\"target\":" \
	"\"virt:arm64\",\"wall\":\"\",\"seed\":1,\"cycles\":" #n "}\n"
#define ENDS(reason, status) \
	"{\"type\":\"end\",\"at\":3,\"reason\":\"" reason "\",\"status\":" #status "}\n"

/* Nothing may be a pass that the journal does not show to be one. */
static void what_is_missing(void **state)
{
	(void)state;
	run_directory("cut", RUN VERDICT("pass"));
	run_directory("stopped", RUN VERDICT("pass") ENDS("interrupted", 130));
	run_directory("fewer", ASKED(2) VERDICT("pass") END);
	run_directory("timed", ASKED(0) VERDICT("pass") ENDS("time", 0));
	run_directory("damaged", ASKED(1) "{\"type\":\"finding\",\n" VERDICT("pass") END);
	run_directory("found", ASKED(1) VERDICT("pass") ENDS("done", 1));
	run_directory("refused", ASKED(1) ENDS("refused", 2));
	run_directory("thrice",
		      ASKED(2) VERDICT("pass") VERDICT("pass") VERDICT("pass") END);
	assert_int_equal(report("cut"), 3);
	assert_int_equal(report("stopped"), 3);
	assert_int_equal(report("fewer"), 3);
	assert_int_equal(report("timed"), 0);
	assert_int_equal(report("damaged"), 3);
	assert_int_equal(report("found"), 1);
	assert_int_equal(report("refused"), 2);
	assert_int_equal(report("thrice"), 3);
	assert_non_null(strstr(out, "1 of 2 cycles"));
}

/* What stands on the console counts, when the journal does not tell of it. */
static void missed_on_the_console(void **state)
{
	static const char panic[] =
		"[    0.000000] Linux version 6.1.0 (a@b) (gcc) #1 SMP\n"
		"[    2.000000] Kernel panic - not syncing: Fatal exception\n";

	(void)state;
	run_directory("killed", RUN "{\"type\":\"cycle\",\"at\":1,\"cycle\":1}\n");
	assert_int_equal(report("killed"), 3);
	assert_int_equal(file_write("killed/console.raw", text_of(panic)), 0);
	assert_int_equal(report("killed"), 1);
	assert_non_null(strstr(out, "anic"));
	/* A run that ended has judged it. */
	run_directory("ended", RUN VERDICT("pass") END);
	assert_int_equal(file_write("ended/console.raw", text_of(panic)), 0);
	assert_int_equal(report("ended"), 0);
}

static void formats(void **state)
{
	(void)state;
	run_directory("a", RUN VERDICT("pass") END);
	run_directory("b", RUN VERDICT("hang"));
	assert_int_equal(report("--format=json a b"), 1);
	assert_non_null(strstr(out, "\"dir\":\"a\"}\n{\"conclusion\":"));
	assert_int_equal(report("--format=tex a"), 2);
	assert_non_null(strstr(err, "--format=tex: must be one of text, json\n"));
	assert_int_equal(report(""), 2);
	assert_non_null(strstr(err, "a run directory is missing\n"));
	assert_int_equal(report("--help"), 0);
	assert_non_null(strstr(out, "json, one object"));
}

static void full_disk(void **state)
{
	(void)state;
	run_directory("a", RUN VERDICT("pass") END);
	assert_int_equal(command_run_to(&cmd_report, scratch, "/dev/full", "a"), 2);
	assert_string_equal(err,
			    "iommu-stress: cannot write the report: No space left on "
			    "device\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(statuses),
		TEST(unreadable),
		TEST(torn_and_damaged),
		TEST(what_is_missing),
		TEST(missed_on_the_console),
		TEST(formats),
		TEST(full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
