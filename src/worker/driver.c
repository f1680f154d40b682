// SPDX-License-Identifier: GPL-2.0-or-later
/* Which driver a device has, and its module. Documentation/ABI/testing/sysfs-bus-pci. */
#include "pull.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int device_unbind(struct puts *puts, const struct bdf *bdf)
{
	struct path unbind = device_path(bdf, "driver/unbind");

	return path_exists(unbind.s) ? puts_write(puts, unbind.s, bdf->s) : 0;
}

int device_override_read(struct puts *puts, const struct bdf *bdf, char *override,
			 size_t size)
{
	int n = puts_query(puts, device_path(bdf, "driver_override").s, override, size);

	if (n < 0 || !strcmp(override, "(null)"))
		override[0] = '\0';
	return n < 0 ? n : 0;
}

int device_override(struct puts *puts, const struct bdf *bdf, const char *override)
{
	struct path path = device_path(bdf, "driver_override");
	char is[64];
	int err;

	if (!path_exists(path.s))
		return -ENOENT;
	err = device_override_read(puts, bdf, is, sizeof(is));
	if (err || !strcmp(is, override))
		return err;
	return puts_write(puts, path.s, *override ? override : "\n");
}

int device_bind_file(struct puts *puts, const struct bdf *bdf, const char *driver)
{
	return puts_write(puts, path_make("/sys/bus/pci/drivers/%s/bind", driver).s,
			  bdf->s);
}

int device_bind(struct puts *puts, const struct bdf *bdf, const char *driver)
{
	char is[64];
	int err;

	device_driver(bdf, is, sizeof(is));
	if (!strcmp(is, driver))
		return 0;
	err = device_override(puts, bdf, driver);
	if (!err && *is)
		err = device_unbind(puts, bdf);
	if (!err)
		err = puts_write(puts, path_make("/sys/bus/pci/drivers_probe").s, bdf->s);
	if (err)
		return err;
	device_driver(bdf, is, sizeof(is));
	return strcmp(is, driver) != 0 ? -ENODEV : 0;
}

/* -- modules ------------------------------------------------------------------------------ */

void module_of(const struct bdf *bdf, char *name, size_t size)
{
	link_name(device_path(bdf, "driver/module").s, name, size);
}

bool module_is_loaded(const char *name)
{
	return name_is_plain(name) && path_exists(path_make("/sys/module/%s", name).s);
}

/* Another device of one of its drivers, "BUS:DRIVER"; "": there is none. */
static void find_other(const char *driver, const struct bdf *own, char *other,
		       size_t size)
{
	const char *colon = strchr(driver, ':');
	_cleanup_names_ struct names names = { .list = NULL };
	char real[PATH_SIZE];
	const char *name;

	if (!colon)
		return;
	names = names_read(path_make("/sys/bus/%.*s/drivers/%s", (int)(colon - driver),
				     driver, colon + 1)
				   .s);
	while ((name = names_next(&names))) {
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
	_cleanup_names_ struct names users =
		names_read(path_make("/sys/module/%s/holders", name).s);
	const char *driver, *user = names_next(&users);
	char other[64] = "";
	int64_t count = 0;

	if (!*name)
		return say_error("module",
				 "the driver of %s is no module: take method=unbind",
				 bdf->s);
	if (user)
		return say_error("module", "module %s is used by %s: unload that first",
				 name, user);
	while (!*other && (driver = names_next(&drivers)))
		find_other(driver, bdf, other, sizeof(other));
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
