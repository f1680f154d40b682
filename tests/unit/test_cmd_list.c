// SPDX-License-Identifier: GPL-2.0-or-later
/* `iommu-stress list` as its users meet it. */
#include "command.h"
#include "sysfs_tree.h"

#include <jansson.h>

static int setup(void **state)
{
	if (tree_setup(state) < 0)
		return -1;
	tree_directory("/sys/bus/pci/drivers/vfio-pci");
	tree_pci("0000:00:1c.0", NULL, "0x060400\n");
	tree_driver("0000:00:1c.0", "pcieport");
	tree_pci("0000:01:00.0", "0000:00:1c.0", "0x020000\n");
	tree_driver("0000:01:00.0", "e1000e");
	tree_net("0000:01:00.0", "eth0");
	tree_group("0000:01:00.0", 5);
	tree_iommu("0000:01:00.0", "dmar0");
	tree_pci("0000:01:00.1", "0000:00:1c.0", "0x020000\n");
	tree_group("0000:01:00.1", 5);
	tree_add("/proc/net/route",
		 "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n");
	return 0;
}

static int teardown(void **state)
{
	command_forget();
	return tree_teardown(state);
}

static int list_to(const char *to, const char *arguments)
{
	_cleanup_free_ char *words = xasprintf("--sysroot=%s %s", tree_root, arguments);

	return command_run_to(&cmd_list, tree_root, to, words);
}

static int list(const char *arguments)
{
	int status = list_to("out", arguments);

	command_take(tree_root, "out", &out);
	return status;
}

static void has(const char *words)
{
	if (!strstr(out, words))
		fail_msg("no '%s' in:\n%s", words, out);
}

static void text(void **state)
{
	(void)state;
	assert_int_equal(list(""), 0);
	assert_string_equal(err, "");
	has("local: Linux 6.1.0-test on ");
	has("4 CPUs; IOMMU: yes, VFIO: yes, iommufd: no\n");
	has("  booted   intel_iommu=on iommu=pt\n");
	has("\n0000:00:1c.0 ");
	has(" [8086:10d3], ");
	has("  driver   e1000e, eth0\n"
	    "  IOMMU    group 5 (DMA, dmar0) with 0000:01:00.1\n"
	    "  holders  group, group-noreq, device, none\n"
	    "  methods  remove, unbind\n"
	    "  guards   0000:01:00.0 is the way to the controller by the default route "
	    "(eth0): refused; --allow-route overrides\n"
	    "           0000:01:00.0 shares IOMMU group 5 with what was not named: "
	    "0000:01:00.1: refused; --allow-group overrides\n");
	has("  guards   0000:00:1c.0 is a bridge, all behind it would go: 0000:01:00.0 "
	    "(e1000e), 0000:01:00.1: refused; --allow-bridge overrides\n");
	assert_null(strstr(out, "not iommufd"));
}

/* Reasons, for those that are named; and what the switches allow. */
static void named(void **state)
{
	(void)state;
	assert_int_equal(list("group:5 --allow-route"), 0);
	assert_null(strstr(out, "\n0000:00:1c.0 "));
	has("           not iommufd: no iommufd: CONFIG_IOMMUFD and "
	    "CONFIG_VFIO_DEVICE_CDEV\n");
	has("           not power: in no hotplug slot\n");
	has("           not reset_subordinate: bridge 0000:00:1c.0 has no sysfs file "
	    "reset_subordinate\n");
	has("  guards   0000:01:00.0 is the way to the controller by the default route "
	    "(eth0): allowed by --allow-route\n");
	has("  guards   nothing against it\n");
	assert_null(strstr(out, "shares IOMMU group"));
}

/* It has no file to be removed by, and what it can be unplugged with is told. */
static void virtual_function(void **state)
{
	(void)state;
	tree_vf("0000:02:10.0", "0000:01:00.0");
	assert_int_equal(list("0000:02:10.0"), EXIT_PASS);
	has("not remove: a VF, which no rescan brings back: take sriov");
}

static void json(void **state)
{
	json_error_t error;
	json_t *object, *device;

	(void)state;
	assert_int_equal(list("--format=json eth0"), 0);
	object = json_loads(out, 0, &error);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "target")),
			    "local");
	assert_int_equal(json_array_size(json_object_get(object, "devices")), 1);
	device = json_array_get(json_object_get(object, "devices"), 0);
	assert_string_equal(json_string_value(json_object_get(device, "bdf")),
			    "0000:01:00.0");
	assert_true(json_is_null(
		json_object_get(json_object_get(device, "holders"), "group")));
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(device, "methods"), "sriov")),
			    "no VF");
	assert_int_equal(json_array_size(json_object_get(device, "guards")), 2);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(device, "members"), 0)),
		"0000:01:00.1");
	json_decref(object);
}

static void wrong(void **state)
{
	(void)state;
	assert_int_equal(list("eth7 00:1f.0"), 2);
	assert_string_equal(out, "");
	assert_string_equal(
		err, "iommu-stress: list: there is no PCI device with the network "
		     "interface or disk 'eth7'; `iommu-stress list` shows what there is\n"
		     "iommu-stress: list: there is no PCI device 0000:00:1f.0; "
		     "`iommu-stress list` shows what there is\n");
	assert_int_equal(list("-t virt:nothing"), 2);
	assert_non_null(strstr(err, "unknown target 'virt:nothing'"));
	assert_int_equal(list("--format=xml"), 2);
	assert_int_equal(list_to("/dev/full", ""), 2);
	assert_string_equal(err, "iommu-stress: cannot write the list: No space left on "
				 "device\n");
}

static void no_devices(void **state)
{
	assert_int_equal(teardown(state), 0);
	assert_int_equal(tree_setup(state), 0);
	assert_int_equal(list(""), 0);
	has("IOMMU: no, VFIO: no, iommufd: no\n");
	has("\nno PCI devices: the kernel knows none, or /sys is not mounted\n");
	assert_int_equal(list("--format=json"), 0);
	has("\"devices\":[]");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text), TEST(named), TEST(virtual_function),
		TEST(json), TEST(wrong), TEST(no_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
