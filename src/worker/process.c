// SPDX-License-Identifier: GPL-2.0-or-later
/* What /proc tells of other processes. */

#include "internal.h"

#include <unistd.h>

static bool process_has(const char *pid, const char *name)
{
	struct path dir = path_make("/proc/%s/fd", pid);
	_cleanup_dir_ DIR *fds = opendir(dir.s);
	struct dirent *entry;
	bool found = false;

	while (fds && !found && (entry = readdir(fds))) {
		char target[PATH_SIZE];
		ssize_t n =
			readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (!strncmp(target, "/dev/vfio/", 10))
			found = !name || !strcmp(strrchr(target, '/') + 1, name);
		else if (!name)
			found = !strncmp(target, "anon_inode:[vfio-device]", 24);
	}
	return found;
}

void vfio_user(const char *name, char *who, size_t size)
{
	_cleanup_dir_ DIR *proc = opendir(path_make("/proc").s);
	struct dirent *entry;

	who[0] = '\0';
	while (proc && !*who && (entry = readdir(proc))) {
		char comm[32];

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    !process_has(entry->d_name, name))
			continue;
		file_read(path_make("/proc/%s/comm", entry->d_name).s, comm,
			  sizeof(comm));
		snprintf(who, size, "%s %s", entry->d_name, comm);
	}
}

void process_where(pid_t pid, char *where, size_t size)
{
	char stack[2048];
	size_t n = 0;

	where[0] = '\0';
	if (file_read(path_make("/proc/%d/stack", pid).s, stack, sizeof(stack)) <= 0 &&
	    file_read(path_make("/proc/%d/wchan", pid).s, stack, sizeof(stack)) <= 0)
		return;
	/* One that runs has neither. */
	if (!strcmp(stack, "0"))
		return;
	for (const char *line = stack; *line; line += *line == '\n') {
		/* "[<0>] vfio_unregister_group_dev+0x94/0x1d0 [vfio]": the name says where. */
		const char *mark = strstr(line, "] "), *name = mark ? mark + 2 : line;
		size_t length = strcspn(name, "+ \n");

		if (n + length + 2 > size)
			return;
		n += (size_t)snprintf(where + n, size - n, "%s%.*s", n ? "<" : "",
				      (int)length, name);
		line += strcspn(line, "\n");
	}
}
