/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What include/uapi/linux/iommufd.h and vfio.h of Linux 6.6 say: the headers of this
 * system may be older.
 */
#pragma once

#include <linux/vfio.h>
#include <stdint.h>

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
