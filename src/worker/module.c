// SPDX-License-Identifier: GPL-2.0-or-later
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void module_of(const struct bdf *bdf, char *name, size_t size)
{
	link_name(device_path(bdf, "driver/module").s, name, size);
}

bool module_is_loaded(const char *name)
{
	return !strchr(name, '/') && path_exists(path_make("/sys/module/%s", name).s);
}

/* Another device of one of its drivers, "BUS:DRIVER"; "": there is none. */
static void find_other(const char *driver, const struct bdf *own, char *other,
		       size_t size)
{
	const char *colon = strchr(driver, ':');
	_cleanup_names_ struct names names = { NULL, 0 };
	char real[PATH_SIZE];

	if (!colon)
		return;
	names = names_read(path_make("/sys/bus/%.*s/drivers/%s", (int)(colon - driver),
				     driver, colon + 1)
				   .s);
	for (int i = 0; i < names.n; i++) {
		const char *name = names.list[i]->d_name;
		struct path path = path_make("/sys/bus/%.*s/drivers/%s/%s",
					     (int)(colon - driver), driver, colon + 1,
					     name);

		/* Links to devices, and one to the module itself. */
		if (strcmp(name, own->s) != 0 && strcmp(name, "module") != 0 &&
		    readlink(path.s, real, sizeof(real)) > 0)
			snprintf(other, size, "%.63s", name);
	}
}

int module_check(const char *name, const struct bdf *bdf)
{
	_cleanup_names_ struct names drivers =
		names_read(path_make("/sys/module/%s/drivers", name).s);
	_cleanup_names_ struct names holders =
		names_read(path_make("/sys/module/%s/holders", name).s);
	char other[64] = "";
	int64_t count = 0;

	if (!*name)
		return say_error("module",
				 "the driver of %s is no module: take method=unbind",
				 bdf->s);
	if (holders.n > 0)
		return say_error("module", "module %s is used by %s: unload that first",
				 name, holders.list[0]->d_name);
	for (int i = 0; i < drivers.n && !*other; i++)
		find_other(drivers.list[i]->d_name, bdf, other, sizeof(other));
	if (*other)
		return say_error("module", "module %s serves %s, too: take method=unbind",
				 name, other);
	if (file_read_number(path_make("/sys/module/%s/refcnt", name).s, &count) ||
	    count > 0)
		return say_error("module",
				 "module %s cannot be unloaded, or is in use (%lld): "
				 "take method=unbind",
				 name, (long long)count);
	return 0;
}

int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) < 0 ? -errno : 0;
}

int module_load(const char *name)
{
	char copy[64], *argv[] = { (char[]){ "modprobe" }, copy, NULL };
	int status, err;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", name);
	err = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ENODEV;
}
