// SPDX-License-Identifier: GPL-2.0-or-later
/* Disks, and what they are made of: partitions, dm, md, NVMe multipath, bcache, loop. */
#include "facts.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

/* What the disk at `real` is made of. Returns how many. */
static int use_slaves(const struct facts_use *use, const char *real)
{
	_cleanup_names_ struct names slaves = { .list = NULL };
	char path[PATH_MAX + 16];
	const char *slave;

	snprintf(path, sizeof(path), "%s/slaves", real);
	slaves = names_read(path);
	while ((slave = names_next(&slaves)))
		facts_follow(use, FACTS_BLOCK, slave);
	return slaves.n < 0 ? 0 : slaves.n;
}

/* traddr of "traddr=192.0.2.1,trsvcid=4420,..." */
static void use_fabric(const struct facts_use *use, const char *controller,
		       const char *name)
{
	char address[256], *at, path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/address", controller);
	file_read(path, address, sizeof(address));
	at = strstr(address, "traddr=");
	if (!at) {
		facts_use_unknown(use, name, "the way to this NVMe controller");
		return;
	}
	at += strlen("traddr=");
	at[strcspn(at, ",")] = '\0';
	facts_follow(use, FACTS_ADDRESS, at);
}

/*
 * The head of an NVMe multipath disk is a child of its subsystem, which has a link to each
 * controller (drivers/nvme/host/core.c). Returns how many there are.
 */
static int use_nvme_head(const struct facts_use *use, const char *subsystem,
			 const char *name)
{
	struct facts_use below = facts_use_below(use, name);
	_cleanup_names_ struct names entries = names_read(subsystem);
	char path[PATH_MAX + 300], real[PATH_MAX];
	const char *entry;
	struct bdf bdf;
	int found = 0;

	while ((entry = names_next(&entries))) {
		unsigned int number;
		int end = 0;

		if (sscanf(entry, "nvme%u%n", &number, &end) != 1 || entry[end])
			continue;
		snprintf(path, sizeof(path), "%s/%s", subsystem, entry);
		if (facts_pci_of(path, &bdf, real))
			facts_tell_use(&bdf, &below, entry);
		else
			use_fabric(&below, path, entry);
		found++;
	}
	return found;
}

/* Cuts the last part off a path. */
static void path_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

static bool use_loop(const struct facts_use *use, const char *real)
{
	char path[PATH_MAX + 32], file[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/loop/backing_file", real);
	if (file_read(path, file, sizeof(file)) <= 0)
		return false;
	facts_follow(use, FACTS_FILE, file);
	return true;
}

/* zram keeps what it must not in a disk. */
static bool use_zram(const struct facts_use *use, const char *real, const char *name)
{
	char path[PATH_MAX + 32], node[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/backing_dev", real);
	if (file_read(path, node, sizeof(node)) > 0 && strcmp(node, "none") != 0)
		facts_follow(use, FACTS_NODE, node);
	return !strncmp(name, "zram", 4) || !strncmp(name, "ram", 3);
}

/* iSCSI without help from a card: .../session1/target0:0:0/... */
static bool use_iscsi(const struct facts_use *use, const char *real, const char *name)
{
	const char *session = strstr(real, "/session");
	char address[128];
	int number;

	if (!session || sscanf(session, "/session%d/", &number) != 1)
		return false;
	if (file_read(path_make("/sys/class/iscsi_connection/connection%d:0/address",
				number)
			      .s,
		      address, sizeof(address)) > 0)
		facts_follow(use, FACTS_ADDRESS, address);
	else
		facts_use_unknown(use, name, "the way of its iSCSI session");
	return true;
}

/* The disk at `real` is no PCI device's. */
static void use_stacked(const struct facts_use *use, char *real, const char *name)
{
	struct facts_use below = facts_use_below(use, name);
	char path[PATH_MAX + 16], *fabric;

	snprintf(path, sizeof(path), "%s/partition", real);
	if (path_exists(path))
		path_up(real);
	if (use_slaves(&below, real) || use_loop(&below, real) ||
	    use_zram(&below, real, name) || use_iscsi(&below, real, name))
		return;
	fabric = strstr(real, "/nvme-fabrics/ctl/nvme");
	snprintf(path, sizeof(path), "%s", real);
	path_up(path);
	if (strstr(real, "/nvme-subsystem/")) {
		if (!use_nvme_head(use, path, name))
			facts_use_unknown(use, name,
					  "no controller of its NVMe subsystem");
	} else if (fabric) {
		use_fabric(use, path, name);
	} else if (strstr(real, "/devices/virtual/") || strstr(real, "/devices/rbd/")) {
		facts_use_unknown(use, name, "what this disk is made of is not known");
	}
	/* Else a disk on the board itself, without PCI. */
}

void facts_down_block(const struct facts_use *use, const char *name)
{
	struct path path = path_make("/sys/class/block/%s", name);
	char real[PATH_MAX];
	struct bdf bdf;

	if (facts_pci_of(path.s, &bdf, real))
		facts_tell_use(&bdf, use, name);
	else if (realpath(path.s, real))
		use_stacked(use, real, name);
	else
		facts_use_unknown(use, name, "not in /sys/class/block");
}

void facts_down_number(const struct facts_use *use, const char *number)
{
	char name[64];

	if (link_name(path_make("/sys/dev/block/%s", number).s, name, sizeof(name)) < 0) {
		snprintf(name, sizeof(name), "block device %s", number);
		facts_use_unknown(use, name, "not in /sys/dev/block");
		return;
	}
	facts_down_block(use, name);
}

void facts_down_node(const struct facts_use *use, const char *node)
{
	char real[PATH_MAX], *name;
	struct stat st;

	if (!realpath(path_make("%s", node).s, real))
		snprintf(real, sizeof(real), "%s", node);
	if (stat(real, &st) == 0 && S_ISBLK(st.st_mode)) {
		snprintf(real, sizeof(real), "%u:%u", major(st.st_rdev),
			 minor(st.st_rdev));
		facts_down_number(use, real);
		return;
	}
	name = strstr(real, "/dev/");
	if (!name || strlen(name) < 6) {
		facts_use_unknown(use, node, "no device node");
		return;
	}
	name += strlen("/dev/");
	/* As sysfs writes names of disks (cciss!c0d0). */
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '!';
	facts_down_block(use, name);
}

void facts_held(void)
{
	_cleanup_names_ struct names disks = names_read(path_make("/sys/class/block").s);
	const char *disk, *holder;

	while ((disk = names_next(&disks))) {
		_cleanup_names_ struct names holders =
			names_read(path_make("/sys/class/block/%s/holders", disk).s);
		struct facts_use use = { .why = "held", .rule = "mounted" };

		holder = names_next(&holders);
		if (!holder)
			continue;
		snprintf(use.at, sizeof(use.at), "%.200s", holder);
		facts_follow(&use, FACTS_BLOCK, disk);
	}
}
