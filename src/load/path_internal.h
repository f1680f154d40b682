/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by path.c and the two kinds of path. */
#pragma once

#include "load/path.h"

#include <sys/uio.h>

/* Datagrams read with one system call, and such calls in one path_receive. */
#define RECEIVE_BATCH 32u
#define RECEIVE_CALLS 8u

struct path_ops {
	int (*send)(struct path *path, struct path_request *requests, unsigned int n);
	/* One received datagram of the socket with this index. */
	void (*take)(struct path *path, unsigned int index, struct text datagram,
		     path_echo_fn fn, void *arg);
	unsigned int busy;
	bool owns_fds;
};

/* One to each of ARP and neighbour discovery, and a second of both. */
#define PATH_ANSWERS 4u

struct path_answer {
	uint8_t frame[FRAME_ANSWER];
	size_t n;
};

struct path {
	const struct path_ops *ops;
	int fds[2];
	struct frame_ends ends;
	struct frame_template templates[2]; /* v4, v6 */
	uint8_t *pad;                       /* behind the tag */
	size_t pad_len;
	uint8_t (*heads)[FRAME_HEAD]; /* PATH_BATCH of them */
	struct iovec pieces[PATH_BATCH][2];
	uint8_t *buffers;
	size_t buffer_len;
	struct iovec places[RECEIVE_BATCH];
	struct path_answer answers[PATH_ANSWERS]; /* not sent yet, oldest first */
	unsigned int n_answers;
};

static inline const struct frame_template *path_template(const struct path *path,
							 enum flood_family family)
{
	return &path->templates[family == FLOOD_V6];
}

struct path *path_new(const struct path_ops *ops, const struct frame_ends *ends,
		      const struct path_spec *spec, size_t buffer_len);
/*
 * Sends requests to fd, as far as it takes them: whole frames of all, or, when bare is a
 * family, the ICMP messages of those that are of this family. Returns as path_send.
 */
int path_send_to(struct path *path, int fd, struct path_request *requests, unsigned int n,
		 enum flood_family bare);
