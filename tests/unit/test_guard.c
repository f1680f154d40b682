// SPDX-License-Identifier: GPL-2.0-or-later
/* Guards, from a machine's files to the sentence: each with one that triggers it and not. */
#include "device/guard.h"

#include "sysfs_tree.h"

#define NVME      "0000:01:00.0"
#define NIC       "0000:02:00.0"
#define OTHER     "0000:03:00.0"
#define MOUNTED   ": refused; --allow-mounted overrides"
#define SWAP      ": refused; --allow-swap overrides"
#define ROUTE     ": refused; --allow-route overrides"
#define WORD_PEER "peer=192.0.2.1"

/* A disk, two network devices, each alone in its group. */
static int setup(void **state)
{
	static const char *const bdfs[] = { NVME, NIC, OTHER };

	if (tree_setup(state) < 0)
		return -1;
	tree_pci(NVME, NULL, "0x010802\n");
	tree_driver(NVME, "nvme");
	tree_disk(NVME, "nvme0n1", "259:0");
	tree_partition("nvme0n1", "nvme0n1p1", "259:1");
	tree_partition("nvme0n1", "nvme0n1p2", "259:2");
	tree_pci(NIC, NULL, "0x020000\n");
	tree_driver(NIC, "e1000e");
	tree_net(NIC, "eth0");
	tree_pci(OTHER, NULL, "0x020000\n");
	tree_driver(OTHER, "igb");
	tree_net(OTHER, "eth1");
	for (unsigned int i = 0; i < ARRAY_SIZE(bdfs); i++)
		tree_group(bdfs[i], i + 1);
	return 0;
}

struct query {
	const char *devices; /* words with blanks between them */
	const char *word;    /* for the worker */
	unsigned int reach, allowed;
};

/* What the guards say, a line a refusal; caller frees. */
static char *ask(const struct query *query)
{
	_cleanup_free_ char *words = xstrdup(query->devices);
	struct facts_chosen chosen = { 0 };
	struct strbuf all = { 0 };
	struct guard_result result;
	struct facts facts;
	char *why;

	assert_int_equal(tree_facts(query->word, &facts), 0);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		assert_int_equal(facts_choose(&facts, word, &chosen, &why), 0);
	guard_check(&(struct guard_request){ .facts = &facts,
					     .named = &chosen,
					     .reach = query->reach,
					     .allowed = query->allowed },
		    &result);
	strbuf_addf(&all, "%s", "");
	for (size_t i = 0; i < result.n_refusals; i++) {
		strbuf_addf(&all, "%s%s", i ? "\n" : "", result.refusals[i].text);
		assert_true(result.refused || result.refusals[i].allowed);
	}
	guard_result_done(&result);
	facts_chosen_done(&chosen);
	facts_done(&facts);
	return all.s;
}

static void says_to(const struct query *query, const char *expected)
{
	_cleanup_free_ char *said = ask(query);

	assert_string_equal(said, expected);
}

static void says(const char *devices, const char *expected)
{
	says_to(&(struct query){ .devices = devices, .reach = GUARD_REACH_GROUP },
		expected);
}

static void nothing(void **state)
{
	(void)state;
	says(NVME, "");
	says(NIC, "");
	says(NVME " " NIC " " OTHER, "");
}

/* -- mounted -------------------------------------------------------------------------- */

static void partition(void **state)
{
	(void)state;
	tree_mount("259:2", "/", "ext4", "/dev/nvme0n1p2", "rw");
	tree_mount("259:2", "/again", "ext4", "/dev/nvme0n1p2", "rw");
	says(NVME, NVME " holds the filesystem mounted on / (nvme0n1p2)" MOUNTED);
	says(NIC, "");
	says_to(&(struct query){ .devices = NVME, .allowed = 1 << GUARD_MOUNTED },
		NVME " holds the filesystem mounted on / (nvme0n1p2): allowed by "
		     "--allow-mounted");
	/* The switch of another rule is none for this one. */
	says_to(&(struct query){ .devices = NVME, .allowed = ~(1u << GUARD_MOUNTED) },
		NVME " holds the filesystem mounted on / (nvme0n1p2)" MOUNTED);
}

static void crypt_on_lvm(void **state)
{
	(void)state;
	tree_virtual_disk("dm-0", "253:0");
	tree_virtual_disk("dm-1", "253:1");
	tree_slave("dm-0", "nvme0n1p2");
	tree_slave("dm-1", "dm-0");
	tree_mount("253:1", "/srv/with\\040blank", "ext4", "/dev/mapper/crypt", "rw");
	says(NVME, NVME " holds the filesystem mounted on /srv/with blank (nvme0n1p2 "
			"through dm-1, dm-0)" MOUNTED);
	says(NIC, "");
}

/* Both disks of a mirror, though one would do. */
static void raid1(void **state)
{
	(void)state;
	tree_disk(OTHER, "nvme1n1", "259:10");
	tree_virtual_disk("md0", "9:0");
	tree_partition("md0", "md0p1", "259:20");
	tree_slave("md0", "nvme0n1p1");
	tree_slave("md0", "nvme1n1");
	tree_mount("259:20", "/boot", "ext4", "/dev/md0p1", "rw");
	says(NVME, NVME " holds the filesystem mounted on /boot (nvme0n1p1 through "
			"md0p1)" MOUNTED);
	says(OTHER, OTHER " holds the filesystem mounted on /boot (nvme1n1 through "
			  "md0p1)" MOUNTED);
	says(NIC, "");
}

static void raid_not_mounted(void **state)
{
	(void)state;
	tree_virtual_disk("md0", "9:0");
	tree_slave("md0", "nvme0n1p1");
	says(NVME, NVME " holds nvme0n1p1, which md0 is made of" MOUNTED);
	says(NIC, "");
}

/* A disk that two devices lead to. */
static void tree_nvme_head(void)
{
	static const char subsystem[] =
		"/sys/devices/virtual/nvme-subsystem/nvme-subsys0";
	_cleanup_free_ char *head = xasprintf("%s/nvme1n1", subsystem),
			    *first = xasprintf("%s/nvme0", subsystem),
			    *second = xasprintf("%s/nvme1", subsystem);

	tree_disk_at(head, "nvme1n1", "259:30");
	tree_directory("/sys/devices/pci0000:00/" NIC "/nvme/nvme0");
	tree_directory("/sys/devices/pci0000:00/" OTHER "/nvme/nvme1");
	tree_link(first, "/sys/devices/pci0000:00/" NIC "/nvme/nvme0");
	tree_link(second, "/sys/devices/pci0000:00/" OTHER "/nvme/nvme1");
}

static void nvme_multipath(void **state)
{
	(void)state;
	tree_nvme_head();
	tree_mount("259:30", "/", "xfs", "/dev/nvme1n1", "rw");
	says(NIC,
	     NIC " holds the filesystem mounted on / (nvme0 through nvme1n1)" MOUNTED);
	says(OTHER,
	     OTHER " holds the filesystem mounted on / (nvme1 through nvme1n1)" MOUNTED);
	says(NVME, "");
}

static void bcache(void **state)
{
	(void)state;
	tree_disk(OTHER, "nvme1n1", "259:10");
	tree_virtual_disk("bcache0", "252:0");
	tree_slave("bcache0", "nvme0n1p1");
	tree_slave("bcache0", "nvme1n1");
	tree_mount("252:0", "/data", "ext4", "/dev/bcache0", "rw");
	says(NVME, NVME " holds the filesystem mounted on /data (nvme0n1p1 through "
			"bcache0)" MOUNTED);
	says(OTHER, OTHER " holds the filesystem mounted on /data (nvme1n1 through "
			  "bcache0)" MOUNTED);
}

static void loop_file(void **state)
{
	(void)state;
	tree_virtual_disk("loop0", "7:0");
	tree_file("/sys/class/block/loop0/loop/backing_file", "/images/a.img\n");
	tree_mount("259:2", "/images", "ext4", "/dev/nvme0n1p2", "rw");
	tree_mount("7:0", "/mnt", "ext4", "/dev/loop0", "rw");
	/* One reason is enough: the disk is the same. */
	says(NVME, NVME " holds the filesystem mounted on /images (nvme0n1p2)" MOUNTED);
	says(NIC, "");
}

static void btrfs(void **state)
{
	(void)state;
	tree_disk(OTHER, "nvme1n1", "259:10");
	tree_link("/sys/fs/btrfs/0-1/devices/nvme0n1p1", "/sys/class/block/nvme0n1p1");
	tree_link("/sys/fs/btrfs/0-1/devices/nvme1n1", "/sys/class/block/nvme1n1");
	tree_file("/dev/nvme0n1p1", "");
	tree_mount("0:35", "/home", "btrfs", "/dev/nvme0n1p1", "rw");
	says(NVME, NVME " holds the filesystem mounted on /home (nvme0n1p1)" MOUNTED);
	says(OTHER, OTHER " holds the filesystem mounted on /home (nvme1n1)" MOUNTED);
	says(NIC, "");
}

/* Mounted by a process that has mounts of its own. */
static void container(void **state)
{
	(void)state;
	tree_file("/proc/77/mountinfo",
		  "90 1 259:1 / /var/x rw - ext4 /dev/nvme0n1p1 rw\n");
	tree_link("/proc/77/ns/mnt", "/mnt:[4026532000]");
	says(NVME, NVME " holds the filesystem mounted on /var/x (nvme0n1p1)" MOUNTED);
}

static void nfs(void **state)
{
	(void)state;
	tree_add("/proc/net/route",
		 "eth1\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n");
	tree_mount("0:40", "/", "nfs4", "192.0.2.9:/root", "rw,addr=192.0.2.9,vers=4.2");
	says(OTHER,
	     OTHER " holds the filesystem mounted on / (eth1)" MOUNTED "\n" OTHER
		   " is the way to the controller by the default route (eth1)" ROUTE);
	says(NIC, "");
}

static void disks_unknown(void **state)
{
	(void)state;
	tree_mount("0:41", "/tank", "zfs", "tank", "rw");
	says(NVME,
	     NVME " may be a device that holds a mounted filesystem, or a disk that "
		  "something else is made of: tank could not be read (which disks a "
		  "ZFS pool has is not in /sys)" MOUNTED);
	says_to(&(struct query){ .devices = NVME, .allowed = 1 << GUARD_MOUNTED },
		NVME " may be a device that holds a mounted filesystem, or a disk that "
		     "something else is made of: tank could not be read (which disks a "
		     "ZFS pool has is not in /sys): allowed by --allow-mounted");
}

/* A disk of Ceph is no virtual one, and comes over the network. */
static void disk_of_ceph(void **state)
{
	(void)state;
	tree_disk_at("/sys/devices/rbd/0/block/rbd0", "rbd0", "251:0");
	tree_mount("251:0", "/srv", "ext4", "/dev/rbd0", "rw");
	says(NIC, NIC " may be a device that holds a mounted filesystem, or a disk that "
		      "something else is made of: rbd0 could not be read (what this disk "
		      "is made of is not known)" MOUNTED);
}

/* mount "" is a mount like any other. */
static void mount_of_nothing(void **state)
{
	(void)state;
	tree_add("/proc/self/mountinfo", "40 22 0:50 / /x rw,relatime - tmpfs  rw\n");
	says(NVME, "");
}

static void ring_of_disks(void **state)
{
	_cleanup_free_ char *said = NULL;

	(void)state;
	tree_virtual_disk("dm-0", "253:0");
	tree_virtual_disk("dm-1", "253:1");
	tree_slave("dm-0", "dm-1");
	tree_slave("dm-1", "dm-0");
	tree_mount("253:0", "/", "ext4", "/dev/dm-0", "rw");
	said = ask(&(struct query){ .devices = NVME });
	assert_non_null(strstr(said, "could not be read (disks upon disks without end)"));
}

static void no_mounts(void **state)
{
	_cleanup_free_ char *path = xasprintf("%s/proc/self/mountinfo", tree_root),
			    *said = NULL;

	(void)state;
	assert_int_equal(unlink(path), 0);
	said = ask(&(struct query){ .devices = NVME });
	assert_non_null(
		strstr(said, "/proc/self/mountinfo could not be read (ENOENT)" MOUNTED));
}

/* -- swap --------------------------------------------------------------------------------- */

static void swap_partition(void **state)
{
	(void)state;
	tree_file("/dev/nvme0n1p1", "");
	tree_add("/proc/swaps", "/dev/nvme0n1p1  partition\t1000\t0\t-2\n");
	says(NVME, NVME " holds the swap /dev/nvme0n1p1 (nvme0n1p1)" SWAP);
	says(NIC, "");
}

static void swap_crypt(void **state)
{
	(void)state;
	tree_virtual_disk("dm-3", "253:3");
	tree_slave("dm-3", "nvme0n1p2");
	tree_file("/dev/dm-3", "");
	tree_link("/dev/mapper/swap", "/dev/dm-3");
	tree_add("/proc/swaps", "/dev/mapper/swap partition\t1000\t0\t-2\n");
	says(NVME, NVME " holds the swap /dev/mapper/swap (nvme0n1p2 through dm-3)" SWAP);
}

static void swap_file(void **state)
{
	(void)state;
	tree_disk(OTHER, "nvme1n1", "259:10");
	tree_mount("259:2", "/", "ext4", "/dev/nvme0n1p2", "rw");
	tree_mount("259:10", "/var", "ext4", "/dev/nvme1n1", "rw");
	tree_add("/proc/swaps", "/var/swap\\040file  file\t1000\t0\t-2\n");
	says(NVME, NVME " holds the filesystem mounted on / (nvme0n1p2)" MOUNTED);
	says(OTHER, OTHER " holds the filesystem mounted on /var (nvme1n1)" MOUNTED
			  "\n" OTHER " holds the swap /var/swap file (nvme1n1)" SWAP);
}

/* In memory only, and with a disk behind. */
static void swap_zram(void **state)
{
	(void)state;
	tree_virtual_disk("zram0", "251:0");
	tree_file("/sys/class/block/zram0/backing_dev", "none\n");
	tree_file("/dev/zram0", "");
	tree_add("/proc/swaps", "/dev/zram0 partition\t1000\t0\t100\n");
	says(NVME, "");
	tree_file("/dev/nvme0n1p1", "");
	tree_file("/sys/class/block/zram0/backing_dev", "/dev/nvme0n1p1\n");
	says(NVME, NVME " holds the swap /dev/zram0 (nvme0n1p1 through zram0)" SWAP);
}

/* -- route -------------------------------------------------------------------------------- */

#define DEFAULT_BY(name) name "\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"

static void default_route(void **state)
{
	(void)state;
	tree_add("/proc/net/route", DEFAULT_BY("eth0"));
	says(NIC, NIC " is the way to the controller by the default route (eth0)" ROUTE);
	says(OTHER, "");
	says(NVME, "");
}

/* The controller is known: only its own way counts. */
static void peer(void **state)
{
	const char *line = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
				   "eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n" :
				   "eth1\tC0000200\t00000000\t0001\t0\t0\t0\tFFFFFF00\n";

	(void)state;
	tree_add("/proc/net/route", DEFAULT_BY("eth0"));
	tree_add("/proc/net/route", line);
	says_to(&(struct query){ .devices = NIC, .word = WORD_PEER }, "");
	says_to(&(struct query){ .devices = OTHER, .word = WORD_PEER },
		OTHER " is the way to the controller 192.0.2.1 (eth1)" ROUTE);
	says_to(&(struct query){ .devices = NIC, .word = "peer=198.51.100.7" },
		NIC " is the way to the controller 198.51.100.7 (eth0)" ROUTE);
	says_to(&(struct query){ .devices = NIC, .word = "peer=127.0.0.1" }, "");
	says_to(&(struct query){ .devices = NIC, .word = "peer=fe80::1%eth0" },
		NIC " is the way to the controller fe80::1%eth0 (eth0)" ROUTE);
}

static void peer_v6(void **state)
{
	(void)state;
	tree_file("/proc/net/ipv6_route",
		  "20010db8000000000000000000000000 40 "
		  "00000000000000000000000000000000 00 "
		  "00000000000000000000000000000000 00000100 00000001 00000000 00000001 "
		  "    eth1\n"
		  "00000000000000000000000000000000 00 "
		  "00000000000000000000000000000000 00 "
		  "fe800000000000000000000000000001 00000400 00000001 00000000 00000003 "
		  "    eth0\n"
		  "00000000000000000000000000000000 00 "
		  "00000000000000000000000000000000 00 "
		  "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 "
		  "      lo\n");
	says_to(&(struct query){ .devices = OTHER, .word = "peer=2001:db8::7" },
		OTHER " is the way to the controller 2001:db8::7 (eth1)" ROUTE);
	says_to(&(struct query){ .devices = NIC, .word = "peer=2001:db8::7" }, "");
	says_to(&(struct query){ .devices = NIC, .word = "peer=2001:db9::7" },
		NIC " is the way to the controller 2001:db9::7 (eth0)" ROUTE);
	says_to(&(struct query){ .devices = NIC },
		NIC " is the way to the controller by the default route (eth0)" ROUTE);
}

static void ssh_session(void **state)
{
	(void)state;
	tree_add("/proc/net/route", DEFAULT_BY("eth0"));
	/* The worker below sudo below a shell of ssh. */
	tree_file("/proc/self/stat", "50 (worker) S 49 50 50 0\n");
	tree_file("/proc/50/stat", "50 (worker) S 49 50 50 0\n");
	tree_file("/proc/49/stat", "49 (a ) S 1) S 48 50 50 0\n");
	tree_file("/proc/48/environ", "SSH_CONNECTION=198.51.100.9 4000 192.0.2.2 22");
	says(NIC, NIC " is the way to the controller 198.51.100.9 (eth0)" ROUTE);
	says(OTHER, "");
}

/* The controller is wherever the tunnel that ends here comes from. */
static void ssh_through_tunnel(void **state)
{
	static const char *const ends[] = { "127.0.0.1", "::1", "::ffff:127.0.0.1" };

	(void)state;
	tree_add("/proc/net/route", DEFAULT_BY("eth0"));
	tree_file("/proc/self/stat", "50 (worker) S 49 50 50 0\n");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		_cleanup_free_ char *environ =
			xasprintf("SSH_CONNECTION=%s 4000 127.0.0.1 22", ends[i]);

		tree_file("/proc/50/environ", environ);
		says(NIC, NIC " is the way to the controller by the default route "
			      "(eth0)" ROUTE);
		says(OTHER, "");
	}
}

/* No default route, no ssh: the controller may be behind any route that there is. */
static void on_link(void **state)
{
	(void)state;
	tree_add("/proc/net/route",
		 "eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n");
	says(OTHER, OTHER " is the way to the controller as far as is known "
			  "(eth1)" ROUTE);
	says(NIC, "");
	tree_add("/proc/net/route", DEFAULT_BY("eth0"));
	says(OTHER, "");
}

static void bond(void **state)
{
	(void)state;
	tree_net(NULL, "bond0");
	tree_lower("bond0", "eth0");
	tree_lower("bond0", "eth1");
	tree_add("/proc/net/route", DEFAULT_BY("bond0"));
	says(NIC, NIC " is the way to the controller by the default route (eth0 through "
		      "bond0)" ROUTE);
	says(OTHER, OTHER " is the way to the controller by the default route (eth1 "
			  "through bond0)" ROUTE);
	says(NVME, "");
}

static void vlan_on_bridge(void **state)
{
	(void)state;
	tree_net(NULL, "br0");
	tree_net(NULL, "br0.7");
	tree_lower("br0.7", "br0");
	tree_lower("br0", "eth1");
	tree_add("/proc/net/route", DEFAULT_BY("br0.7"));
	says(OTHER, OTHER " is the way to the controller by the default route (eth1 "
			  "through br0.7, br0)" ROUTE);
	says(NIC, "");
}

static void tunnel(void **state)
{
	static const char why[] =
		" may be the network interface on the way to the controller: wg0 could "
		"not be read (what this interface is made of is not known)" ROUTE;
	_cleanup_free_ char *nic = xasprintf("%s%s", NIC, why);

	(void)state;
	tree_net(NULL, "wg0");
	tree_add("/proc/net/route", DEFAULT_BY("wg0"));
	says(NIC, nic);
	says(NVME, "");
}

static void no_way(void **state)
{
	(void)state;
	says_to(&(struct query){ .devices = NIC, .word = WORD_PEER },
		NIC " may be the network interface on the way to the controller: "
		    "192.0.2.1 could not be read (no route leads there)" ROUTE);
	says_to(&(struct query){ .devices = NIC, .word = "peer=somewhere" },
		NIC " may be the network interface on the way to the controller: "
		    "somewhere could not be read (no address)" ROUTE);
	says_to(&(struct query){ .devices = NIC, .word = "peer=fe80::1" },
		NIC " may be the network interface on the way to the controller: "
		    "fe80::1 could not be read (an address of a link, which is not "
		    "named)" ROUTE);
}

/* -- what goes with it ------------------------------------------------------------------- */

static void bridge(void **state)
{
	(void)state;
	tree_pci("0000:00:1c.0", NULL, "0x060400\n");
	tree_pci("0000:00:1d.0", NULL, "0x060400\n");
	tree_pci("0000:05:00.0", "0000:00:1c.0", "0x060400\n");
	tree_pci("0000:06:00.0", "0000:05:00.0", "0x010802\n");
	tree_disk("0000:06:00.0", "nvme5n1", "259:50");
	tree_mount("259:50", "/", "ext4", "/dev/nvme5n1", "rw");
	says("0000:00:1c.0",
	     "0000:00:1c.0 is a bridge, all behind it would go: 0000:05:00.0, "
	     "0000:06:00.0: refused; --allow-bridge overrides\n"
	     "0000:05:00.0 (behind the bridge 0000:00:1c.0) is a bridge, all behind it "
	     "would go: 0000:06:00.0: refused; --allow-bridge overrides\n"
	     "0000:06:00.0 (behind the bridge 0000:05:00.0) holds the filesystem mounted "
	     "on / (nvme5n1)" MOUNTED);
	says("0000:00:1d.0", "0000:00:1d.0 is a bridge, nothing is behind it: refused; "
			     "--allow-bridge overrides");
	/* Not upwards. */
	says(NIC, "");
}

static void group(void **state)
{
	(void)state;
	tree_pci("0000:07:00.0", NULL, "0x020000\n");
	tree_pci("0000:07:00.1", NULL, "0x010802\n");
	tree_pci("0000:00:1c.0", NULL, "0x060400\n");
	tree_group("0000:07:00.0", 9);
	tree_group("0000:07:00.1", 9);
	tree_group("0000:00:1c.0", 9);
	tree_driver("0000:07:00.1", "nvme");
	tree_disk("0000:07:00.1", "nvme7n1", "259:70");
	says("0000:07:00.0", "0000:07:00.0 shares IOMMU group 9 with what was not named: "
			     "0000:07:00.1 (nvme): refused; --allow-group overrides");
	says("0000:07:00.0 0000:07:00.1", "");
	/* A plain unplug leaves the others alone. */
	says_to(&(struct query){ .devices = "0000:07:00.0" }, "");
	/* What the members hold counts like what it holds itself. */
	tree_mount("259:70", "/", "ext4", "/dev/nvme7n1", "rw");
	says_to(&(struct query){ .devices = "0000:07:00.0",
				 .reach = GUARD_REACH_GROUP,
				 .allowed = 1 << GUARD_GROUP },
		"0000:07:00.0 shares IOMMU group 9 with what was not named: 0000:07:00.1 "
		"(nvme): allowed by --allow-group\n"
		"0000:07:00.1 (in the IOMMU group of 0000:07:00.0) holds the filesystem "
		"mounted on / (nvme7n1)" MOUNTED);
}

static void vfs(void **state)
{
	(void)state;
	tree_attribute(OTHER, "sriov_totalvfs", "8\n");
	tree_attribute(OTHER, "sriov_numvfs", "2\n");
	tree_vf("0000:03:10.0", OTHER);
	tree_vf("0000:03:10.2", OTHER);
	/* There, but nobody uses them. */
	says(OTHER, "");
	tree_driver("0000:03:10.0", "vfio-pci");
	says(OTHER,
	     OTHER " has VFs in use: 0000:03:10.0 (vfio-pci): refused; --allow-vfs "
		   "overrides");
	says("0000:03:10.2", "");
	says_to(&(struct query){ .devices = "0000:03:10.2", .reach = GUARD_REACH_VFS },
		"0000:03:10.2 goes with all VFs of " OTHER
		", of which are in use: 0000:03:10.0 (vfio-pci): refused; --allow-vfs "
		"overrides");
	says_to(&(struct query){ .devices = "0000:03:10.0", .reach = GUARD_REACH_VFS },
		"");
	/* The interface of a VF goes with its PF. */
	tree_net("0000:03:10.2", "eth9");
	tree_add("/proc/net/route", DEFAULT_BY("eth9"));
	says_to(&(struct query){ .devices = OTHER, .allowed = 1 << GUARD_VFS },
		OTHER " has VFs in use: 0000:03:10.0 (vfio-pci): allowed by --allow-vfs\n"
		      "0000:03:10.2 (a VF of " OTHER
		      ") is the way to the controller by the default route (eth9)" ROUTE);
}

static void vfs_missing(void **state)
{
	(void)state;
	tree_attribute(OTHER, "sriov_numvfs", "2\n");
	tree_vf("0000:03:10.0", OTHER);
	says(OTHER, OTHER " has 2 VFs, but 1 were found, and how the others are used is "
			  "not known: refused; --allow-vfs overrides");
}

static void slot_and_bus(void **state)
{
	_cleanup_free_ char *said = NULL;

	(void)state;
	tree_pci("0000:00:1c.0", NULL, "0x060400\n");
	tree_pci("0000:08:00.0", "0000:00:1c.0", "0x020000\n");
	tree_pci("0000:08:00.1", "0000:00:1c.0", "0x010802\n");
	tree_disk("0000:08:00.1", "nvme8n1", "259:80");
	tree_mount("259:80", "/", "ext4", "/dev/nvme8n1", "rw");
	tree_file("/sys/bus/pci/slots/4/address", "0000:08:00\n");
	tree_file("/sys/bus/pci/slots/4/power", "1\n");
	says("0000:08:00.0", "");
	says_to(&(struct query){ .devices = "0000:08:00.0", .reach = GUARD_REACH_SLOT },
		"0000:08:00.1 (in the slot of 0000:08:00.0) holds the filesystem mounted "
		"on / (nvme8n1)" MOUNTED);
	says_to(&(struct query){ .devices = "0000:08:00.0", .reach = GUARD_REACH_BUS },
		"0000:08:00.1 (on the bus of 0000:08:00.0) holds the filesystem mounted "
		"on / (nvme8n1)" MOUNTED);
}

/* -- display, in use ---------------------------------------------------------------------- */

static void display(void **state)
{
	(void)state;
	tree_attribute(NIC, "boot_vga", "1\n");
	tree_attribute(OTHER, "boot_vga", "0\n");
	says(NIC, NIC " carries the console (boot_vga): refused; --allow-display "
		      "overrides");
	says(OTHER, "");
}

static void serial_port(void **state)
{
	(void)state;
	tree_file("/sys/class/tty/console/active", "tty0 ttyS0 ttyS4\n");
	tree_directory("/sys/devices/pnp0/00:00/00:00:0/00:00:0.0/tty/ttyS0");
	tree_link("/sys/class/tty/ttyS0",
		  "/sys/devices/pnp0/00:00/00:00:0/00:00:0.0/tty/ttyS0");
	tree_directory("/sys/devices/pci0000:00/" OTHER "/tty/ttyS4");
	tree_link("/sys/class/tty/ttyS4", "/sys/devices/pci0000:00/" OTHER "/tty/ttyS4");
	says(OTHER, OTHER " carries the console (ttyS4): refused; --allow-display "
			  "overrides");
	says(NIC, "");
}

/* An open file of a process: what it is, not what the tree has there. */
static void open_file(const char *pid, const char *target)
{
	_cleanup_free_ char *comm = xasprintf("/proc/%s/comm", pid),
			    *dir = xasprintf("/proc/%s/fd", pid),
			    *link = xasprintf("%s%s/20", tree_root, dir);

	tree_file(comm, "qemu-system-x86\n");
	tree_directory(dir);
	assert_int_equal(symlink(target, link), 0);
}

#define IN_USE ": refused; --allow-in-use overrides"

static void group_open(void **state)
{
	(void)state;
	open_file("1234", "/dev/vfio/2");
	says(NIC, NIC " is held by process 1234 (qemu-system-x86) (/dev/vfio/2)" IN_USE);
	says(OTHER, "");
}

static void cdev_open(void **state)
{
	(void)state;
	tree_attribute(NIC, "vfio-dev/vfio0/dev", "511:0\n");
	open_file("1234", "/dev/vfio/devices/vfio0");
	says(NIC, NIC " is held by process 1234 (qemu-system-x86) "
		      "(/dev/vfio/devices/vfio0)" IN_USE);
	says(OTHER, "");
}

/* The group's file was closed, the device's is still open. */
static void device_open(void **state)
{
	(void)state;
	tree_pci("0000:09:00.0", NULL, "0x020000\n");
	tree_driver("0000:09:00.0", "vfio-pci");
	open_file("1234", "anon_inode:[vfio-device]");
	says(NIC, "");
	says("0000:09:00.0",
	     "0000:09:00.0 may be a device that another process holds: "
	     "which device a process holds through VFIO could not be read "
	     "(it has no file of a group open)" IN_USE);
	tree_file("/proc/1234/fdinfo/20",
		  "pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:00/0000:09:00.0\n");
	says("0000:09:00.0",
	     "0000:09:00.0 is held by process 1234 (qemu-system-x86) (its "
	     "VFIO device)" IN_USE);
}

static void disk_open(void **state)
{
	(void)state;
	open_file("99", "/dev/nvme0n1p1");
	says(NVME,
	     NVME " is held by process 99 (qemu-system-x86) (/dev/nvme0n1p1)" IN_USE);
	says(NIC, "");
}

/* Its paths are controllers, none of which has this disk. */
static void nvme_multipath_open(void **state)
{
	(void)state;
	tree_nvme_head();
	open_file("99", "/dev/nvme1n1");
	says(NIC, NIC " is held by process 99 (qemu-system-x86) (nvme0 through "
		      "nvme1n1)" IN_USE);
	says(OTHER, OTHER " is held by process 99 (qemu-system-x86) (nvme1 through "
			  "nvme1n1)" IN_USE);
	says(NVME, "");
}

/* A host adapter has more disks than a line has room for. */
static void disk_open_of_many(void **state)
{
	char name[16], number[16];

	(void)state;
	for (unsigned int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "disk%02u", i);
		snprintf(number, sizeof(number), "8:%u", i);
		tree_disk(OTHER, name, number);
	}
	open_file("99", "/dev/disk59");
	says(OTHER,
	     OTHER " is held by process 99 (qemu-system-x86) (/dev/disk59)" IN_USE);
}

/* -- facts that are none ------------------------------------------------------------------ */

static void no_facts(void **state)
{
	struct facts facts = { 0 };
	struct facts_chosen chosen = { 0 };
	struct guard_result result;

	(void)state;
	guard_check(&(struct guard_request){ .facts = &facts,
					     .named = &chosen,
					     .allowed = ~0u },
		    &result);
	assert_true(result.refused);
	assert_int_equal(result.n_refusals, 1);
	assert_string_equal(result.refusals[0].text, "what the target's devices are used "
						     "for is not known: refused");
	guard_result_done(&result);
}

/* Words that a newer worker might say. */
static void new_words(void **state)
{
	static const char *const lines[] = {
		"fact=system cpus=1",
		"fact=device bdf=0000:00:01.0 class=1 driver=- group=- bridge=0 parent=- "
		"sriov_total=0 sriov_num=0 physfn=- vfio_open=5",
		"fact=use bdf=0000:00:01.0 why=dpdk what=\"hugepages\" at=\"there\"",
		"fact=unknown bdf=- rule=moon what=it why=dark",
		"fact=end lines=4",
	};
	struct facts facts = { 0 };
	struct facts_chosen chosen = { 0 };
	struct guard_result result;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(facts_add(&facts, text_of(lines[i])), 0);
	facts_chosen_add(&chosen, 0);
	guard_check(&(struct guard_request){ .facts = &facts, .named = &chosen },
		    &result);
	assert_int_equal(result.n_refusals, 3);
	assert_string_equal(result.refusals[0].text,
			    "0000:00:01.0 is in use: dpdk there (hugepages)" IN_USE);
	assert_string_equal(result.refusals[1].text,
			    "0000:00:01.0 is held through VFIO by process 5" IN_USE);
	assert_string_equal(result.refusals[2].text, "0000:00:01.0 may be in use: it "
						     "could not be read (dark): refused");
	guard_result_done(&result);
	facts_chosen_done(&chosen);
	facts_done(&facts);
}

#define TREE(f) cmocka_unit_test_setup_teardown(f, setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE(nothing),
		TREE(partition),
		TREE(crypt_on_lvm),
		TREE(raid1),
		TREE(raid_not_mounted),
		TREE(nvme_multipath),
		TREE(bcache),
		TREE(loop_file),
		TREE(btrfs),
		TREE(container),
		TREE(nfs),
		TREE(disks_unknown),
		TREE(disk_of_ceph),
		TREE(mount_of_nothing),
		TREE(ring_of_disks),
		TREE(no_mounts),
		TREE(swap_partition),
		TREE(swap_crypt),
		TREE(swap_file),
		TREE(swap_zram),
		TREE(default_route),
		TREE(peer),
		TREE(peer_v6),
		TREE(on_link),
		TREE(ssh_session),
		TREE(ssh_through_tunnel),
		TREE(bond),
		TREE(vlan_on_bridge),
		TREE(tunnel),
		TREE(no_way),
		TREE(bridge),
		TREE(group),
		TREE(vfs),
		TREE(vfs_missing),
		TREE(slot_and_bus),
		TREE(display),
		TREE(serial_port),
		TREE(group_open),
		TREE(cdev_open),
		TREE(device_open),
		TREE(disk_open),
		TREE(disk_open_of_many),
		TREE(nvme_multipath_open),
		cmocka_unit_test(no_facts),
		cmocka_unit_test(new_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
