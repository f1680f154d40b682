// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages only say that something happened; how things stand is asked of the interface,
 * so that nothing is missed when the socket runs full.
 */
#include "watch.h"

#include "flood/link/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void look(struct watch *w)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };

	w->ifindex = (int)if_nametoindex(w->name);
	w->carrier = false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", w->name);
	if (fd < 0 || !w->ifindex)
		return;
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0)
		w->carrier = request.ifr_flags & IFF_UP &&
			     request.ifr_flags & IFF_RUNNING;
	if (ioctl(fd, SIOCGIFHWADDR, &request) == 0)
		memcpy(w->mac, request.ifr_hwaddr.sa_data, sizeof(w->mac));
}

int watch_open(const char *name, struct watch *ret)
{
	int fd = netlink_watch(RTMGRP_LINK);

	if (fd < 0)
		return fd;
	*ret = (struct watch){ .fd = fd };
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	look(ret);
	return 0;
}

void watch_close(struct watch *w)
{
	mem_close_fd(&w->fd);
}

bool watch_read(struct watch *w)
{
	struct watch before = *w;
	char bytes[8192];
	ssize_t n;

	/* ENOBUFS says that messages were lost, once. */
	do {
		n = recv(w->fd, bytes, sizeof(bytes), 0);
	} while (n > 0 || (n < 0 && (errno == ENOBUFS || errno == EINTR)));
	look(w);
	return w->ifindex != before.ifindex || w->carrier != before.carrier ||
	       memcmp(w->mac, before.mac, sizeof(w->mac)) != 0;
}
