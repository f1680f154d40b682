// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/num.h"
#include "base/text.h"
#include "board/board.h"
#include "board/virt/kernel.h"
#include "board/virt/nic.h"

#include <errno.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t default_mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

static void boards_are_found_by_name(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (; board_at(n); n++)
		assert_ptr_equal(board_find(board_at(n)->name), board_at(n));
	assert_true(n >= 5);
	assert_null(board_find("mips"));
	assert_null(board_find(""));
}

static void nic_gets_an_address(void **state)
{
	char *nic;
	const char *why;
	uint8_t mac[6];

	(void)state;
	assert_int_equal(nic_parse("rtl8139", &nic, mac, &why), 0);
	assert_string_equal(nic, "rtl8139,mac=" BOARD_NET_TARGET_MAC);
	assert_memory_equal(mac, default_mac, 6);
	free(nic);
	assert_int_equal(nic_parse("e1000e,mac=02-00-00-00-00-aB", &nic, mac, &why), 0);
	assert_string_equal(nic, "e1000e,mac=02-00-00-00-00-aB");
	assert_int_equal(mac[5], 0xab);
	free(nic);
}

static void nic_nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		",mac=52:54:00:12:34:56",
		"mac=52:54:00:12:34:56",
		"my nic",
		"e1000e,netdev=n1",
		"e1000e,mac=",
		"e1000e,mac=52:54:00:12:34",
		"e1000e,mac=52:54:00:12:34:5g",
		"e1000e,mac=52:54:00:12:34:56:78",
		"e1000e,mac=53:54:00:12:34:56", /* of a group */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *nic = NULL;
		const char *why = NULL;
		uint8_t mac[6];

		assert_int_equal(nic_parse(bad[i], &nic, mac, &why), -EINVAL);
		assert_non_null(why);
		assert_null(nic);
	}
}

static void nic_properties_are_whole_words(void **state)
{
	struct text value;

	(void)state;
	assert_true(nic_property("a,bc=1,b=2", "b", &value));
	assert_true(text_equal(value, TEXT("2")));
	assert_false(nic_property("a,bc=1", "b", &value));
	assert_false(nic_property("b=1", "b", &value));
	assert_true(nic_property("a,b=", "b", &value));
	assert_int_equal(value.n, 0);
}

static void nic_virtio_without_iommu_is_noticed(void **state)
{
	(void)state;
	assert_true(nic_bypasses_iommu("virtio-net-pci"));
	assert_true(nic_bypasses_iommu("virtio-net-pci,iommu_platform=off"));
	assert_false(nic_bypasses_iommu("virtio-net-pci,iommu_platform=on"));
	assert_false(nic_bypasses_iommu("e1000e"));
}

static void nic_is_wired_once(void **state)
{
	char *device = nic_device("e1000e", "bus=rp0");

	(void)state;
	assert_string_equal(device, "e1000e,netdev=n0,bus=rp0,romfile=");
	free(device);
	device = nic_device("e1000e,bus=pcie.0,romfile=x", "bus=rp0");
	assert_string_equal(device, "e1000e,bus=pcie.0,romfile=x,netdev=n0");
	free(device);
	device = nic_device("e1000e,bus=pcie.0", "id=nic0");
	assert_string_equal(device, "e1000e,bus=pcie.0,netdev=n0,id=nic0,romfile=");
	free(device);
}

/* The word behind `option`; NULL: it is not there, or twice. */
static const char *argument(char **argv, const char *option)
{
	const char *found = NULL;

	for (size_t i = 0; argv[i]; i++) {
		if (strcmp(argv[i], option) != 0)
			continue;
		if (found)
			return NULL;
		found = argv[i + 1];
	}
	return found;
}

static void command_line_is_complete(void **state)
{
	struct board_image image = { .board = board_find("arm64"),
				     .kernel = (char *)"/a kernel",
				     .initrd = (char *)"/an initrd",
				     .append = (char *)"console=ttyAMA0 x=\"1 2\"",
				     .nic = (char *)"rtl8139",
				     .smp = 3,
				     .memory = UINT64_C(512) << 20 };
	char **argv = board_argv(&image);

	(void)state;
	assert_string_equal(argv[0], "qemu-system-aarch64");
	assert_string_equal(argument(argv, "-kernel"), "/a kernel");
	assert_string_equal(argument(argv, "-initrd"), "/an initrd");
	assert_string_equal(argument(argv, "-append"), "console=ttyAMA0 x=\"1 2\"");
	assert_string_equal(argument(argv, "-smp"), "3");
	assert_string_equal(argument(argv, "-m"), "size=524288k");
	assert_string_equal(argument(argv, "-netdev"),
			    "dgram,id=n0,local.type=fd,local.str=12");
	assert_non_null(strstr(argument(argv, "-M"), "gic-version=3"));
	board_argv_free(argv);
	image.kexec = true;
	image.tap = (char *)"tap7";
	argv = board_argv(&image);
	assert_non_null(strstr(argument(argv, "-M"), "gic-version=2"));
	assert_string_equal(argument(argv, "-netdev"),
			    "tap,id=n0,ifname=tap7,script=no,downscript=no");
	board_argv_free(argv);
}

/* A zPCI function finds its device by name, wherever that is plugged in. */
static void s390x_function_is_wired(void **state)
{
	struct board_image image = { .board = board_find("s390x"),
				     .kernel = (char *)"k",
				     .initrd = (char *)"i",
				     .append = (char *)"console=ttyS0",
				     .nic = (char *)"virtio-net-pci",
				     .smp = 2,
				     .memory = UINT64_C(512) << 20 };
	char **argv = board_argv(&image);
	bool function = false, device = false;

	(void)state;
	assert_string_equal(argv[0], "qemu-system-s390x");
	assert_string_equal(argument(argv, "-serial"), "chardev:console");
	for (size_t i = 0; argv[i]; i++) {
		function |= !strcmp(argv[i], "zpci,id=z0,uid=17,fid=8,target=nic0");
		device |= !strcmp(argv[i], "virtio-net-pci,netdev=n0,id=nic0,romfile=");
		assert_null(strstr(argv[i], "pcie"));
	}
	assert_true(function);
	assert_true(device);
	board_argv_free(argv);
}

static void every_board_has_a_command_line(void **state)
{
	(void)state;
	for (unsigned int i = 0; board_at(i); i++) {
		const struct board *board = board_at(i);
		struct board_image image = { .board = board,
					     .kernel = (char *)"k",
					     .initrd = (char *)"i",
					     .append = (char *)board->append,
					     .nic = (char *)board->nic,
					     .smp = 2,
					     .memory = UINT64_C(1) << 30 };
		char **argv = board_argv(&image);

		assert_string_equal(argv[0], board->qemu);
		assert_non_null(argument(argv, "-M"));
		assert_non_null(strstr(board->append, "console="));
		assert_false(nic_bypasses_iommu(board->nic));
		board_argv_free(argv);
	}
}

static void kernels_are_told_apart(void **state)
{
	unsigned char header[KERNEL_HEADER_SIZE] = { 0 };

	(void)state;
	assert_int_equal(kernel_identify(header, 0).format, KERNEL_UNKNOWN);
	assert_int_equal(kernel_identify(header, sizeof(header)).format, KERNEL_UNKNOWN);
	memcpy(header + 56, "ARM\x64", 4);
	assert_int_equal(kernel_identify(header, sizeof(header)).format, KERNEL_IMAGE);
	assert_string_equal(kernel_identify(header, sizeof(header)).arch, "arm64");
	assert_int_equal(kernel_identify(header, 58).format, KERNEL_UNKNOWN);
	memset(header, 0, sizeof(header));
	memcpy(header + 0x1fe, "\x55\xaa", 2);
	memcpy(header + 0x202, "HdrS", 4);
	assert_int_equal(kernel_identify(header, sizeof(header)).format, KERNEL_BZIMAGE);
	assert_string_equal(kernel_identify(header, sizeof(header)).arch, "amd64");
	memset(header, 0, sizeof(header));
	memcpy(header + 0x10008, "S390EP", 6);
	memcpy(header + 0x10428, "\0\0\0\0\0\1\x2\x3", 8);
	assert_int_equal(kernel_identify(header, sizeof(header)).format, KERNEL_BZIMAGE);
	assert_string_equal(kernel_identify(header, sizeof(header)).arch, "s390x");
	assert_int_equal(kernel_identify(header, sizeof(header)).version_at, 0x10203);
	assert_int_equal(kernel_identify(header, 0x10428).version_at, 0);
	assert_int_equal(kernel_identify(header, 0x1000d).format, KERNEL_UNKNOWN);
	memset(header, 0, sizeof(header));
	memcpy(header, "\x1f\x8b\x08", 3);
	assert_int_equal(kernel_identify(header, sizeof(header)).format, KERNEL_GZIP);
	memcpy(header, "\177ELF\2\1", 6);
	assert_int_equal(kernel_identify(header, sizeof(header)).format, KERNEL_ELF);
}

static void kernels_of_nobody_are_refused(void **state)
{
	(void)state;
	assert_int_equal(kernel_check("/nonexistent", "arm64", NULL), -ENOENT);
	assert_true(kernel_check("/", "arm64", NULL) < 0);
	assert_int_equal(kernel_check("/dev/null", "arm64", NULL), -EINVAL);
}

/* With these in the environment, NULL is none; a kernel is booted from the cache. */
static void assert_cache(const char *xdg, const char *home, const char *expected)
{
	_cleanup_free_ char *dir = NULL;

	assert_int_equal(
		xdg ? setenv("XDG_CACHE_HOME", xdg, 1) : unsetenv("XDG_CACHE_HOME"), 0);
	assert_int_equal(home ? setenv("HOME", home, 1) : unsetenv("HOME"), 0);
	dir = board_cache_directory("x");
	assert_string_equal(dir, expected);
}

static void cache_is_in_a_home(void **state)
{
	_cleanup_free_ char *own =
		xasprintf("%s/.cache/iommu-stress/x", getpwuid(geteuid())->pw_dir);

	(void)state;
	assert_cache("/c", "/h", "/c/iommu-stress/x");
	assert_cache(NULL, "/h", "/h/.cache/iommu-stress/x");
	assert_cache("c", "/h", "/h/.cache/iommu-stress/x");
	assert_cache("", NULL, own);
	assert_cache(NULL, "", own);
	assert_cache(NULL, "h", own);
}

static void caches_of_others_are_refused(void **state)
{
	static const char *const parts[] = { "iommu-stress", "iommu-stress/boards",
					     "iommu-stress/boards/bookworm-arm64" };
	const struct board *arm64 = board_find("arm64");
	const struct board_options options = { .suite = "bookworm",
					       .kernel = "/nonexistent" };
	char scratch[] = "/tmp/test_board.XXXXXX";
	struct board_image image;

	(void)state;
	assert_non_null(mkdtemp(scratch));
	assert_int_equal(setenv("XDG_CACHE_HOME", scratch, 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", scratch, parts[i]);

		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(board_prepare(arm64, &options, &image), -ENOENT);
		assert_int_equal(chmod(path, 0770), 0);
		assert_int_equal(board_prepare(arm64, &options, &image), -EPERM);
		assert_int_equal(chmod(path, 0700), 0);
		if (geteuid() != 0)
			continue; /* only root can give files away */
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(board_prepare(arm64, &options, &image), -EPERM);
		assert_int_equal(chown(path, 0, 0), 0);
	}
	for (size_t i = ARRAY_SIZE(parts); i--;) {
		_cleanup_free_ char *path = xasprintf("%s/%s", scratch, parts[i]);

		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(scratch), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boards_are_found_by_name),
		cmocka_unit_test(nic_gets_an_address),
		cmocka_unit_test(nic_nonsense_is_refused),
		cmocka_unit_test(nic_properties_are_whole_words),
		cmocka_unit_test(nic_virtio_without_iommu_is_noticed),
		cmocka_unit_test(nic_is_wired_once),
		cmocka_unit_test(command_line_is_complete),
		cmocka_unit_test(s390x_function_is_wired),
		cmocka_unit_test(every_board_has_a_command_line),
		cmocka_unit_test(kernels_are_told_apart),
		cmocka_unit_test(kernels_of_nobody_are_refused),
		cmocka_unit_test(cache_is_in_a_home),
		cmocka_unit_test(caches_of_others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
