// SPDX-License-Identifier: GPL-2.0-or-later
/* Filesystems and swap, and the disks or networks below them. */
#include "facts.h"

/* One line of mountinfo, proc_pid_mountinfo(5); its parts point into the line. */
struct mount {
	char *number, *at, *type, *source, *options;
};

/* Blanks, tabs, newlines and backslashes come as \040 and the like. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (*s == '\\' && strspn(s + 1, "01234567") >= 3) {
			const char digits[] = { s[1], s[2], s[3], '\0' };

			*to++ = (char)strtol(digits, NULL, 8);
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

static bool mount_parse(char *line, struct mount *mount)
{
	/* Behind the words whose number may change; blanks in words are escaped. */
	char *words[5], *rest = strstr(line, " - ");
	unsigned int minor;

	if (!rest)
		return false;
	*rest = '\0';
	rest += strlen(" - ");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!(words[i] = strsep(&line, " ")))
			return false;
	mount->number = words[2];
	mount->at = words[4];
	/* The source may be empty. */
	mount->type = strsep(&rest, " \n");
	mount->source = strsep(&rest, " \n");
	mount->options = strsep(&rest, " \n");
	if (!mount->options || sscanf(mount->number, "%*u:%u", &minor) != 1)
		return false;
	unescape(mount->at);
	unescape(mount->source);
	return true;
}

/* -- filesystems without a disk of their own ------------------------------------------ */

/* All disks of a filesystem that has several: /sys/fs/btrfs/UUID/devices. */
static void use_btrfs(const struct facts_use *use, const struct mount *mount)
{
	static const char all[] = "/sys/fs/btrfs";
	_cleanup_names_ struct names filesystems = names_read(path_make("%s", all).s);
	const char *name, *uuid, *device;
	char real[PATH_MAX];

	if (!realpath(path_make("%s", mount->source).s, real))
		snprintf(real, sizeof(real), "%s", mount->source);
	name = strrchr(real, '/') ? strrchr(real, '/') + 1 : real;
	facts_follow(use, FACTS_NODE, mount->source);
	while ((uuid = names_next(&filesystems))) {
		_cleanup_names_ struct names devices =
			names_read(path_make("%s/%s/devices", all, uuid).s);

		if (!path_exists(path_make("%s/%s/devices/%s", all, uuid, name).s))
			continue;
		while ((device = names_next(&devices)))
			if (strcmp(device, name) != 0)
				facts_follow(use, FACTS_BLOCK, device);
	}
	if (filesystems.n < 0)
		facts_use_unknown(use, mount->source, "/sys/fs/btrfs is not there");
}

/* bcachefs: "/dev/a:/dev/b" */
static void use_bcachefs(const struct facts_use *use, const struct mount *mount)
{
	char *rest = NULL, *source = strdup(mount->source);

	for (char *node = source ? strtok_r(source, ":", &rest) : NULL; node;
	     node = strtok_r(NULL, ":", &rest))
		facts_follow(use, FACTS_NODE, node);
	free(source);
}

static void use_remote(const struct facts_use *use, const struct mount *mount)
{
	static const char *const keys[] = { "addr=", ",addr=" };
	const char *at = mount->options;
	char address[128];

	if (!strncmp(at, keys[0], strlen(keys[0])))
		at += strlen(keys[0]);
	else if ((at = strstr(at, keys[1])))
		at += strlen(keys[1]);
	if (!at) {
		facts_use_unknown(use, mount->source, "the address of its server");
		return;
	}
	snprintf(address, sizeof(address), "%.*s", (int)strcspn(at, ","), at);
	facts_follow(use, FACTS_ADDRESS, address);
}

static void use_zfs(const struct facts_use *use, const struct mount *mount)
{
	facts_use_unknown(use, mount->source,
			  "which disks a ZFS pool has is not in /sys");
}

/* A share of the hypervisor: any device that its driver has and may have this tag. */
static void use_virtio(const struct facts_use *use, const char *driver, const char *tag)
{
	_cleanup_names_ struct names devices =
		names_read(path_make("/sys/bus/virtio/drivers/%s", driver).s);
	char text[128], real[PATH_MAX];
	const char *device;
	struct bdf bdf;

	while ((device = names_next(&devices))) {
		struct path path =
			path_make("/sys/bus/virtio/devices/%s/mount_tag", device);

		if (strncmp(device, "virtio", 6) != 0 ||
		    (file_read(path.s, text, sizeof(text)) > 0 && strcmp(text, tag) != 0))
			continue;
		path = path_make("/sys/bus/virtio/devices/%s", device);
		if (facts_pci_of(path.s, &bdf, real))
			facts_tell_use(&bdf, use, device);
	}
}

static void use_9p(const struct facts_use *use, const struct mount *mount)
{
	if (strstr(mount->options, "trans=virtio"))
		use_virtio(use, "9pnet_virtio", mount->source);
	else
		facts_follow(use, FACTS_ADDRESS, mount->source);
}

static void use_virtiofs(const struct facts_use *use, const struct mount *mount)
{
	use_virtio(use, "virtiofs", mount->source);
}

static void use_mount(const struct facts_use *use, const struct mount *mount)
{
	static const struct {
		const char *type;
		void (*down)(const struct facts_use *use, const struct mount *mount);
	} types[] = {
		{ "btrfs", use_btrfs }, { "bcachefs", use_bcachefs },
		{ "zfs", use_zfs },     { "nfs", use_remote },
		{ "nfs4", use_remote }, { "cifs", use_remote },
		{ "smb3", use_remote }, { "ceph", use_remote },
		{ "9p", use_9p },       { "virtiofs", use_virtiofs },
	};

	if (atoi(mount->number)) {
		facts_follow(use, FACTS_NUMBER, mount->number);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcmp(types[i].type, mount->type)) {
			types[i].down(use, mount);
			return;
		}
	}
	if (!strncmp(mount->source, "/dev/", 5) && strcmp(mount->type, "devtmpfs") != 0)
		facts_follow(use, FACTS_NODE, mount->source);
}

/* -- all mounts ------------------------------------------------------------------------- */

/* Does the file lie below `at`? */
static bool is_below(const char *file, const char *at)
{
	size_t n = strlen(at);

	if (n == 1)
		return true;
	return !strncmp(file, at, n) && (file[n] == '/' || !file[n]);
}

void facts_down_file(const struct facts_use *use, const char *file)
{
	_cleanup_stream_ FILE *stream = fopen(path_make("/proc/self/mountinfo").s, "re");
	_cleanup_text_ char *line = NULL, *best_line = NULL;
	struct mount mount, best = { 0 };
	size_t room = 0;

	/* The last of the longest: mounts may lie on top of each other. */
	while (stream && getline(&line, &room, stream) > 0) {
		if (!mount_parse(line, &mount) || !is_below(file, mount.at) ||
		    (best.at && strlen(mount.at) < strlen(best.at)))
			continue;
		/* Its parts are in the line, which stays therefore. */
		best = mount;
		free(best_line);
		best_line = line;
		line = NULL;
		room = 0;
	}
	if (best.at)
		use_mount(use, &best);
	else
		facts_use_unknown(use, file, "the filesystem that it is on");
}

/* Returns 0 or -errno. */
static int tell_mounts(const char *path)
{
	_cleanup_stream_ FILE *stream = fopen(path, "re");
	_cleanup_text_ char *line = NULL;
	struct mount mount;
	size_t room = 0;

	if (!stream)
		return -errno;
	while (getline(&line, &room, stream) > 0) {
		struct facts_use use = { .why = "mount", .rule = "mounted" };

		if (!mount_parse(line, &mount)) {
			facts_use_unknown(&use, path, "a line of another form");
			continue;
		}
		snprintf(use.at, sizeof(use.at), "%s", mount.at);
		/* Containers mount the same thing over and over. */
		if (facts_is_new("mount %s %s", mount.number, mount.source))
			use_mount(&use, &mount);
	}
	return 0;
}

/* Processes may have mounts of their own. */
static void tell_namespaces(void)
{
	_cleanup_dir_ DIR *dir = opendir(path_make("/proc").s);
	const struct dirent *entry;
	char space[64];
	int64_t pid;
	int err;

	while (dir && (entry = readdir(dir))) {
		struct path path = path_make("/proc/%s/ns/mnt", entry->d_name);

		if (number_parse(entry->d_name, &pid))
			continue;
		/* Which namespace it is only root may know; that only saves time. */
		if (!link_name(path.s, space, sizeof(space)) &&
		    !facts_is_new("namespace %s", space))
			continue;
		path = path_make("/proc/%s/mountinfo", entry->d_name);
		err = tell_mounts(path.s);
		/* Others: it has ended meanwhile. */
		if (err == -EACCES || err == -EPERM)
			facts_tell_unknown(FACTS_ABOUT_BLOCK, "mounted",
					   "mounts of other processes", errno_name(err));
	}
}

void facts_mounts(void)
{
	static const char what[] = "/proc/self/mountinfo";
	unsigned int all = FACTS_ABOUT_BLOCK | FACTS_ABOUT_NET | FACTS_ABOUT_VFIO;
	int err = tell_mounts(path_make("%s", what).s);

	if (err)
		facts_tell_unknown(all, "mounted", what, errno_name(err));
	tell_namespaces();
}

void facts_swaps(void)
{
	static const char what[] = "/proc/swaps";
	_cleanup_stream_ FILE *stream = fopen(path_make("%s", what).s, "re");
	_cleanup_text_ char *line = NULL;
	char *path, *type, *rest;
	size_t room = 0;

	if (!stream) {
		/* A kernel without swap has no such file. */
		if (errno != ENOENT || !path_exists(path_make("/proc/self/mountinfo").s))
			facts_tell_unknown(FACTS_ABOUT_BLOCK | FACTS_ABOUT_NET, "swap",
					   what, errno_name(errno));
		return;
	}
	while (getline(&line, &room, stream) > 0) {
		struct facts_use use = { .why = "swap", .rule = "swap" };

		rest = NULL;
		path = strtok_r(line, " \t\n", &rest);
		type = strtok_r(NULL, " \t\n", &rest);
		if (!path || !type || !strcmp(path, "Filename"))
			continue;
		unescape(path);
		snprintf(use.at, sizeof(use.at), "%s", path);
		facts_follow(&use, !strcmp(type, "partition") ? FACTS_NODE : FACTS_FILE,
			     path);
	}
}
