// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A container, a group in it, a device of the group: how VFIO was used before iommufd, and
 * mostly still is. Documentation/driver-api/vfio.rst.
 *
 * In the releases that take the group out of the container this is the decisive act: it
 * detaches the domain. The device has to be closed for it.
 */
#include "holder.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int open_group(struct holder *holder)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int number = device_group(&holder->bdf);
	struct path path = path_make("/dev/vfio/vfio");

	holder->container = open(path.s, O_RDWR | O_CLOEXEC);
	if (holder->container < 0 && errno != EACCES && errno != EPERM)
		return holder_fail(holder, errno, "vfio",
				   "no VFIO: CONFIG_VFIO_PCI or modprobe vfio-pci");
	if (holder->container < 0)
		return holder_fail_open(holder, errno, path.s);
	if (number < 0)
		return holder_fail(holder, ENODEV, "group", "%s has no IOMMU group",
				   holder->bdf.s);
	path = path_make("/dev/vfio/%d", number);
	holder->group = open(path.s, O_RDWR | O_CLOEXEC);
	if (holder->group < 0)
		return holder_fail_open(holder, errno, path.s);
	if (ioctl(holder->group, VFIO_GROUP_GET_STATUS, &status) < 0)
		return holder_fail(holder, errno, "hold", "group %d: GET_STATUS: %s",
				   number, errno_name(errno));
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return holder_fail(holder, EPERM, "viable",
				   "group %d is not viable: another of its devices has a "
				   "driver of the host",
				   number);
	return 0;
}

/* The first address that the IOMMU takes, behind the first 64 KiB. */
static uint64_t find_iova(int container)
{
	union {
		struct vfio_iommu_type1_info info;
		char bytes[4096];
	} u = { .info.argsz = sizeof(u) };
	const struct vfio_iommu_type1_info_cap_iova_range *ranges;
	uint32_t at;

	if (ioctl(container, VFIO_IOMMU_GET_INFO, &u.info) < 0 ||
	    !(u.info.flags & VFIO_IOMMU_INFO_CAPS) || u.info.argsz > sizeof(u))
		return HOLDER_MEMORY;
	for (at = u.info.cap_offset; at && at + sizeof(*ranges) < sizeof(u);) {
		ranges = (const void *)(u.bytes + at);
		if (ranges->header.id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE &&
		    ranges->nr_iovas)
			return (ranges->iova_ranges[0].start / HOLDER_MEMORY + 1) *
			       HOLDER_MEMORY;
		at = ranges->header.next;
	}
	return HOLDER_MEMORY;
}

static int map(const struct holder *holder, size_t at)
{
	struct vfio_iommu_type1_dma_map dma = {
		.argsz = sizeof(dma),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)holder->memory + at,
		.iova = holder->iova + at,
		.size = HOLDER_MEMORY / 2,
	};

	return ioctl(holder->container, VFIO_IOMMU_MAP_DMA, &dma) < 0 ? -errno : 0;
}

static int attach(struct holder *holder)
{
	if (ioctl(holder->container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0)
		return holder_fail(holder, ENODEV, "vfio",
				   "no VFIO: CONFIG_VFIO_IOMMU_TYPE1 or modprobe "
				   "vfio_iommu_type1");
	if (ioctl(holder->group, VFIO_GROUP_SET_CONTAINER, &holder->container) < 0)
		return holder_fail_call(holder, "SET_CONTAINER");
	if (!ioctl(holder->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return 0;
	if (errno == EPERM)
		return holder_fail(holder, EPERM, "remapping",
				   "no interrupt remapping: load vfio_iommu_type1 with "
				   "allow_unsafe_interrupts=1");
	return holder_fail_call(holder, "SET_IOMMU");
}

/* What the device holder has nothing of. */
static int map_first(struct holder *holder)
{
	int err;

	if (holder->ops == &holder_device)
		return 0;
	holder->iova = find_iova(holder->container);
	err = map(holder, 0);
	return !err ? 0 :
		      holder_fail(holder, err, "hold", "MAP_DMA at %#llx: %s",
				  (unsigned long long)holder->iova, errno_name(err));
}

static int group_open(struct holder *holder)
{
	int err = open_group(holder) ?: attach(holder) ?: map_first(holder);

	if (err)
		return err;
	holder->device = ioctl(holder->group, VFIO_GROUP_GET_DEVICE_FD, holder->bdf.s);
	if (holder->device < 0)
		return holder_fail(holder, errno, "hold", "GET_DEVICE_FD of %s: %s",
				   holder->bdf.s, errno_name(errno));
	return vfio_set_up(holder);
}

static int group_act(struct holder *holder)
{
	switch (holder->release) {
	case RELEASE_CLOSE_UNSET:
	case RELEASE_REQUEST:
	case RELEASE_UNSET_CLOSE:
		return ioctl(holder->group, VFIO_GROUP_UNSET_CONTAINER) < 0 ? -errno : 0;
	default:
		fd_close(&holder->device);
		return 0;
	}
}

static void group_churn(struct holder *holder)
{
	struct vfio_iommu_type1_dma_unmap undo = {
		.argsz = sizeof(undo),
		.iova = holder->iova + HOLDER_MEMORY / 2,
		.size = HOLDER_MEMORY / 2,
	};

	if (holder->ops != &holder_device && !map(holder, HOLDER_MEMORY / 2))
		ioctl(holder->container, VFIO_IOMMU_UNMAP_DMA, &undo);
	vfio_read_config(holder);
}

#define GROUP_OPS                                                        \
	.uses_group = true, .open = group_open, .prepare = vfio_prepare, \
	.act = group_act, .close = vfio_close, .churn = group_churn

const struct holder_ops holder_group = {
	.name = "group",
	.registers = true,
	GROUP_OPS,
};

const struct holder_ops holder_group_noreq = {
	.name = "group-noreq",
	GROUP_OPS,
};

/* Nothing mapped. A device can be had only from a group in a container. */
const struct holder_ops holder_device = {
	.name = "device",
	.registers = true,
	GROUP_OPS,
};
