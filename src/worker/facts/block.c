// SPDX-License-Identifier: GPL-2.0-or-later
/* Disks, and what they are made of: partitions, dm, md, NVMe multipath, bcache, loop. */
#include "facts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Sorted names in a directory, without those that begin with a dot; -1: there is none. */
static int list_directory(const char *path, struct dirent ***entries)
{
	return scandir(path, entries, no_dots, alphasort);
}

/* What the disk at `real` is made of. Returns how many. */
static int use_slaves(const struct facts_use *use, const char *real, const char *name)
{
	struct facts_use below = facts_use_below(use, name);
	char path[PATH_MAX + 16];
	struct dirent **entries;
	int n;

	snprintf(path, sizeof(path), "%s/slaves", real);
	n = list_directory(path, &entries);
	for (int i = 0; i < n; i++) {
		facts_use_block(&below, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return n < 0 ? 0 : n;
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
	facts_use_address(use, at);
}

/*
 * The head of an NVMe multipath disk is a child of its subsystem, which has a link to each
 * controller (drivers/nvme/host/core.c). Returns how many there are.
 */
static int use_nvme_head(const struct facts_use *use, const char *subsystem,
			 const char *name)
{
	struct facts_use below = facts_use_below(use, name);
	char path[PATH_MAX + 300], real[PATH_MAX];
	struct dirent **entries;
	struct bdf bdf;
	int found = 0, n = list_directory(subsystem, &entries);

	for (int i = 0; i < n; i++) {
		unsigned int number;
		int end = 0;

		snprintf(path, sizeof(path), "%s/%s", subsystem, entries[i]->d_name);
		if (sscanf(entries[i]->d_name, "nvme%u%n", &number, &end) == 1 &&
		    !entries[i]->d_name[end]) {
			if (facts_pci_of(path, &bdf, real))
				facts_tell_use(&bdf, &below, entries[i]->d_name);
			else
				use_fabric(&below, path, entries[i]->d_name);
			found++;
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return found;
}

/* Cuts the last part off a path. */
static void path_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

static bool use_loop(const struct facts_use *use, const char *real, const char *name)
{
	struct facts_use below = facts_use_below(use, name);
	char path[PATH_MAX + 32], file[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/loop/backing_file", real);
	if (file_read(path, file, sizeof(file)) <= 0)
		return false;
	facts_use_file(&below, file);
	return true;
}

/* zram keeps what it must not in a disk. */
static bool use_zram(const struct facts_use *use, const char *real, const char *name)
{
	struct facts_use below = facts_use_below(use, name);
	char path[PATH_MAX + 32], node[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/backing_dev", real);
	if (file_read(path, node, sizeof(node)) > 0 && strcmp(node, "none") != 0)
		facts_use_node(&below, node);
	return !strncmp(name, "zram", 4) || !strncmp(name, "ram", 3);
}

/* iSCSI without help from a card: .../session1/target0:0:0/... */
static bool use_iscsi(const struct facts_use *use, const char *real, const char *name)
{
	struct facts_use below = facts_use_below(use, name);
	const char *session = strstr(real, "/session");
	char address[128];
	int number;

	if (!session || sscanf(session, "/session%d/", &number) != 1)
		return false;
	if (file_read(path_make("/sys/class/iscsi_connection/connection%d:0/address",
				number)
			      .s,
		      address, sizeof(address)) > 0)
		facts_use_address(&below, address);
	else
		facts_use_unknown(&below, name, "the way of its iSCSI session");
	return true;
}

/* The disk at `real` is no PCI device's. */
static void use_stacked(const struct facts_use *use, char *real, const char *name)
{
	char path[PATH_MAX + 16], *fabric;

	snprintf(path, sizeof(path), "%s/partition", real);
	if (path_exists(path))
		path_up(real);
	if (use_slaves(use, real, name) || use_loop(use, real, name) ||
	    use_zram(use, real, name) || use_iscsi(use, real, name))
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

void facts_use_block(const struct facts_use *use, const char *name)
{
	char real[PATH_MAX];
	struct bdf bdf;

	if (use->depth > FACTS_DEPTH_MAX)
		facts_use_unknown(use, name, "disks upon disks without end");
	else if (facts_pci_of(path_make("/sys/class/block/%s", name).s, &bdf, real))
		facts_tell_use(&bdf, use, name);
	else if (realpath(path_make("/sys/class/block/%s", name).s, real))
		use_stacked(use, real, name);
	else
		facts_use_unknown(use, name, "not in /sys/class/block");
}

void facts_use_number(const struct facts_use *use, unsigned int major, unsigned int minor)
{
	char name[64];
	struct path path = path_make("/sys/dev/block/%u:%u", major, minor);

	if (link_name(path.s, name, sizeof(name)) < 0) {
		snprintf(name, sizeof(name), "block device %u:%u", major, minor);
		facts_use_unknown(use, name, "not in /sys/dev/block");
		return;
	}
	facts_use_block(use, name);
}

void facts_use_node(const struct facts_use *use, const char *node)
{
	char real[PATH_MAX], *name;
	struct stat st;

	if (!realpath(path_make("%s", node).s, real))
		snprintf(real, sizeof(real), "%s", node);
	if (stat(real, &st) == 0 && S_ISBLK(st.st_mode)) {
		facts_use_number(use, major(st.st_rdev), minor(st.st_rdev));
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
	facts_use_block(use, name);
}

/* The first of what is made of this disk; false: nothing. */
static bool first_holder(const char *name, char *holder, size_t size)
{
	struct dirent **entries;
	struct path path = path_make("/sys/class/block/%s/holders", name);
	int n = list_directory(path.s, &entries);

	if (n < 0)
		return false;
	if (n > 0)
		snprintf(holder, size, "%s", entries[0]->d_name);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return n > 0;
}

void facts_held(void)
{
	struct dirent **disks;
	char holder[256];
	struct facts_use use = { .why = "held", .rule = "mounted", .at = holder };
	int n = list_directory(path_make("/sys/class/block").s, &disks);

	for (int i = 0; i < n; i++) {
		if (first_holder(disks[i]->d_name, holder, sizeof(holder)))
			facts_use_block(&use, disks[i]->d_name);
		free(disks[i]);
	}
	if (n >= 0)
		free(disks);
}
