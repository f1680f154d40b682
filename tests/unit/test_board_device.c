// SPDX-License-Identifier: GPL-2.0-or-later
/* The device to unplug: where it is plugged in, and how QEMU is told. */
#include "base/num.h"
#include "board/board.h"
#include "board/device.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_place_decides_the_address(void **state)
{
	static const struct {
		const char *board, *specification, *words, *bdf;
	} good[] = {
		{ "amd64", "edu", "edu,id=test,bus=pcie.0,addr=0x10", "0000:00:10.0" },
		{ "arm64", "e1000e,mac=02:00:00:00:00:01",
		  "e1000e,mac=02:00:00:00:00:01,id=test,bus=pcie.0,addr=0x10",
		  "0000:00:10.0" },
		{ "arm64-viommu", "port:edu", "edu,id=test,bus=rp1", "0000:02:00.0" },
		{ "amd64-amdvi", "hotplug:edu,dma_mask=255",
		  "edu,dma_mask=255,id=test,bus=rp1", "0000:02:00.0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct board_device device;
		const char *why = NULL;

		assert_int_equal(board_device_parse(board_find(good[i].board),
						    good[i].specification, &device, &why),
				 0);
		assert_string_equal(device.words, good[i].words);
		assert_string_equal(device.bdf, good[i].bdf);
		board_device_done(&device);
		assert_null(device.words);
	}
}

static void virtual_functions_are_unplugged_themselves(void **state)
{
	struct board_device device;
	const char *why = NULL;

	(void)state;
	assert_int_equal(
		board_device_parse(board_find("amd64"), "nvme-sriov", &device, &why), 0);
	assert_string_equal(device.bdf, "0000:00:10.1");
	assert_non_null(device.kind);
	assert_non_null(strstr(device.words, "sriov_max_vfs=2"));
	board_device_done(&device);
}

static void nonsense_is_refused(void **state)
{
	static const struct {
		const char *specification;
		int error;
	} bad[] = {
		{ "", -EINVAL },          { ",a=1", -EINVAL },
		{ "a=1", -EINVAL },       { "my device", -EINVAL },
		{ "port:", -EINVAL },     { "edu,id=x", -EINVAL },
		{ "edu,bus=x", -EINVAL }, { "edu,addr=1", -EINVAL },
		{ "moon:edu", -ENOENT },  { ":edu:", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct board_device device = { 0 };
		const char *why = NULL;

		assert_int_equal(board_device_parse(board_find("amd64"),
						    bad[i].specification, &device, &why),
				 bad[i].error);
		assert_non_null(why);
		assert_null(device.words);
	}
}

/* Where in argv `words` stand, -1: nowhere. */
static int find(char **argv, const char *words)
{
	for (int i = 0; argv[i]; i++)
		if (strstr(argv[i], words))
			return i;
	return -1;
}

static char **argv_with(const char *board, const char *specification, bool host_root)
{
	struct board_image image = { .board = board_find(board),
				     .kernel = (char *)"k",
				     .initrd = (char *)"i",
				     .append = (char *)"a",
				     .nic = (char *)"e1000e",
				     .smp = 2,
				     .memory = UINT64_C(1) << 30,
				     .host_root = host_root };
	const char *why;
	char **argv;

	if (specification)
		assert_int_equal(board_device_parse(image.board, specification,
						    &image.device, &why),
				 0);
	argv = board_argv(&image);
	board_device_done(&image.device);
	return argv;
}

static void a_port_is_there_before_what_is_behind_it(void **state)
{
	char **argv = argv_with("amd64", "port:nvme-sriov", false);

	(void)state;
	assert_true(find(argv, "id=rp1") > 0);
	assert_true(find(argv, "id=rp1") < find(argv, "bus=rp1"));
	assert_true(find(argv, "id=ss0") > 0);
	assert_true(find(argv, "id=ss0") < find(argv, "subsys=ss0"));
	assert_true(find(argv, "power_controller_present=off") > 0);
	assert_true(find(argv, "acpi-pci-hotplug") > 0);
	board_argv_free(argv);
	argv = argv_with("arm64", "hotplug:edu", false);
	assert_true(find(argv, "id=rp1") < find(argv, "bus=rp1"));
	assert_int_equal(find(argv, "power_controller_present"), -1);
	assert_int_equal(find(argv, "ICH9"), -1);
	board_argv_free(argv);
}

static void nothing_is_there_unasked(void **state)
{
	char **argv = argv_with("amd64", NULL, false);

	(void)state;
	assert_int_equal(find(argv, "rp1"), -1);
	assert_int_equal(find(argv, "id=test"), -1);
	assert_int_equal(find(argv, "-fsdev"), -1);
	assert_int_equal(find(argv, "9p"), -1);
	board_argv_free(argv);
}

static void files_of_this_machine_are_read_only(void **state)
{
	char **argv = argv_with("amd64", "edu", true);
	int at = find(argv, "-fsdev");

	(void)state;
	assert_true(at > 0);
	assert_non_null(strstr(argv[at + 1], "readonly=on"));
	board_argv_free(argv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_decides_the_address),
		cmocka_unit_test(virtual_functions_are_unplugged_themselves),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_port_is_there_before_what_is_behind_it),
		cmocka_unit_test(nothing_is_there_unasked),
		cmocka_unit_test(files_of_this_machine_are_read_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
