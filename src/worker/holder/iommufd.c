// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device as a file of its own, attached to an address space of iommufd.
 * Documentation/userspace-api/iommufd.rst.
 *
 * Closing the device detaches it, and an unplug goes on from there. The address space and the
 * domain are the iommufd's, and go with that: its close is what the group's UNSET_CONTAINER
 * is. Only a device that is open can be detached by itself.
 */
#include "holder.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * What include/uapi/linux/iommufd.h and vfio.h of Linux 6.6 say: the headers of this
 * system may be older.
 */
#define IOMMUFD_IOAS_ALLOC _IO(';', 0x81)
#define IOMMUFD_IOAS_MAP   _IO(';', 0x85)
#define IOMMUFD_IOAS_UNMAP _IO(';', 0x86)

#define IOMMUFD_WRITEABLE (1 << 1)
#define IOMMUFD_READABLE  (1 << 2)

struct iommufd_ioas_alloc {
	uint32_t size, flags, ioas_id;
};

struct iommufd_ioas_map {
	uint32_t size, flags, ioas_id, reserved;
	uint64_t user_va, length, iova;
};

struct iommufd_ioas_unmap {
	uint32_t size, ioas_id;
	uint64_t iova, length;
};

#define VFIO_BIND_IOMMUFD      _IO(VFIO_TYPE, VFIO_BASE + 18)
#define VFIO_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)
#define VFIO_DETACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 20)

struct vfio_bind_iommufd {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t devid;
};

struct vfio_attach_pt {
	uint32_t argsz, flags, pt_id;
};

struct vfio_detach_pt {
	uint32_t argsz, flags;
};

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
	device_cdev(&holder->bdf, name, sizeof(name));
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

	if (ioctl(holder->device, VFIO_BIND_IOMMUFD, &bind) < 0)
		return holder_fail(holder, errno, "hold", "BIND_IOMMUFD: %s%s",
				   errno_name(errno),
				   errno == EPERM ? ": no interrupt remapping?" : "");
	if (ioctl(holder->iommufd, IOMMUFD_IOAS_ALLOC, &alloc) < 0)
		return holder_fail_call(holder, "IOAS_ALLOC");
	holder->ioas = pt.pt_id = alloc.ioas_id;
	if (ioctl(holder->device, VFIO_ATTACH_IOMMUFD_PT, &pt) < 0)
		return holder_fail_call(holder, "ATTACH_IOMMUFD_PT");
	if (map(holder, 0, &holder->iova))
		return holder_fail_call(holder, "IOAS_MAP");
	return 0;
}

static int iommufd_open(struct holder *holder)
{
	return open_files(holder) ?: attach(holder) ?: vfio_set_up(holder);
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
	.prepare = vfio_prepare,
	.act = iommufd_act,
	.close = vfio_close,
	.churn = iommufd_churn,
};
