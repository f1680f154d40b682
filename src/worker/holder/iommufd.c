// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device as a file of its own, attached to an address space of iommufd.
 * Documentation/userspace-api/iommufd.rst.
 *
 * Closing the device detaches it, and an unplug goes on from there. The address space and the
 * domain are the iommufd's, and go with that: its close is what the group's UNSET_CONTAINER
 * is. Only a device that is open can be detached by itself.
 */
#include "iommufd.h"
#include "holder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The name in /dev/vfio/devices, or "". */
static void cdev_name(const struct bdf *bdf, char *name, size_t size)
{
	struct path path = device_path(bdf, "vfio-dev");
	_cleanup_dir_ DIR *dir = opendir(path.s);
	struct dirent *entry;

	name[0] = '\0';
	while (dir && !*name && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(name, size, "%.63s", entry->d_name);
}

static int open_files(struct holder *holder)
{
	struct path path = path_make("/dev/iommu");
	char name[64];

	holder->iommufd = open(path.s, O_RDWR | O_CLOEXEC);
	if (holder->iommufd < 0 && (errno == ENOENT || errno == ENODEV))
		return holder_fail(holder, errno, "iommufd",
				   "no iommufd: CONFIG_IOMMUFD or modprobe iommufd");
	if (holder->iommufd < 0)
		return holder_fail_open(holder, errno, path.s);
	cdev_name(&holder->bdf, name, sizeof(name));
	path = path_make("/dev/vfio/devices/%s", name);
	if (!*name || !path_exists(path.s))
		return holder_fail(holder, ENODEV, "cdev", HOLDER_NO_CDEV);
	holder->device = open(path.s, O_RDWR | O_CLOEXEC);
	if (holder->device < 0)
		return holder_fail_open(holder, errno, path.s);
	return 0;
}

static int map(struct holder *holder, size_t at, uint64_t *iova)
{
	struct iommufd_ioas_map dma = {
		.size = sizeof(dma),
		.flags = IOMMUFD_WRITEABLE | IOMMUFD_READABLE,
		.ioas_id = holder->ioas,
		.user_va = (uintptr_t)holder->memory + at,
		.length = HOLDER_MEMORY / 2,
	};

	if (ioctl(holder->iommufd, IOMMUFD_IOAS_MAP, &dma) < 0)
		return -errno;
	*iova = dma.iova;
	return 0;
}

static int attach(struct holder *holder)
{
	struct vfio_bind_iommufd bind = { .argsz = sizeof(bind),
					  .iommufd = holder->iommufd };
	struct iommufd_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_attach_pt pt = { .argsz = sizeof(pt) };
	int err;

	if (ioctl(holder->device, VFIO_BIND_IOMMUFD, &bind) < 0)
		return holder_fail(holder, errno, "hold", "BIND_IOMMUFD: %s%s",
				   errno_name(errno),
				   errno == EPERM ? ": no interrupt remapping?" : "");
	if (ioctl(holder->iommufd, IOMMUFD_IOAS_ALLOC, &alloc) < 0)
		return holder_fail(holder, errno, "hold", "IOAS_ALLOC: %s",
				   errno_name(errno));
	holder->ioas = pt.pt_id = alloc.ioas_id;
	if (ioctl(holder->device, VFIO_ATTACH_IOMMUFD_PT, &pt) < 0)
		return holder_fail(holder, errno, "hold", "ATTACH_IOMMUFD_PT: %s",
				   errno_name(errno));
	err = map(holder, 0, &holder->iova);
	if (err)
		return holder_fail(holder, err, "hold", "IOAS_MAP: %s", errno_name(err));
	return 0;
}

static int iommufd_open(struct holder *holder)
{
	int err = open_files(holder) ?: attach(holder) ?: vfio_register_request(holder);

	if (!err)
		vfio_find_config(holder);
	return err;
}

static void iommufd_prepare(struct holder *holder)
{
	if (holder->release == RELEASE_CLOSE_UNSET || holder->release == RELEASE_REQUEST)
		fd_close(&holder->device);
}

static int iommufd_act(struct holder *holder)
{
	struct vfio_detach_pt pt = { .argsz = sizeof(pt) };

	switch (holder->release) {
	case RELEASE_CLOSE_UNSET:
	case RELEASE_REQUEST:
		fd_close(&holder->iommufd);
		return 0;
	case RELEASE_UNSET_CLOSE:
		return ioctl(holder->device, VFIO_DETACH_IOMMUFD_PT, &pt) < 0 ? -errno :
										0;
	default:
		fd_close(&holder->device);
		return 0;
	}
}

static void iommufd_close(struct holder *holder)
{
	fd_close(&holder->device);
	fd_close(&holder->request);
	fd_close(&holder->iommufd);
}

static void iommufd_churn(struct holder *holder)
{
	struct iommufd_ioas_unmap undo = {
		.size = sizeof(undo),
		.ioas_id = holder->ioas,
		.length = HOLDER_MEMORY / 2,
	};

	if (!map(holder, HOLDER_MEMORY / 2, &undo.iova))
		ioctl(holder->iommufd, IOMMUFD_IOAS_UNMAP, &undo);
	vfio_read_config(holder);
}

const struct holder_ops holder_iommufd = {
	.name = "iommufd",
	.uses_cdev = true,
	.registers = true,
	.open = iommufd_open,
	.prepare = iommufd_prepare,
	.act = iommufd_act,
	.close = iommufd_close,
	.churn = iommufd_churn,
};
