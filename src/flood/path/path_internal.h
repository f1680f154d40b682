/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by path.c and the kinds of path. */
#pragma once

#include "flood/path.h"
#include "flood/wire/mix.h"
#include "watch.h"

#include <sys/uio.h>

/* Datagrams read with one system call, and such calls in one path_receive. */
#define RECEIVE_BATCH 32u
#define RECEIVE_CALLS 8u

/* Where the watch stands among the path's descriptors. */
#define PATH_WATCH 2u

struct path_ops {
	int (*send)(struct path *path, struct path_request *requests, unsigned int n);
	/* One received datagram of the socket with this index. */
	void (*take)(struct path *path, unsigned int index, struct text datagram,
		     path_echo_fn fn, void *arg);
	/* NULL, or false: each reply is handed on. */
	bool (*replies)(struct path *path, uint64_t *ret);
	/* NULL: it cannot. */
	bool (*flat_out)(struct path *path, bool on);
	uint64_t (*made)(struct path *path);
	/* The interface has come, gone or changed. NULL: nothing to do. */
	void (*changed)(struct path *path);
	/* What close(2) of the descriptors leaves. NULL: nothing. */
	void (*free)(struct path *path);
	unsigned int busy;
	bool owns_fds;
	bool has_error_queue; /* MSG_ERRQUEUE; a socket without one gives data then */
};

/* Frames of one system call. */
#define PATH_FRAMES (PATH_BATCH + MIX_FRAMES)

/* One to each of ARP and neighbour discovery, and a second of both. */
#define PATH_ANSWERS 4u

struct path_answer {
	uint8_t frame[FRAME_ANSWER];
	size_t n;
};

struct path {
	const struct path_ops *ops;
	void *own; /* of its kind */
	int fds[PATH_FDS];
	struct watch watch; /* fd -1: none */
	struct flood_errors errors;
	char *note;        /* NULL: none */
	uint64_t rights;   /* for ops->free */
	bool times;        /* path_want_times */
	uint64_t stamp_ns; /* when the datagram that is taken came, 0 = unknown */
	uint64_t came;     /* datagrams read */
	struct path_spec spec;
	struct frame_ends ends;
	struct mix *mix;
	/* Frames on their way, with the request of each. */
	struct mix_frame *frames; /* PATH_FRAMES of them */
	struct path_request *owners[PATH_FRAMES];
	/* frames[0..]: what a request that was taken in part still lacks. */
	unsigned int n_rest;
	uint8_t *buffers;
	size_t buffer_len;
	struct iovec places[RECEIVE_BATCH];
	struct path_answer answers[PATH_ANSWERS]; /* not sent yet, oldest first */
	unsigned int n_answers;
};

struct path *path_new(const struct path_ops *ops, const struct frame_ends *ends,
		      const struct path_spec *spec, size_t buffer_len);
/* Templates of all requests, anew; after ends have changed. */
void path_set_ends(struct path *path, const struct frame_ends *ends);
/* From now on the path knows whether its interface is there. */
int path_watch(struct path *path, const char *interface) _must_check_;
/* False while requests could go nowhere. */
bool path_has_link(const struct path *path);
void path_count_error(struct path *path, int error);
/* What path_send returns for this errno value; counted. */
int path_send_error(struct path *path, int error);

/*
 * Sends requests to fd, as far as it takes them: whole frames of all, or, when bare is a
 * family, the ICMP messages of those that are of this family. A request in fragments is
 * taken with the first one; the others come first next time. Returns as path_send.
 */
int path_send_to(struct path *path, int fd, struct path_request *requests, unsigned int n,
		 enum flood_family bare);
