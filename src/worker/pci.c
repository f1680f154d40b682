// SPDX-License-Identifier: GPL-2.0-or-later
/* What sysfs says about PCI devices. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bdf_parse(const char *text, struct bdf *bdf)
{
	unsigned int domain = 0, bus, device, function;
	int n = 0;

	if (sscanf(text, "%8x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &n) !=
		    4 ||
	    text[n]) {
		n = 0;
		domain = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &device, &function, &n) != 3 ||
		    text[n])
			return -EINVAL;
	}
	if (device > 31 || function > 7)
		return -EINVAL;
	snprintf(bdf->s, sizeof(bdf->s), "%04x:%02x:%02x.%x", domain, bus, device,
		 function);
	return 0;
}

int bdf_arg(const struct args *args, const char *key, struct bdf *bdf)
{
	const char *text = args_get(args, key);

	if (!text)
		return say_usage("%s=BDF is missing", key);
	if (bdf_parse(text, bdf))
		return say_usage("%s=%s: not a PCI address such as 0000:00:05.0", key,
				 text);
	if (!device_exists(bdf))
		return say_error("device", "there is no PCI device %s", bdf->s);
	return 0;
}

struct path device_path(const struct bdf *bdf, const char *name)
{
	return path_make("/sys/bus/pci/devices/%s%s%s", bdf->s, name ? "/" : "",
			 name ?: "");
}

bool device_exists(const struct bdf *bdf)
{
	return path_exists(device_path(bdf, NULL).s);
}

void device_driver(const struct bdf *bdf, char *name, size_t size)
{
	link_name(device_path(bdf, "driver").s, name, size);
}

void device_id(const struct bdf *bdf, char *id, size_t size)
{
	int64_t vendor = 0, device = 0;

	file_read_number(device_path(bdf, "vendor").s, &vendor);
	file_read_number(device_path(bdf, "device").s, &device);
	snprintf(id, size, "%04X:%04X", (unsigned int)vendor, (unsigned int)device);
}

int device_group(const struct bdf *bdf)
{
	char name[16];
	int64_t group;

	if (link_name(device_path(bdf, "iommu_group").s, name, sizeof(name)) ||
	    number_parse(name, &group))
		return -1;
	return (int)group;
}

struct bdf device_parent(const struct bdf *bdf)
{
	struct bdf parent = { "" };
	char real[PATH_MAX];
	char *slash;

	if (!realpath(device_path(bdf, NULL).s, real))
		return parent;
	slash = strrchr(real, '/');
	if (!slash)
		return parent;
	*slash = '\0';
	slash = strrchr(real, '/');
	if (!slash || bdf_parse(slash + 1, &parent))
		parent.s[0] = '\0';
	return parent;
}
