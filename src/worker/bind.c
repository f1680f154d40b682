// SPDX-License-Identifier: GPL-2.0-or-later
/* Which driver a device has. Documentation/ABI/testing/sysfs-bus-pci. */
#include "pull.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* Before Linux 3.16: the driver learns the device's identity, and with it all its kind. */
static int bind_new_id(struct puts *puts, const struct bdf *bdf, const char *driver)
{
	int64_t vendor, device;
	char id[32];
	int err;

	if (file_read_number(device_path(bdf, "vendor").s, &vendor) ||
	    file_read_number(device_path(bdf, "device").s, &device))
		return -ENODEV;
	snprintf(id, sizeof(id), "%04x %04x", (unsigned int)vendor, (unsigned int)device);
	err = puts_write(puts, path_make("/sys/bus/pci/drivers/%s/new_id", driver).s, id);
	if (err && err != -EEXIST)
		return err;
	/* It may have been taken already. */
	err = puts_write(puts, path_make("/sys/bus/pci/drivers/%s/bind", driver).s,
			 bdf->s);
	return err == -ENODEV || err == -EBUSY ? 0 : err;
}

int device_bind(struct puts *puts, const struct bdf *bdf, const char *driver)
{
	char is[64];
	int err;

	device_driver(bdf, is, sizeof(is));
	if (!strcmp(is, driver))
		return 0;
	err = device_override(puts, bdf, driver);
	if (err && err != -ENOENT)
		return err;
	if (*is && (err = device_unbind(puts, bdf)))
		return err;
	err = path_exists(device_path(bdf, "driver_override").s) ?
		      puts_write(puts, path_make("/sys/bus/pci/drivers_probe").s,
				 bdf->s) :
		      bind_new_id(puts, bdf, driver);
	if (err)
		return err;
	device_driver(bdf, is, sizeof(is));
	return strcmp(is, driver) != 0 ? -ENODEV : 0;
}
