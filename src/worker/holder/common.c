// SPDX-License-Identifier: GPL-2.0-or-later
/* What several holders do. */
#include "holder.h"

#include <linux/vfio.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

int holder_fail_call(struct holder *holder, const char *call)
{
	return holder_fail(holder, errno, "hold", "%s: %s", call, errno_name(errno));
}

bool holder_dies(const struct holder *holder)
{
	return !holder->ops->has_child &&
	       (holder->release == RELEASE_EXIT || holder->release == RELEASE_KILL);
}

int holder_act(struct holder *holder)
{
	if (holder_dies(holder) && holder->release == RELEASE_EXIT)
		_exit(0);
	if (holder_dies(holder))
		raise(SIGKILL);
	return holder->ops->act(holder);
}

bool holder_requested(struct holder *holder)
{
	uint64_t count;

	if (holder->ops->requested)
		return holder->ops->requested(holder);
	return holder->request >= 0 &&
	       read(holder->request, &count, sizeof(count)) == sizeof(count);
}

int vfio_set_up(struct holder *holder)
{
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
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

	if (!ioctl(holder->device, VFIO_DEVICE_GET_REGION_INFO, &config))
		holder->config = config.offset;
	if (!holder->ops->registers)
		return 0;
	holder->request = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (holder->request < 0)
		return holder_fail_call(holder, "eventfd");
	memcpy(irq.set.data, &holder->request, sizeof(int32_t));
	if (ioctl(holder->device, VFIO_DEVICE_SET_IRQS, &irq) < 0)
		return holder_fail(holder, errno, "hold",
				   "%s: the kernel has no request interrupt: %s",
				   holder->bdf.s, errno_name(errno));
	return 0;
}

void vfio_prepare(struct holder *holder)
{
	if (holder->release == RELEASE_CLOSE_UNSET || holder->release == RELEASE_REQUEST)
		fd_close(&holder->device);
}

void vfio_close(struct holder *holder)
{
	fd_close(&holder->device);
	fd_close(&holder->request);
	fd_close(&holder->group);
	fd_close(&holder->container);
	fd_close(&holder->iommufd);
}

void vfio_read_config(const struct holder *holder)
{
	uint32_t ids;

	if (holder->config &&
	    pread(holder->device, &ids, sizeof(ids), (off_t)holder->config) < 0)
		errno = 0;
}
