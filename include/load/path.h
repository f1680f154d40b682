/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of echo requests to the target, and of its replies back: a datagram socket that
 * carries whole frames, or raw ICMP sockets. Never blocks, and a path whose other end is
 * gone only takes nothing: the target may be restarted at any time.
 */
#pragma once

#include "load/frame.h"

#include <sys/socket.h>

#define PATH_BATCH 64u /* most requests in one path_send */

struct path;

struct path_request {
	enum flood_family family;
	uint32_t seq;
	bool taken; /* set by path_send */
};

typedef void (*path_echo_fn)(void *arg, const struct frame_echo *echo);

/* What both kinds of path need to know. */
struct path_spec {
	enum flood_family family;
	uint32_t size; /* payload bytes */
	struct frame_mark mark;
};

/*
 * Frames over the AF_UNIX datagram socket fd, which stays the caller's. Answers the
 * target's questions for our addresses. -ENOTSOCK when fd is no such socket, -EMSGSIZE
 * when a request does not fit one frame.
 */
int path_open_frames(int fd, const struct frame_ends *ends, const struct path_spec *spec,
		     struct path **ret) _must_check_;

/*
 * Raw sockets: v4, v6, or both (NULL: not that family), connected. Packets die at the
 * first router unless off_link. -EPERM without CAP_NET_RAW.
 */
struct path_peers {
	const struct sockaddr_in *v4;
	const struct sockaddr_in6 *v6;
	bool off_link;
};
int path_open_raw(const struct path_peers *peers, const struct path_spec *spec,
		  struct path **ret) _must_check_;

void path_free(struct path *path);

/* For epoll, index 0 and 1; -1: there is none. */
int path_fd(const struct path *path, unsigned int index);
/* Datagrams in one path_receive from which on its queue may run full within a tick. */
unsigned int path_busy(const struct path *path);

/*
 * Sends at most PATH_BATCH requests. 0 when all were taken, -EAGAIN when the queue is
 * full, -ENOTCONN when nobody is there, else what is wrong with the socket for good.
 */
int path_send(struct path *path, struct path_request *requests, unsigned int n);
/* Hands on what has come, a few hundred datagrams at most; returns how many came. */
unsigned int path_receive(struct path *path, path_echo_fn fn, void *arg);
