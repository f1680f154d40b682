/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by link.c (routes) and neighbour.c. */
#pragma once

#include "flood/link.h"

struct nl_addr;
struct nl_cache;
struct nl_sock;

/* Aborts without memory. Caller puts it. */
struct nl_addr *link_nl_addr(const struct sockaddr *address);
/* 0 or a negative error of libnl. Caller frees. */
int link_nl_open(struct nl_sock **ret);
/* False when there is no entry with an Ethernet address that can be used. */
bool link_neighbour_mac(struct nl_cache *neighbours, int ifindex, struct nl_addr *address,
			uint8_t ret[LINK_MAC]);
/* Whether what is sent waits in a queue of the kernel's; true as well when nobody knows. */
bool link_has_queue(int ifindex);
