// SPDX-License-Identifier: GPL-2.0-or-later
/* What sysfs says about PCI devices. */
#include "internal.h"

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

	return !text || !bdf_parse(text, bdf) ?
		       0 :
		       say_usage("%s=%s: not a PCI address such as 0000:00:05.0", key,
				 text);
}

int device_check(const struct bdf *bdf)
{
	return device_exists(bdf) ?
		       0 :
		       say_error("device", "there is no PCI device %s", bdf->s);
}

int device_arg(const struct args *args, struct bdf *bdf)
{
	if (!args_get(args, "device"))
		return say_usage("device=BDF is missing");
	return bdf_arg(args, "device", bdf) ?: device_check(bdf);
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

int64_t device_number(const struct bdf *bdf, const char *name)
{
	int64_t number = 0;

	return file_read_number(device_path(bdf, name).s, &number) < 0 ? 0 : number;
}

void device_id(const struct bdf *bdf, char *id, size_t size)
{
	snprintf(id, size, "%04X:%04X", (unsigned int)device_number(bdf, "vendor"),
		 (unsigned int)device_number(bdf, "device"));
}

void device_cdev(const struct bdf *bdf, char *name, size_t size)
{
	_cleanup_names_ struct names names = names_read(device_path(bdf, "vfio-dev").s);

	snprintf(name, size, "%s", names_next(&names) ?: "");
}

void device_slot(const struct bdf *bdf, const char *ends, char *slot, size_t size)
{
	_cleanup_names_ struct names slots =
		names_read(path_make("/sys/bus/pci/slots").s);
	const char *name;

	slot[0] = '\0';
	while (!*slot && (name = names_next(&slots))) {
		struct path path = path_make("/sys/bus/pci/slots/%s/address", name);
		char address[BDF_SIZE];
		int n = file_read(path.s, address, sizeof(address));

		if (n > 0 && !strncmp(address, bdf->s, (size_t)n) && bdf->s[n] &&
		    strchr(ends, bdf->s[n]))
			snprintf(slot, size, "%s", name);
	}
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
	/* Above the directory that the link leads to. */
	struct path path = path_make("/sys/bus/pci/devices/%s/..", bdf->s);
	struct bdf parent = { "" };
	char real[PATH_MAX];

	if (realpath(path.s, real))
		bdf_parse(basename(real), &parent);
	return parent;
}
