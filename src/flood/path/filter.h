/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets that see only replies to our requests, and count them without handing each on.
 * Their receive queue has room for a few datagrams, which are the sample; the others are
 * dropped, and the kernel's count of drops is theirs.
 */
#pragma once

#include "flood/frame.h"

/* Of a packet socket: echo replies from the target's addresses; 0 or -errno. */
int filter_packet(int fd, const struct frame_ends *ends, const struct frame_mark *mark);
/* Of a packet socket: all that this machine sends. */
int filter_from(int fd, const uint8_t mac[FRAME_MAC]);
/* Of a raw socket, which hands up IPv4 with its header and ICMPv6 without. */
int filter_raw(int fd, enum flood_family family, const struct frame_mark *mark);

/* Drops of a packet socket since the last call. */
uint64_t filter_take_packet_drops(int fd);
/* Drops of a raw socket since it was opened: 32 bits that wrap. */
uint32_t filter_raw_drops(int fd);
/* As little room as there is. */
void filter_make_small(int fd);
/* Room for what comes within a tick; beyond the system's limit only with CAP_NET_ADMIN. */
void filter_make_large(int fd);
