/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine for each test: /sys, /proc and /dev in a directory of its own. */
#pragma once

#include "base/mem.h"
#include "board/target.h"
#include "device/facts.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char tree_root[64];

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
				  struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Makes the directories above path, which is changed meanwhile. */
static inline void tree_make_above(char *path)
{
	for (char *c = path + 1; *c; c++) {
		if (*c != '/')
			continue;
		*c = '\0';
		mkdir(path, 0777);
		*c = '/';
	}
}

static inline void tree_file(const char *path, const char *content)
{
	_cleanup_free_ char *real = xasprintf("%s%s", tree_root, path);
	FILE *stream;

	tree_make_above(real);
	stream = fopen(real, "we");
	assert_non_null(stream);
	assert_true(fputs(content, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

static inline void tree_add(const char *path, const char *content)
{
	_cleanup_free_ char *real = xasprintf("%s%s", tree_root, path);
	FILE *stream = fopen(real, "ae");

	assert_non_null(stream);
	assert_true(fputs(content, stream) >= 0);
	assert_int_equal(fclose(stream), 0);
}

static inline void tree_directory(const char *path)
{
	_cleanup_free_ char *real = xasprintf("%s%s/", tree_root, path);

	tree_make_above(real);
}

/* Both are paths in the tree. */
static inline void tree_link(const char *path, const char *to)
{
	_cleanup_free_ char *real = xasprintf("%s%s", tree_root, path),
			    *target = xasprintf("%s%s", tree_root, to);

	tree_make_above(real);
	assert_int_equal(symlink(target, real), 0);
}

/* Where a link of the tree leads, as a path in the tree; caller frees. */
static inline char *tree_where(const char *path)
{
	_cleanup_free_ char *real = xasprintf("%s%s", tree_root, path);
	char target[PATH_MAX];

	assert_non_null(realpath(real, target));
	return xstrdup(target + strlen(tree_root));
}

/* A machine without devices, mounts or routes. */
static inline int tree_setup(void **state)
{
	(void)state;
	strcpy(tree_root, "/tmp/test_tree.XXXXXX");
	if (!mkdtemp(tree_root))
		return -1;
	tree_directory("/sys/bus/pci/devices");
	tree_directory("/sys/class/net");
	tree_directory("/sys/class/block");
	tree_file("/sys/bus/pci/rescan", "");
	tree_file("/sys/devices/system/cpu/online", "0-3\n");
	tree_file("/proc/sys/kernel/osrelease", "6.1.0-test\n");
	tree_file("/proc/cmdline", "root=/dev/sda1 intel_iommu=on quiet iommu=pt\n");
	tree_file("/proc/self/mountinfo",
		  "22 1 0:21 / /proc rw,nosuid shared:1 - proc proc rw\n"
		  "23 1 0:22 / /run rw - tmpfs tmpfs rw\n");
	tree_file("/proc/swaps", "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n");
	tree_file("/proc/net/route",
		  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU"
		  "\tWindow\tIRTT\n");
	return 0;
}

static inline int tree_teardown(void **state)
{
	(void)state;
	return nftw(tree_root, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* An attribute of a device. */
static inline void tree_attribute(const char *bdf, const char *name, const char *content)
{
	_cleanup_free_ char *path = xasprintf("/sys/bus/pci/devices/%s/%s", bdf, name);

	tree_file(path, content);
}

/* bridge: the one above, or NULL. */
static inline void tree_pci(const char *bdf, const char *bridge, const char *class)
{
	_cleanup_free_ char *link = xasprintf("/sys/bus/pci/devices/%s", bdf),
			    *above_link = xasprintf("/sys/bus/pci/devices/%s",
						    bridge ? bridge : "."),
			    *above = bridge ? tree_where(above_link) :
					      xstrdup("/sys/devices/pci0000:00"),
			    *path = xasprintf("%s/%s", above, bdf);

	tree_directory(path);
	tree_link(link, path);
	tree_attribute(bdf, "vendor", "0x8086\n");
	tree_attribute(bdf, "device", "0x10d3\n");
	tree_attribute(bdf, "class", class);
	tree_attribute(bdf, "remove", "");
	tree_attribute(bdf, "driver_override", "(null)\n");
}

static inline void tree_driver(const char *bdf, const char *driver)
{
	_cleanup_free_ char *link = xasprintf("/sys/bus/pci/devices/%s/driver", bdf),
			    *path = xasprintf("/sys/bus/pci/drivers/%s", driver);

	tree_directory(path);
	tree_link(link, path);
}

static inline void tree_group(const char *bdf, unsigned int group)
{
	_cleanup_free_ char *link = xasprintf("/sys/bus/pci/devices/%s/iommu_group", bdf),
			    *path = xasprintf("/sys/kernel/iommu_groups/%u", group),
			    *type = xasprintf("%s/type", path);

	tree_file(type, "DMA\n");
	tree_link(link, path);
}

static inline void tree_iommu(const char *bdf, const char *iommu)
{
	_cleanup_free_ char *link = xasprintf("/sys/bus/pci/devices/%s/iommu", bdf),
			    *path = xasprintf("/sys/devices/virtual/iommu/%s", iommu),
			    *class = xasprintf("/sys/class/iommu/%s", iommu);

	tree_directory(path);
	tree_link(link, path);
	tree_link(class, path);
}

static inline void tree_vf(const char *bdf, const char *pf)
{
	_cleanup_free_ char *link = xasprintf("/sys/bus/pci/devices/%s/physfn", bdf),
			    *path = xasprintf("/sys/bus/pci/devices/%s", pf);

	tree_pci(bdf, NULL, "0x020000\n");
	tree_link(link, path);
}

/* A network interface; bdf NULL: one that is made of others. */
static inline void tree_net(const char *bdf, const char *name)
{
	_cleanup_free_ char *link = xasprintf("/sys/class/net/%s", name), *path = NULL;

	if (bdf) {
		_cleanup_free_ char *device = xasprintf("/sys/bus/pci/devices/%s", bdf),
				    *where = tree_where(device);

		path = xasprintf("%s/net/%s", where, name);
	} else {
		path = xasprintf("/sys/devices/virtual/net/%s", name);
	}
	tree_directory(path);
	tree_link(link, path);
}

static inline void tree_lower(const char *upper, const char *lower)
{
	_cleanup_free_ char *link = xasprintf("/sys/class/net/%s/lower_%s", upper, lower),
			    *path = xasprintf("/sys/class/net/%s", lower);

	tree_link(link, path);
}

/* A disk at a path of /sys/devices; number "259:0". */
static inline void tree_disk_at(const char *path, const char *name, const char *number)
{
	_cleanup_free_ char *link = xasprintf("/sys/class/block/%s", name),
			    *dev = xasprintf("/sys/dev/block/%s", number);

	tree_directory(path);
	tree_link(link, path);
	tree_link(dev, path);
}

static inline void tree_disk(const char *bdf, const char *name, const char *number)
{
	_cleanup_free_ char *device = xasprintf("/sys/bus/pci/devices/%s", bdf),
			    *where = tree_where(device),
			    *path = xasprintf("%s/nvme/%.5s/%s", where, name, name);

	tree_disk_at(path, name, number);
}

static inline void tree_virtual_disk(const char *name, const char *number)
{
	_cleanup_free_ char *path = xasprintf("/sys/devices/virtual/block/%s", name);

	tree_disk_at(path, name, number);
}

static inline void tree_partition(const char *disk, const char *name, const char *number)
{
	_cleanup_free_ char *link = xasprintf("/sys/class/block/%s", disk),
			    *where = tree_where(link),
			    *path = xasprintf("%s/%s", where, name),
			    *mark = xasprintf("%s/partition", path);

	tree_disk_at(path, name, number);
	tree_file(mark, "1\n");
}

/* upper is made of lower. */
static inline void tree_slave(const char *upper, const char *lower)
{
	_cleanup_free_ char *down = xasprintf("/sys/class/block/%s/slaves/%s", upper,
					      lower),
			    *up = xasprintf("/sys/class/block/%s/holders/%s", lower,
					    upper),
			    *upper_path = xasprintf("/sys/class/block/%s", upper),
			    *lower_path = xasprintf("/sys/class/block/%s", lower);

	tree_link(down, lower_path);
	tree_link(up, upper_path);
}

static inline void tree_mount(const char *number, const char *at, const char *type,
			      const char *source, const char *options)
{
	_cleanup_free_ char *line =
		xasprintf("30 1 %s / %s rw,relatime shared:1 master:2 - %s %s %s\n",
			  number, at, type, source, options);

	tree_add("/proc/self/mountinfo", line);
}

/* Words for the worker besides the tree, or NULL. */
static inline int tree_facts(const char *word, struct facts *ret)
{
	_cleanup_free_ char *sysroot = xasprintf("sysroot=%s", tree_root);
	const char *words[] = { sysroot, word, NULL };

	return target_facts("local", words, ret);
}
