// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts: lines to structs, words of users to devices, and the worker's lines of a tree. */
#include "board/worker/worker.h"
#include "sysfs_tree.h"

#include <errno.h>

#define SYSTEM "fact=system kernel=6.1 arch=x86_64 cpus=4 vfio=module iommu=yes"
#define DEVICE                                                                  \
	"class=0x020000 driver=e1000e group=7 bridge=0 parent=- sriov_total=0 " \
	"sriov_num=0 physfn=- vfio_open=-"

/* -- lines ------------------------------------------------------------------------------ */

static void add(struct facts *facts, const char *line, int expected)
{
	if (facts_add(facts, text_of(line)) != expected)
		fail_msg("not %d: %s", expected, line);
}

static void lines(void **state)
{
	struct facts facts = { 0 };
	const struct device_facts *d;

	(void)state;
	add(&facts, "kernel noise", 0);
	add(&facts,
	    SYSTEM " iommufd=yes cmdline_iommu=\"iommu=pt vfio.x=1\" qemu=- autoprobe=1 "
		   "expedited=- devkmsg=ratelimit",
	    0);
	add(&facts,
	    "fact=device bdf=0000:00:05.0 id=8086:10d3 slot=3 slot_power=1 "
	    "removable=1 net=eth0,eth1 " DEVICE,
	    0);
	add(&facts,
	    "fact=device bdf=0000:00:06.0 id=8086:10d3 slot=- slot_power=- " DEVICE, 0);
	add(&facts, "fact=use bdf=0000:00:05.0 why=mount what=sda1 at=\"/a b\" via=\"\"",
	    0);
	add(&facts, "fact=unknown bdf=- rule=swap what=/proc/swaps why=EACCES", 0);
	assert_false(facts.complete);
	add(&facts, "fact=end lines=5", 0);
	assert_true(facts.complete);

	assert_int_equal(facts.system.cpus, 4);
	assert_int_equal(facts.system.vfio, FACTS_MODULE);
	assert_int_equal(facts.system.iommufd, FACTS_YES);
	assert_true(facts.system.iommu);
	assert_string_equal(facts.system.cmdline_iommu, "iommu=pt vfio.x=1");
	assert_string_equal(facts.system.qemu, "");
	assert_string_equal(facts.system.autoprobe, "1");
	assert_string_equal(facts.system.expedited, "");
	assert_string_equal(facts.system.devkmsg, "ratelimit");
	assert_int_equal(facts.n_devices, 2);
	d = &facts.devices[0];
	assert_string_equal(d->bdf, "0000:00:05.0");
	assert_int_equal(d->class, 0x020000);
	assert_string_equal(d->group, "7");
	assert_string_equal(d->parent, "");
	assert_true(d->slot_can_power);
	assert_true(d->can_remove);
	assert_false(d->can_reset);
	assert_false(facts.devices[1].slot_can_power);
	assert_int_equal(facts.n_uses, 1);
	assert_string_equal(facts.uses[0].at, "/a b");
	assert_string_equal(facts.uses[0].via, "");
	assert_int_equal(facts.n_unknowns, 1);
	assert_string_equal(facts.unknowns[0].bdf, "");
	facts_done(&facts);
}

static void endless_facts_are_damaged(void **state)
{
	struct facts facts = { 0 };
	unsigned int n = 0;

	(void)state;
	add(&facts, SYSTEM " iommufd=yes qemu=-", 0);
	while (n < 2 * FACTS_LINES_MAX &&
	       facts_add(&facts,
			 TEXT("fact=unknown bdf=- rule=swap what=x why=EACCES")) == 0)
		n++;
	assert_int_equal(n, FACTS_LINES_MAX - 1);
	assert_true(facts.damaged);
	facts_done(&facts);
}

/* One damaged line, and there is no end any more. */
static void damaged(void **state)
{
	static const char *const wrong[] = {
		"fact=device bdf=0000:00:05 " DEVICE,
		"fact=device bdf=- " DEVICE,
		"fact=device " DEVICE,
		"fact=device bdf=0000:00:05.0 class=0x020000 driver=- group=7 bridge=0",
		"fact=device bdf=0000:00:05.0 class=x driver=- group=- bridge=0 parent=- "
		"sriov_total=0 sriov_num=0 physfn=- vfio_open=-",
		"fact=device bdf=0000:00:04.0 " DEVICE, /* twice */
		"fact=use bdf=- why=mount",
		"fact=unknown rule=swap",
		"fact=other bdf=0000:00:05.0",
		"fact=system kernel=6.1 cpus=many",
		"fact=end lines=1",
		"fact=end",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct facts facts = { 0 };

		add(&facts, SYSTEM, 0);
		add(&facts, "fact=device bdf=0000:00:04.0 " DEVICE, 0);
		add(&facts, wrong[i], -EBADMSG);
		add(&facts, "fact=end lines=2", -EBADMSG);
		assert_false(facts.complete);
		facts_done(&facts);
	}
}

static void hostile(void **state)
{
	struct facts facts = { 0 };
	char *line = xcalloc(4096, 1);

	(void)state;
	add(&facts, "error=sysfs why=\"no \033[31mway\"", 0);
	assert_string_equal(facts.error, "no way");
	add(&facts, SYSTEM " hint=\"\033]0;x\a\xff\"", 0);
	assert_string_equal(facts.system.hint, "\xef\xbf\xbd");
	/* A list that guards read must not be cut. */
	strcpy(line, "fact=device bdf=0000:00:05.0 class=1 driver=- group=- bridge=0 "
		     "parent=- sriov_total=0 sriov_num=0 physfn=- vfio_open=");
	memset(line + strlen(line), '1', 300);
	add(&facts, line, -EBADMSG);
	free(line);
	facts_done(&facts);
}

/* -- words of users ----------------------------------------------------------------------- */

static struct facts four;

static int four_setup(void **state)
{
	(void)state;
	add(&four, SYSTEM, 0);
	add(&four, "fact=device bdf=0000:00:05.0 id=8086:10d3 net=eth0 " DEVICE, 0);
	add(&four,
	    "fact=device bdf=0000:00:05.1 id=8086:10d3 net=eth1,eth10 block=sda,sdb " DEVICE,
	    0);
	add(&four, "fact=device bdf=0001:00:05.0 id=1af4:1041 " DEVICE, 0);
	add(&four,
	    "fact=device bdf=10000:e1:00.0 id=8086:0a54 class=0x010802 driver=- "
	    "group=- bridge=0 parent=- sriov_total=0 sriov_num=0 physfn=- "
	    "vfio_open=-",
	    0);
	add(&four, "fact=end lines=5", 0);
	return 0;
}

static int four_teardown(void **state)
{
	(void)state;
	facts_done(&four);
	return 0;
}

static void chooses(const char *word, const char *bdfs)
{
	struct facts_chosen chosen = { 0 };
	_cleanup_strbuf_ struct strbuf all = { 0 };
	char *why = NULL;

	if (facts_choose(&four, word, &chosen, &why) < 0)
		fail_msg("%s: %s", word, why);
	for (size_t i = 0; i < chosen.n; i++)
		strbuf_addf(&all, "%s%s", i ? " " : "",
			    four.devices[chosen.devices[i]].bdf);
	assert_string_equal(all.s, bdfs);
	facts_chosen_done(&chosen);
}

static void refuses(const char *word, int expected, const char *sentence)
{
	struct facts_chosen chosen = { 0 };
	char *why = NULL;

	assert_int_equal(facts_choose(&four, word, &chosen, &why), expected);
	assert_string_equal(why, sentence);
	assert_int_equal(chosen.n, 0);
	free(why);
}

static void words(void **state)
{
	struct facts_chosen chosen = { 0 };
	char *why = NULL;

	(void)state;
	chooses("0000:00:05.0", "0000:00:05.0");
	chooses("00:05.1", "0000:00:05.1");
	chooses("10000:E1:00.0", "10000:e1:00.0");
	chooses("1AF4:1041", "0001:00:05.0");
	chooses("eth1", "0000:00:05.1");
	chooses("eth10", "0000:00:05.1");
	chooses("sdb", "0000:00:05.1");
	chooses("group:7", "0000:00:05.0 0000:00:05.1 0001:00:05.0");
	/* Named twice is named once. */
	assert_int_equal(facts_choose(&four, "eth0", &chosen, &why), 0);
	assert_int_equal(facts_choose(&four, "group:7", &chosen, &why), 0);
	assert_int_equal(chosen.n, 3);
	facts_chosen_done(&chosen);
}

#define SEE "; `iommu-stress list` shows what there is"

static void words_for_nothing(void **state)
{
	(void)state;
	refuses("8086:10d3", -ENOTUNIQ,
		"'8086:10d3' is 2 devices, name one by its address: 0000:00:05.0, "
		"0000:00:05.1");
	refuses("00:06.0", -ENOENT, "there is no PCI device 0000:00:06.0" SEE);
	refuses("8086:ffff", -ENOENT, "there is no PCI device with the id 8086:ffff" SEE);
	refuses("group:8", -ENOENT, "there is no PCI device in IOMMU group '8'" SEE);
	refuses("group:", -ENOENT, "there is no PCI device in IOMMU group ''" SEE);
	refuses("eth", -ENOENT,
		"there is no PCI device with the network interface or disk 'eth'" SEE);
	refuses("eth1,eth10", -ENOENT,
		"there is no PCI device with the network interface or disk 'eth1,eth10'" SEE);
	refuses("00:05.8", -ENOENT,
		"there is no PCI device with the network interface or disk '00:05.8'" SEE);
	refuses("0000:00:05.00", -ENOENT,
		"there is no PCI device with the network interface or disk '0000:00:05.00'" SEE);
	refuses("\033[31m", -ENOENT,
		"there is no PCI device with the network interface or disk ''" SEE);
	refuses("", -EINVAL,
		"a device is missing: an address such as 0000:00:05.0, vendor:device, a "
		"network interface, a disk or group:N");
}

/* -- a tree ------------------------------------------------------------------------------- */

static void machine(void **state)
{
	struct facts facts;

	(void)state;
	tree_file("/lib/modules/6.1.0-test/modules.dep",
		  "kernel/drivers/vfio/pci/vfio-pci.ko: kernel/drivers/vfio/vfio.ko\n");
	tree_file("/lib/modules/6.1.0-test/modules.builtin",
		  "kernel/drivers/iommu/iommufd/iommufd.ko\n");
	tree_file("/usr/libexec/qemu-kvm", "");
	tree_pci("0000:00:01.0", NULL, "0x020000\n");
	tree_iommu("0000:00:01.0", "dmar0");
	assert_int_equal(tree_facts(NULL, &facts), 0);
	assert_string_equal(facts.system.kernel, "6.1.0-test");
	assert_int_equal(facts.system.cpus, 4);
	assert_int_equal(facts.system.vfio, FACTS_MODULE);
	assert_int_equal(facts.system.iommufd, FACTS_YES);
	assert_true(facts.system.iommu);
	assert_string_equal(facts.system.cmdline_iommu, "intel_iommu=on iommu=pt");
	assert_non_null(strstr(facts.system.qemu, "/usr/libexec/qemu-kvm"));
	assert_string_equal(facts.system.peer, "");
	assert_string_equal(facts.system.hint, "no VFIO yet: modprobe vfio-pci");
	facts_done(&facts);
}

static void hints(void **state)
{
	struct facts facts;

	(void)state;
	tree_file("/sys/firmware/acpi/tables/DMAR", "");
	assert_int_equal(tree_facts("peer=192.0.2.1", &facts), 0);
	assert_int_equal(facts.n_devices, 0);
	assert_int_equal(facts.system.vfio, FACTS_NO);
	assert_false(facts.system.iommu);
	assert_string_equal(facts.system.hint, "IOMMU off: boot with intel_iommu=on; "
					       "no VFIO: CONFIG_VFIO_PCI");
	assert_string_equal(facts.system.peer, "192.0.2.1");
	facts_done(&facts);
}

static void device(void **state)
{
	const struct device_facts *d;
	struct facts facts;

	(void)state;
	tree_pci("0000:00:01.0", NULL, "0x060400\n");
	tree_attribute("0000:00:01.0", "reset_subordinate", "");
	tree_pci("0000:01:00.0", "0000:00:01.0", "0x020000\n");
	tree_attribute("0000:01:00.0", "driver_override", "vfio-pci\n");
	tree_attribute("0000:01:00.0", "reset", "");
	tree_attribute("0000:01:00.0", "sriov_totalvfs", "8\n");
	tree_attribute("0000:01:00.0", "sriov_numvfs", "0\n");
	tree_attribute("0000:01:00.0", "sriov_drivers_autoprobe", "1\n");
	tree_attribute("0000:01:00.0", "vfio-dev/vfio3/dev", "511:3\n");
	tree_driver("0000:01:00.0", "vfio-pci");
	tree_group("0000:01:00.0", 12);
	tree_iommu("0000:01:00.0", "smmu3.0x0000000009050000");
	tree_net("0000:01:00.0", "eth0");
	tree_disk("0000:01:00.0", "nvme0n1", "259:0");
	tree_partition("nvme0n1", "nvme0n1p1", "259:1");
	tree_file("/sys/bus/pci/slots/2/address", "0000:01:00\n");
	tree_file("/sys/bus/pci/slots/2/power", "1\n");
	assert_int_equal(tree_facts(NULL, &facts), 0);
	assert_int_equal(facts.n_devices, 2);
	d = &facts.devices[1];
	assert_string_equal(d->bdf, "0000:01:00.0");
	assert_string_equal(d->id, "8086:10d3");
	assert_string_equal(d->driver, "vfio-pci");
	assert_string_equal(d->override, "vfio-pci");
	assert_string_equal(d->group, "12");
	assert_string_equal(d->domain_type, "DMA");
	assert_string_equal(d->iommu, "smmu3.0x0000000009050000");
	assert_string_equal(d->parent, "0000:00:01.0");
	assert_string_equal(d->slot, "2");
	assert_true(d->slot_can_power);
	assert_true(d->can_remove && d->can_rescan && d->can_reset && d->autoprobe);
	assert_false(d->is_bridge || d->can_reset_subordinate);
	assert_int_equal(d->sriov_total, 8);
	assert_string_equal(d->net, "eth0");
	assert_string_equal(d->block, "nvme0n1");
	assert_string_equal(d->cdev, "vfio3");
	d = &facts.devices[0];
	assert_true(d->is_bridge && d->can_reset_subordinate);
	assert_string_equal(d->driver, "");
	assert_string_equal(d->override, "");
	assert_string_equal(d->group, "");
	assert_string_equal(d->net, "");
	facts_done(&facts);
}

/* -- the worker --------------------------------------------------------------------------- */

static void worker(void **state)
{
	struct facts facts;
	char *path = NULL;

	(void)state;
	assert_int_equal(worker_find(worker_own_arch(), &path), 0);
	assert_non_null(strstr(path, "/tests/iommu-stress-worker"));
	free(path);
	/* Of no architecture that there is. */
	assert_int_equal(worker_find("m68k", &path), -ENOENT);
	assert_int_equal(setenv("IOMMU_STRESS_WORKER", "/proc/self/exe", 1), 0);
	assert_int_equal(worker_find("s390x", &path), -ENOEXEC);
	assert_int_equal(worker_find(worker_own_arch(), &path), 0);
	free(path);
	assert_int_equal(setenv("IOMMU_STRESS_WORKER", "/nowhere", 1), 0);
	assert_int_equal(tree_facts(NULL, &facts), -ENOENT);
	/* A program that is no worker says no facts. */
	assert_int_equal(setenv("IOMMU_STRESS_WORKER", "/bin/true", 1), 0);
	assert_int_equal(tree_facts(NULL, &facts), -EBADMSG);
	assert_int_equal(setenv("IOMMU_STRESS_WORKER", "/bin/false", 1), 0);
	assert_int_equal(tree_facts(NULL, &facts), -EIO);
	assert_int_equal(unsetenv("IOMMU_STRESS_WORKER"), 0);
	assert_int_equal(tree_facts("device=00:1f.0", &facts), -EIO);
	assert_int_equal(target_facts("nowhere", NULL, &facts), -ENOENT);
}

#define TREE(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
#define FOUR(f) cmocka_unit_test_setup_teardown(f, four_setup, four_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(endless_facts_are_damaged),
		cmocka_unit_test(damaged),
		cmocka_unit_test(hostile),
		FOUR(words),
		FOUR(words_for_nothing),
		TREE(machine),
		TREE(hints),
		TREE(device),
		TREE(worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
