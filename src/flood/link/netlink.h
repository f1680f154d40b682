/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says of links and neighbours (rtnetlink). */
#pragma once

#include "flood/link.h"

struct nl_addr;
struct nl_sock;

#define _cleanup_netlink_ _cleanup_(netlink_close)

/* 0 or a negative error of libnl. Caller closes. */
int netlink_open(struct nl_sock **ret) _must_check_;
void netlink_close(struct nl_sock **socket);
/* A socket that is readable when something of these RTMGRP_* has changed, or -errno. */
int netlink_watch(uint32_t groups);

/* The struct in_addr or in6_addr in it. */
const void *netlink_bytes(const struct sockaddr *address);
/* Aborts without memory. Caller puts it. */
struct nl_addr *netlink_address(int family, const void *bytes);
/*
 * The state (NUD_*) of the neighbour's entry, 0 when there is none with an Ethernet address
 * that can be used; or a negative error of libnl.
 */
int netlink_neighbour(struct nl_sock *socket, int ifindex, struct nl_addr *address,
		      uint8_t ret_mac[LINK_MAC]) _must_check_;

/* Whether what is sent waits in a queue of the kernel's; true as well when nobody knows. */
bool netlink_has_queue(int ifindex);
/* Packets that the interface has sent; 0 when nobody knows. */
uint64_t netlink_packets_sent(int ifindex);
