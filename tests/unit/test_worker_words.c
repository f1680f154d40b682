// SPDX-License-Identifier: GPL-2.0-or-later
/* The worker's words: arguments, lines, names of errors, kernel records, uevents. */
#include "worker/holder/holder.h"
#include "worker/pull.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void arguments_parse(void **state)
{
	const char *words[] = { "device=0000:00:05.0", "member=a", "member=b=c", "at=-12",
				"x=" };
	struct args args;
	int64_t number = 7;

	(void)state;
	assert_int_equal(args_parse(&args, 5, words, "device member at x"), 0);
	assert_string_equal(args_get(&args, "device"), "0000:00:05.0");
	assert_string_equal(args_get(&args, "member"), "b=c");
	assert_string_equal(args_get_nth(&args, "member", 0), "a");
	assert_string_equal(args_get_nth(&args, "member", 1), "b=c");
	assert_null(args_get_nth(&args, "member", 2));
	assert_string_equal(args_get(&args, "x"), "");
	assert_null(args_get(&args, "dev"));
	assert_int_equal(args_get_number(&args, "at", &number), 0);
	assert_true(number == -12);
	assert_int_equal(args_get_number(&args, "absent", &number), 0);
	assert_true(number == -12);
	assert_int_equal(args_get_number(&args, "member", &number), -EINVAL);
}

static void bad_arguments_are_refused(void **state)
{
	const char *unknown[] = { "dev=1" }, *plain[] = { "device" }, *empty[] = { "=1" };
	const char *common[] = { "markers=1", "stdout=0", "sysroot=/x" };
	struct args args;

	(void)state;
	assert_int_equal(args_parse(&args, 1, unknown, "device"), -EINVAL);
	assert_int_equal(args_parse(&args, 1, plain, "device"), -EINVAL);
	assert_int_equal(args_parse(&args, 1, empty, NULL), -EINVAL);
	assert_int_equal(args_parse(&args, 3, common, ""), 0);
}

static void numbers_parse(void **state)
{
	static const char *const bad[] = {
		"", "-", "+", "1x", " 1", "0x1", "9223372036854775808"
	};
	int64_t number = 5;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(number_parse(bad[i], &number), -EINVAL);
	assert_true(number == 5);
	assert_int_equal(number_parse("-9223372036854775808", &number), 0);
	assert_true(number == INT64_MIN);
	assert_int_equal(number_parse("+3", &number), 0);
	assert_true(number == 3);
}

static void lines_are_quoted(void **state)
{
	struct line line = { .n = 0 };

	(void)state;
	line_add(&line, "a", "plain");
	line_add(&line, "b", "two words");
	line_add(&line, "c", "");
	line_add(&line, "d", "say \"no\"\n\x01");
	line_number(&line, "e", -1);
	line_errno(&line, "f", 0);
	line_errno(&line, "g", -EBUSY);
	line_errno(&line, "h", ENODEV);
	line.text[line.n] = '\0';
	assert_string_equal(line.text,
			    "a=plain b=\"two words\" c=\"\" d=\"say 'no'  \" e=-1 "
			    "f=ok g=EBUSY h=ENODEV");
}

static void long_lines_are_cut(void **state)
{
	struct line line = { .n = 0 };
	char value[2 * LINE_SIZE];

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[5] = ' ';
	value[sizeof(value) - 1] = '\0';
	line_add(&line, "key", value);
	line_add(&line, "more", value);
	assert_true(line.n < LINE_SIZE);
	assert_int_equal(line.text[line.n - 1], '"');
}

static void errors_have_names(void **state)
{
	(void)state;
	assert_string_equal(errno_name(EBUSY), "EBUSY");
	assert_string_equal(errno_name(-ETIMEDOUT), "ETIMEDOUT");
	assert_string_equal(errno_name(-4000), "E4000");
}

static void addresses_parse(void **state)
{
	static const char *const bad[] = {
		"",          "00:05",        "00:20.0", "00:05.8", "0000:00:05.0x",
		"x:00:05.0", "0000:100:05.0"
	};
	struct bdf bdf;

	(void)state;
	assert_int_equal(bdf_parse("0000:00:1f.3", &bdf), 0);
	assert_string_equal(bdf.s, "0000:00:1f.3");
	assert_int_equal(bdf_parse("3:1.0", &bdf), 0);
	assert_string_equal(bdf.s, "0000:03:01.0");
	assert_int_equal(bdf_parse("10011:00:00.0", &bdf), 0);
	assert_string_equal(bdf.s, "10011:00:00.0");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(bdf_parse(bad[i], &bdf), -EINVAL);
}

static void losses_are_told_as_by_a_console(void **state)
{
	char text[128];

	(void)state;
	assert_true(kmsg_format_loss("6,339,5140900,-;x", 332, text, sizeof(text)) > 0);
	assert_string_equal(text, "** 7 printk messages dropped **\n");
	/* How many is not known, but some. */
	kmsg_format_loss("6,339,5140900,-;x", 0, text, sizeof(text));
	assert_string_equal(text, "** 1 printk messages dropped **\n");
	assert_int_equal(kmsg_format_loss("no record", 3, text, sizeof(text)), 0);
}

static void records_look_like_a_console(void **state)
{
	char text[512];

	(void)state;
	assert_true(
		kmsg_format("6,339,5140900,-;NET: 10\n SUBSYSTEM=pci\n DEVICE=+pci:1\n",
			    text, sizeof(text)) > 0);
	assert_string_equal(text, "[    5.140900] NET: 10\n");
	kmsg_format("4,1,12345678901,-;a\\x0ab\\x5cx\\xfg", text, sizeof(text));
	assert_string_equal(text, "[12345.678901] a\n[12345.678901] b\\x\\xfg\n");
	kmsg_format("4,1,1,-;\n", text, sizeof(text));
	assert_string_equal(text, "[    0.000001] \n");
	assert_int_equal(kmsg_format("no record", text, sizeof(text)), 0);
	assert_int_equal(kmsg_format("x,y;text", text, sizeof(text)), 0);
	/* Longer than there is room for. */
	assert_true(
		kmsg_format(
			"4,1,1,-;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			text, 64) < 64);
}

static void uevents_parse(void **state)
{
	static const char add[] =
		"add@/devices/pci0000:00/0000:00:05.0\0ACTION=add\0"
		"DEVPATH=/devices/pci0000:00/0000:00:05.0\0SUBSYSTEM=pci\0"
		"PCI_ID=1234:11E8\0SEQNUM=9";
	static const char group[] = "add@/x\0ACTION=add\0DEVPATH=/devices/vfio/3\0"
				    "SUBSYSTEM=vfio";
	static const char bus[] =
		"add@/x\0ACTION=add\0DEVPATH=/devices/pci0000:00/pci_bus\0"
		"SUBSYSTEM=pci";
	struct uevent event;

	(void)state;
	assert_int_equal(uevent_parse(add, sizeof(add), &event), 0);
	assert_string_equal(event.action, "add");
	assert_string_equal(event.bdf.s, "0000:00:05.0");
	assert_string_equal(event.id, "1234:11E8");
	assert_int_equal(uevent_parse(group, sizeof(group), &event), -EINVAL);
	assert_int_equal(uevent_parse(bus, sizeof(bus), &event), -EINVAL);
	for (size_t n = 0; n < sizeof(add); n++)
		uevent_parse(add, n, &event);
}

static void tables_are_complete(void **state)
{
	enum release release;

	(void)state;
	for (int i = 0; i < RELEASES; i++) {
		assert_int_equal(release_parse(release_names[i], &release), 0);
		assert_int_equal(release, i);
	}
	assert_int_equal(release_parse("free", &release), -EINVAL);
	for (size_t i = 0; holders[i]; i++) {
		assert_ptr_equal(holder_find(holders[i]->name), holders[i]);
		if (holders[i] == &holder_none)
			continue;
		assert_non_null(holders[i]->open);
		assert_non_null(holders[i]->prepare);
		assert_non_null(holders[i]->act);
		assert_non_null(holders[i]->close);
	}
	assert_null(holder_find("nobody"));
	for (const struct method *method = methods; method->name; method++) {
		assert_ptr_equal(method_find(method->name), method);
		/* What is taken away comes back. */
		assert_int_equal(!method->gone, !method->back);
		assert_true(!method->pull_file || !method->gone == !method->back_file);
	}
	assert_null(method_find("hammer"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_parse),
		cmocka_unit_test(bad_arguments_are_refused),
		cmocka_unit_test(numbers_parse),
		cmocka_unit_test(lines_are_quoted),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(errors_have_names),
		cmocka_unit_test(addresses_parse),
		cmocka_unit_test(records_look_like_a_console),
		cmocka_unit_test(losses_are_told_as_by_a_console),
		cmocka_unit_test(uevents_parse),
		cmocka_unit_test(tables_are_complete),
	};

	/* What they say is not TAP. */
	output_open(false, false, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
