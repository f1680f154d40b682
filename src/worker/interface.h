/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the network interfaces of a device have, and how new ones get it. */
#pragma once

#include "worker/internal.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

#define INTERFACES_MAX 8

struct interface {
	char name[IF_NAMESIZE], mac[64];
	uint32_t index, flags, mtu;
};

/* An address, or a route that the kernel has not made by itself, as the kernel told it. */
struct interface_part {
	struct nlmsghdr *message;
	size_t owner; /* index of the interface */
	bool done;    /* it is there again */
};

/* {0} is empty; parts are freed with interfaces_done. */
struct interfaces {
	struct interface list[INTERFACES_MAX];
	size_t n;
	struct interface_part *parts;
	size_t n_parts;
};

/* Returns 0 or -errno. With a sysroot there are no parts. */
int interfaces_read(struct interfaces *interfaces, const struct bdf *bdf);
/* How many the device has now. */
size_t interfaces_count(const struct bdf *bdf);
/*
 * The device's interfaces of now get what those had: name, MTU, addresses, routes, and are
 * up. False: something is missing, which missing tells.
 */
bool interfaces_restore(struct interfaces *interfaces, const struct bdf *bdf,
			char *missing, size_t size);
void interfaces_done(struct interfaces *interfaces);
