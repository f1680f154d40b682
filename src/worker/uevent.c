// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel tells udev: lib/kobject_uevent.c. */
#include "pull.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

int uevent_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);
	int size = 4 << 20, err;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	/* Removing a PF with many VFs says a lot at once. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

int uevent_parse(const char *message, size_t n, struct uevent *event)
{
	const char *end = message + n;
	bool pci = false;

	memset(event, 0, sizeof(*event));
	for (const char *word = message; word < end;
	     word += strnlen(word, end - word) + 1) {
		if (memchr(word, '\0', end - word) == NULL)
			break;
		if (!strncmp(word, "ACTION=", 7))
			snprintf(event->action, sizeof(event->action), "%s", word + 7);
		else if (!strncmp(word, "PCI_ID=", 7))
			snprintf(event->id, sizeof(event->id), "%s", word + 7);
		else if (!strcmp(word, "SUBSYSTEM=pci"))
			pci = true;
		else if (!strncmp(word, "DEVPATH=", 8) && strrchr(word, '/') &&
			 bdf_parse(strrchr(word, '/') + 1, &event->bdf))
			return -EINVAL;
	}
	return pci && *event->action && *event->bdf.s ? 0 : -EINVAL;
}

int uevent_next(int fd, struct uevent *event, int64_t until_ns)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	char message[8192];

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, message, sizeof(message), 0,
				     (struct sockaddr *)&from, &size);

		/* Only the kernel's own: any process may send to the group's members. */
		if (n > 0 && from.nl_pid == 0 && !uevent_parse(message, (size_t)n, event))
			return 0;
		if (n >= 0 || errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (now_ns() >= until_ns)
			return -ETIMEDOUT;
		if (poll_until(&pollfd, 1, until_ns) < 0 && errno != EINTR)
			return -errno;
	}
}

void uevent_drain(int fd)
{
	char byte;
	struct iovec part = { &byte, 1 };
	struct mmsghdr messages[32] = { 0 };
	int n;

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		messages[i].msg_hdr =
			(struct msghdr){ .msg_iov = &part, .msg_iovlen = 1 };
	/* ENOBUFS: what was lost is forgotten, too. */
	do
		n = recvmmsg(fd, messages, ARRAY_SIZE(messages), MSG_TRUNC, NULL);
	while (n > 0 || (n < 0 && errno == ENOBUFS));
}
