// SPDX-License-Identifier: GPL-2.0-or-later
/* What several holders do. */
#include "holder.h"

#include "worker/process.h"

#include <errno.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *const release_names[RELEASES] = {
	[RELEASE_CLOSE_UNSET] = "close-unset",
	[RELEASE_UNSET_CLOSE] = "unset-close",
	[RELEASE_CLOSE] = "close",
	[RELEASE_EXIT] = "exit",
	[RELEASE_KILL] = "kill",
	[RELEASE_REQUEST] = "request",
	[RELEASE_NEVER] = "never",
};

int release_parse(const char *name, enum release *release)
{
	for (int i = 0; i < RELEASES; i++) {
		if (strcmp(release_names[i], name) != 0)
			continue;
		*release = (enum release)i;
		return 0;
	}
	return -EINVAL;
}

void holder_init(struct holder *holder, const struct holder_ops *ops)
{
	memset(holder, 0, sizeof(*holder));
	holder->ops = ops;
	holder->container = holder->group = holder->device = -1;
	holder->request = holder->iommufd = holder->qmp = holder->log = -1;
}

int holder_fail(struct holder *holder, int error, const char *word, const char *format,
		...)
{
	va_list ap;

	snprintf(holder->word, sizeof(holder->word), "%s", word);
	va_start(ap, format);
	vsnprintf(holder->why, sizeof(holder->why), format, ap);
	va_end(ap);
	return error < 0 ? error : -error;
}

int holder_fail_open(struct holder *holder, int error, const char *path)
{
	char who[64];

	switch (error < 0 ? -error : error) {
	case EACCES:
	case EPERM:
		return holder_fail(holder, error, "permission",
				   "%s may not be opened: run as root, or chown it",
				   path);
	case EBUSY:
		vfio_user(strrchr(path, '/') + 1, who, sizeof(who));
		return holder_fail(holder, error, "busy", "%s is in use by %s: end it",
				   path, *who ? who : "another process");
	default:
		return holder_fail(holder, error, "hold", "cannot open %s: %s", path,
				   errno_name(error));
	}
}

bool holder_requested(struct holder *holder)
{
	uint64_t count;

	if (holder->ops->requested)
		return holder->ops->requested(holder);
	return holder->request >= 0 &&
	       read(holder->request, &count, sizeof(count)) == sizeof(count);
}

int vfio_register_request(struct holder *holder)
{
	union {
		struct vfio_irq_set set;
		char bytes[sizeof(struct vfio_irq_set) + sizeof(int32_t)];
	} irq = {
		.set = {
			.argsz = sizeof(irq.bytes),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_REQ_IRQ_INDEX,
			.count = 1,
		},
	};

	holder->request = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (holder->request < 0)
		return holder_fail(holder, errno, "hold", "eventfd: %s",
				   errno_name(errno));
	memcpy(irq.set.data, &holder->request, sizeof(int32_t));
	if (ioctl(holder->device, VFIO_DEVICE_SET_IRQS, &irq) < 0)
		return holder_fail(holder, errno, "hold",
				   "%s: the kernel has no request interrupt: %s",
				   holder->bdf.s, errno_name(errno));
	return 0;
}

void vfio_find_config(struct holder *holder)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};

	if (!ioctl(holder->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		holder->config = info.offset;
}

void vfio_read_config(const struct holder *holder)
{
	uint32_t ids;

	if (holder->config &&
	    pread(holder->device, &ids, sizeof(ids), (off_t)holder->config) < 0)
		errno = 0;
}
