// SPDX-License-Identifier: GPL-2.0-or-later
/* What kinds of targets have, and a target that is composed of parts. */
#include "base/num.h"
#include "board/control/machine.h"
#include "board/parts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* -- kinds ------------------------------------------------------------------------------- */

static void names_have_parts(void **state)
{
	static const char *const none[] = {
		"virt:mips", "virt:",     "ssh:", "ssh:-oProxy",
		"local:0",   "localhost", "",     "arm64"
	};
	unsigned int shell = TARGET_CONSOLE | TARGET_CONTROL;

	(void)state;
	assert_int_equal(target_parts("virt:arm64"), shell | TARGET_POWER | TARGET_WIRE |
							     TARGET_SLOT | TARGET_RESETS);
	assert_int_equal(target_parts("ssh:root@host"), shell | TARGET_KEPT);
	assert_int_equal(target_parts("local"), shell | TARGET_KEPT | TARGET_UEVENTS);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(target_parts(none[i]), 0);
}

static void lacks(const char *name, unsigned int needs, const char *expected)
{
	_cleanup_free_ char *why = target_lacks(name, needs);

	if (expected)
		assert_string_equal(why, expected);
	else
		assert_null(why);
}

static void what_is_missing_is_told(void **state)
{
	const unsigned int all = TARGET_CONSOLE | TARGET_CONTROL | TARGET_POWER |
				 TARGET_WIRE | TARGET_SLOT;

	(void)state;
	lacks("virt:amd64", all, NULL);
	lacks("local", TARGET_CONSOLE | TARGET_CONTROL, NULL);
	lacks("ssh:host", TARGET_CONTROL | TARGET_POWER,
	      "target ssh:host cannot be used for this: it has no power switch");
	lacks("local", all,
	      "target local cannot be used for this: it has no power switch, no network that "
	      "could be flooded, no slot that is emptied from outside");
	lacks("virt:mips", 0,
	      "unknown target 'virt:mips'; `iommu-stress board list` names the virtual "
	      "boards");
}

/* -- parts ------------------------------------------------------------------------------- */

static struct {
	struct target target;
	char typed[64], heard[256], gone[64], closed[64];
	unsigned int gones, cycles;
	bool broken;
} f;

static void add(char *buffer, size_t size, struct text t)
{
	size_t used = strlen(buffer);

	text_copy(buffer + used, size - used, t);
}

static void on_console(void *arg, const void *bytes, size_t n)
{
	(void)arg;
	add(f.heard, sizeof(f.heard), (struct text){ bytes, n });
}

static void on_gone(void *arg, const char *reason)
{
	(void)arg;
	f.gones++;
	add(f.gone, sizeof(f.gone), text_of(reason));
}

static int type(struct control *control, struct text bytes)
{
	(void)control;
	add(f.typed, sizeof(f.typed), bytes);
	return 0;
}

static int run_worker(struct control *control, const char *command)
{
	return type(control, text_of(command));
}

static void close_control(struct control *control)
{
	(void)control;
	add(f.closed, sizeof(f.closed), TEXT("control "));
}

static void close_console(struct console *console)
{
	(void)console;
	add(f.closed, sizeof(f.closed), TEXT("console "));
}

static int cycle(struct power *power)
{
	(void)power;
	f.cycles++;
	return f.broken ? -EIO : 0;
}

static void close_power(struct power *power)
{
	(void)power;
	add(f.closed, sizeof(f.closed), TEXT("power "));
}

static void close_rest(struct target *t)
{
	(void)t;
	add(f.closed, sizeof(f.closed), TEXT("rest"));
}

static const struct control_ops control_ops = { type, run_worker, close_control };
static struct control control;
/* A log that is only read, and an outlet that is only switched off and on. */
static struct console console = { &(struct console_ops){ .close = close_console } };
static struct power outlet = { &(struct power_ops){ .cycle = cycle,
						    .close = close_power } };

static int compose(void **state)
{
	(void)state;
	memset(&f, 0, sizeof(f));
	control = (struct control){ .ops = &control_ops };
	f.target = (struct target){
		.console = &console,
		.control = &control,
		.power = &outlet,
		.worker = "/tmp/w",
		.events = { .on_console = on_console, .on_gone = on_gone },
		.open = true,
		.close = close_rest,
	};
	return 0;
}

static void a_part_does_what_it_can(void **state)
{
	struct target *t = &f.target;

	(void)state;
	assert_int_equal(target_power(t, POWER_RESET), -EOPNOTSUPP);
	assert_int_equal(target_power(t, POWER_ON), -EOPNOTSUPP);
	assert_int_equal(target_power(t, POWER_CYCLE), 0);
	target_set_baud(t, 9600);
	assert_int_equal(target_plug(t, false), -EOPNOTSUPP);
	t->power = NULL;
	assert_int_equal(target_power(t, POWER_CYCLE), -EOPNOTSUPP);
	assert_int_equal(f.cycles, 1);
}

static void the_worker_is_asked(void **state)
{
	struct target *t = &f.target;

	(void)state;
	assert_int_equal(target_type(t, TEXT("line")), 0);
	assert_int_equal(target_ask(t, "restore a=1;"), 0);
	assert_int_equal(target_ask_facts(t), 0);
	assert_string_equal(f.typed, "line\n/tmp/w restore a=1;/tmp/w facts");
	f.typed[0] = '\0';
	control.on_console = true;
	assert_int_equal(target_ask_facts(t), 0);
	assert_string_equal(f.typed, "/tmp/w facts peer=none");
}

static void words_of_the_worker_become_markers(void **state)
{
	struct target *t = &f.target;

	(void)state;
	target_heard(t, "[    1.5] one\n[    2.5] two", 27);
	target_heard(t, "\n", 1);
	target_told(t, TEXT("fact=end"));
	assert_string_equal(f.heard, "[    1.5] one\n[    2.5] two\n"
				     "[    2.5] iommu-stress: fact=end\n");
}

static void it_is_gone_once_for_each_start(void **state)
{
	struct target *t = &f.target;

	(void)state;
	target_ended(t, "first");
	target_ended(t, "second");
	target_heard(t, "late\n", 5);
	target_told(t, TEXT("late"));
	assert_string_equal(f.gone, "first");
	assert_string_equal(f.heard, "");
	f.broken = true;
	assert_int_equal(target_power(t, POWER_CYCLE), -EIO);
	target_heard(t, "late\n", 5);
	assert_string_equal(f.heard, "");
	f.broken = false;
	assert_int_equal(target_power(t, POWER_CYCLE), 0);
	target_heard(t, "again\n", 6);
	assert_string_equal(f.heard, "again\n");
	target_ended(t, "");
	assert_int_equal(f.gones, 2);
}

static void the_console_ends_before_its_machine(void **state)
{
	(void)state;
	target_close(&f.target);
	assert_string_equal(f.closed, "control console power rest");
	target_close(NULL);
}

/* -- commands ---------------------------------------------------------------------------- */

static int run(const char *line, struct answer *ret)
{
	const char *const command[] = { "sh", "-c", line, NULL };
	struct loop *loop;
	int r;

	*ret = (struct answer){ 0 };
	assert_int_equal(loop_new(&loop), 0);
	r = machine_run(&(struct machine){ .loop = loop, .name = "local" }, command, -1,
			60 * NS_PER_SEC, ret);
	loop_free(loop);
	strbuf_done(&ret->lines);
	return r;
}

/* Whatever it sends, it takes no memory without an end, and nobody waits for its end. */
static void endless_answers_are_refused(void **state)
{
	struct answer answer;

	(void)state;
	assert_int_equal(run("cat /dev/zero", &answer), -EMSGSIZE);
	assert_int_equal(run("yes 0123456789012345678901234567890123456789", &answer),
			 -EMSGSIZE);
	assert_int_equal(run("yes why | head -c 5000000 >&2; exit 3", &answer), 3);
	assert_string_equal(answer.why, "why");
	assert_int_equal(run("echo no >&2; exit 4", &answer), 4);
	assert_string_equal(answer.why, "no");
}

#define TEST(f)     cmocka_unit_test(f)
#define COMPOSED(f) cmocka_unit_test_setup(f, compose)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_have_parts),
		TEST(what_is_missing_is_told),
		TEST(endless_answers_are_refused),
		COMPOSED(a_part_does_what_it_can),
		COMPOSED(the_worker_is_asked),
		COMPOSED(words_of_the_worker_become_markers),
		COMPOSED(it_is_gone_once_for_each_start),
		COMPOSED(the_console_ends_before_its_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
