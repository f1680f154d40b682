/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to the kernel about its network: rtnetlink(7). */
#pragma once

#include "worker/internal.h"

#include <linux/rtnetlink.h>

#define NETLINK_SIZE 2048

struct netlink_request {
	struct nlmsghdr header;
	char body[NETLINK_SIZE];
};

/* body: struct rtmsg, struct ifaddrmsg ... */
void netlink_begin(struct netlink_request *request, int type, int flags, const void *body,
		   size_t size);
void netlink_add(struct netlink_request *request, int type, const void *data,
		 size_t size);
/* The attribute of a message whose fixed part has body_size bytes, or NULL. */
struct rtattr *netlink_find(const struct nlmsghdr *header, size_t body_size, int type);
/* Of an attribute; fallback: there is none. */
uint32_t netlink_u32(const struct rtattr *attribute, uint32_t fallback);

/*
 * take: each message of the answer of type wanted, the only one that may come; 0 or
 * -errno. NULL: only errors are of interest. Returns 0 or -errno; -EINTR: what was listed
 * has changed meanwhile.
 */
int netlink_ask(const struct netlink_request *request, int wanted,
		int (*take)(void *arg, const struct nlmsghdr *header), void *arg);
/* All that a family has: type is RTM_GETLINK and the like. As netlink_ask(). */
int netlink_dump(int type, int family,
		 int (*take)(void *arg, const struct nlmsghdr *header), void *arg);
