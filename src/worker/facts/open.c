// SPDX-License-Identifier: GPL-2.0-or-later
/* Which processes hold devices: open files of VFIO, and disks opened as they are. */
#include "facts.h"

#include <unistd.h>

/* Found before the lines of devices are told, told behind them. */
struct open {
	struct facts_device *device; /* NULL: those that the disk `what` is on */
	char pid[16], what[64];
};

static struct {
	struct open *list;
	size_t n;
	bool hidden;   /* files of some processes cannot be seen */
	bool nameless; /* somebody holds a device, and it cannot be seen which */
} opens;

static void add_open(struct facts_device *d, const char *pid, const char *what)
{
	struct open *list = realloc(opens.list, (opens.n + 1) * sizeof(opens.list[0]));

	if (!list)
		return;
	opens.list = list;
	list[opens.n].device = d;
	snprintf(list[opens.n].pid, sizeof(list[0].pid), "%s", pid);
	snprintf(list[opens.n].what, sizeof(list[0].what), "%.63s", what);
	opens.n++;
}

/* The number behind a prefix that is all else of the text, or -1. */
static int number_behind(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);
	int64_t number;

	if (strncmp(text, prefix, n) != 0 || number_parse(text + n, &number))
		return -1;
	return (int)number;
}

/* Is the open file `target` the device's, or its group's? */
static bool is_of(const struct facts_device *d, const char *target)
{
	static const char cdevs[] = "/dev/vfio/devices/";
	int group = number_behind(target, "/dev/vfio/");

	if (group < 0)
		group = number_behind(target, "/dev/vfio/noiommu-");
	if (group >= 0)
		return d->group == group;
	return !strncmp(target, cdevs, sizeof(cdevs) - 1) && d->cdev[0] &&
	       !strcmp(d->cdev, target + sizeof(cdevs) - 1);
}

/* Disks and partitions. What is stacked upon them holds them, and is told by that. */
static void scan_disk(const char *pid, const char *target)
{
	struct path path = path_make("/sys/class/block/%s", target + strlen("/dev/"));
	char real[PATH_MAX] = "";
	struct bdf bdf;

	if (facts_pci_of(path.s, &bdf, real)) {
		struct facts_device *d = facts_device_find(&bdf);

		if (d)
			add_open(d, pid, target);
	} else if (strstr(real, "/nvme-subsystem/")) {
		add_open(NULL, pid, target + strlen("/dev/"));
	}
}

/* From kernel 6.17 on fdinfo tells which device a file of VFIO is. */
static struct facts_device *device_of_fd(const char *pid, const char *fd)
{
	static const char key[] = "vfio-device-syspath:";
	struct path path = path_make("/proc/%s/fdinfo/%s", pid, fd);
	char text[1024], *at, *slash;
	struct bdf bdf;

	file_read(path.s, text, sizeof(text));
	at = strstr(text, key);
	if (!at)
		return NULL;
	at[strcspn(at, "\n")] = '\0';
	slash = strrchr(at, '/');
	return slash && !bdf_parse(slash + 1, &bdf) ? facts_device_find(&bdf) : NULL;
}

/* Returns whether it is one of VFIO. */
static bool scan_file(const char *pid, const char *target)
{
	bool any = false;

	if (strncmp(target, "/dev/", 5) != 0)
		return false;
	for (size_t i = 0; i < facts_devices.n; i++) {
		struct facts_device *d = &facts_devices.devices[i];

		if (!is_of(d, target))
			continue;
		add_open(d, pid, target);
		facts_list_add(d->open, pid);
		any = true;
	}
	if (!any)
		scan_disk(pid, target);
	return any;
}

static void scan_process(const char *pid)
{
	_cleanup_dir_ DIR *dir = opendir(path_make("/proc/%s/fd", pid).s);
	bool group = false, device = false;
	char target[PATH_SIZE];
	const struct dirent *entry;

	if (!dir && (errno == EACCES || errno == EPERM))
		opens.hidden = true;
	while (dir && (entry = readdir(dir))) {
		struct path path = path_make("/proc/%s/fd/%s", pid, entry->d_name);
		ssize_t n = readlink(path.s, target, sizeof(target) - 1);
		struct facts_device *d;

		if (n < 0)
			continue;
		target[n] = '\0';
		group |= scan_file(pid, target);
		if (strcmp(target, "anon_inode:[vfio-device]") != 0)
			continue;
		d = device_of_fd(pid, entry->d_name);
		if (d) {
			add_open(d, pid, "its VFIO device");
			facts_list_add(d->open, pid);
		}
		device |= !d;
	}
	opens.nameless |= device && !group;
}

void facts_find_opens(void)
{
	_cleanup_dir_ DIR *dir = opendir(path_make("/proc").s);
	const struct dirent *entry;
	int64_t pid;

	opens.hidden = !dir;
	while (dir && (entry = readdir(dir)))
		if (!number_parse(entry->d_name, &pid))
			scan_process(entry->d_name);
}

void facts_opens(void)
{
	char comm[32];

	for (size_t i = 0; i < opens.n; i++) {
		const struct open *o = &opens.list[i];
		struct facts_use use = { .why = "open", .rule = "in-use" };

		file_read(path_make("/proc/%s/comm", o->pid).s, comm, sizeof(comm));
		snprintf(use.at, sizeof(use.at), "process %s%s%s%s", o->pid,
			 comm[0] ? " (" : "", comm, comm[0] ? ")" : "");
		/* One line a process and device. */
		if (!facts_is_new("open %s %s", o->device ? o->device->bdf.s : o->what,
				  o->pid))
			continue;
		if (o->device)
			facts_tell_use(&o->device->bdf, &use, o->what);
		else
			facts_follow(&use, FACTS_BLOCK, o->what);
	}
	if (opens.hidden)
		facts_tell_unknown(FACTS_ABOUT_VFIO, "in-use",
				   "open files of other processes",
				   "EACCES; only root may see all");
	if (opens.nameless)
		facts_tell_unknown(FACTS_ABOUT_VFIO, "in-use",
				   "which device a process holds through VFIO",
				   "it has no file of a group open");
	free(opens.list);
}
