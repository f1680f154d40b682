/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of requests to the target, and of its replies back. Never blocks, and a path whose
 * other end is gone only takes nothing: the target, its link and its interface may come back
 * at any time.
 */
#pragma once

#include "flood/link.h"
#include "flood/path.h"
#include "flood/wire/mix.h"

#include <sys/uio.h>

#define PATH_BATCH 64u /* most requests in one path_send */
#define PATH_FDS   3u

struct path_request {
	enum flood_kind kind;
	enum flood_family family; /* one that the kind has */
	uint32_t seq;
	bool taken; /* set by path_send */
};

/* at_ns: when it came, CLOCK_BOOTTIME; 0 when only the caller's own clock tells. */
typedef void (*path_echo_fn)(void *arg, const struct frame_echo *echo, uint64_t at_ns);

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
	/*
	 * At full rate a path may send by itself, until this is called with false. True: it
	 * does, and `made` says how many requests that were since the opening, none of which
	 * can be told apart. NULL: it cannot.
	 */
	bool (*flat_out)(struct path *path, bool on);
	uint64_t (*made)(struct path *path);
	/* The interface has come, gone or changed. NULL: nothing to do. */
	void (*changed)(struct path *path);
	/* What close(2) of the descriptors leaves. NULL: nothing. */
	void (*free)(struct path *path);
	/* Datagrams in one path_receive from which on its queue may run full within a tick. */
	unsigned int busy;
	bool owns_fds;
	bool has_error_queue; /* MSG_ERRQUEUE; a socket without one gives data then */
};

/* Whether the interface is there and has carrier, told when it changes (rtnetlink). */
struct path_watch {
	int fd; /* readable: path_look; -1: no interface is watched */
	char name[IF_NAMESIZE];
	int ifindex; /* 0: it is not there */
	bool carrier;
	uint8_t mac[FRAME_MAC];
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
	void *own;         /* of its kind */
	int fds[PATH_FDS]; /* for epoll; -1: there is none */
	struct path_watch watch;
	/*
	 * How often sending failed: one for each system call that said so, and for each
	 * path_send that had no interface to send through (ENETDOWN, ENODEV).
	 */
	struct flood_errors errors;
	char *note;        /* what it does without, for people; NULL: nothing */
	uint64_t rights;   /* RIGHTS_* that path_free needs */
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

/* -- opening -------------------------------------------------------------------------- */

/*
 * Frames over the AF_UNIX datagram socket fd, which stays the caller's. Answers the
 * target's questions for our addresses. -ENOTSOCK when fd is no such socket.
 */
int path_open_frames(int fd, const struct frame_ends *ends, const struct path_spec *spec,
		     struct path **ret) _must_check_;

/*
 * Raw sockets: v4, v6, or both (NULL: not that family), connected. Packets die at the
 * first router unless routed. interface: the one that is used; NULL: any. only: bound to
 * it, and lost when it goes. -EPERM without CAP_NET_RAW, -EOPNOTSUPP when the flood is more
 * than FLOOD_ICMP, or in a VLAN.
 */
struct path_peers {
	const struct sockaddr_in *v4;
	const struct sockaddr_in6 *v6;
	const char *interface;
	bool only, routed;
};
int path_open_raw(const struct path_peers *peers, const struct path_spec *spec,
		  struct path **ret) _must_check_;

/*
 * Whole frames through a packet socket on the interface of this name. An interface that
 * goes is waited for; its Ethernet address is taken anew. -EPERM without CAP_NET_RAW,
 * -EOPNOTSUPP when it is no Ethernet.
 */
int path_open_packet(const char *interface, const struct frame_ends *ends,
		     const struct path_spec *spec, struct path **ret) _must_check_;

/*
 * As packet, but each frame is multiplied in the kernel: by a program at the interface's
 * way out (tc), or, where the driver can, by frames that begin there (live, at rate max).
 * Both are tried out at opening, and counted by the interface itself. -EPERM without
 * CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN, -EOPNOTSUPP when neither works here or is built
 * in; *ret_reason (caller frees) says what it was.
 */
int path_open_turbo(const char *interface, const struct frame_ends *ends,
		    const struct path_spec *spec, struct path **ret,
		    char **ret_reason) _must_check_;

/* -- what the engine does with it ----------------------------------------------------- */

void path_free(struct path *path);

/*
 * Sends at most PATH_BATCH requests. 0 when all were taken, -EAGAIN when the queue is
 * full, -ENOTCONN when nobody is there, else what is wrong with the socket for good.
 */
int path_send(struct path *path, struct path_request *requests, unsigned int n);
/* Whether path_echo_fn is to be told when each came, where the kernel knows; at first not. */
void path_want_times(struct path *path, bool on);
/*
 * Hands on what has come, a few hundred datagrams at most; returns how many came. With less
 * than PATH_MEASURE_ALL nothing is handed on.
 */
unsigned int path_receive(struct path *path, path_echo_fn fn, void *arg);

/* What has become of the interface: when descriptor PATH_FDS - 1 is readable. */
void path_look(struct path *path);

/*
 * A path that hands on only a sample of the replies counts them all: replies to our
 * requests since the opening, those that were handed on included, and with
 * PATH_MEASURE_NONE 0. False: it hands on each.
 */
bool path_replies(struct path *path, uint64_t *ret);
/* Takes what the socket reports when epoll says EPOLLERR, as of an ICMP message. */
void path_take_errors(struct path *path, unsigned int index);

/* -- what its kinds are made of ------------------------------------------------------- */

struct path *path_new(const struct path_ops *ops, const struct frame_ends *ends,
		      const struct path_spec *spec, size_t buffer_len);
/* Templates of all requests, anew; after ends have changed. */
void path_set_ends(struct path *path, const struct frame_ends *ends);
/*
 * From now on the path knows whether its interface is there; one that is not is no error.
 */
int path_watch_open(struct path *path, const char *interface) _must_check_;
/* False while requests could go nowhere. */
bool path_has_link(const struct path *path);
/* What path_send returns for this errno value; counted. */
int path_send_error(struct path *path, int error);

/*
 * Sends requests to fd, as far as it takes them: whole frames of all, or, when bare is a
 * family, the ICMP messages of those that are of this family. A request in fragments is
 * taken with the first one; the others come first next time. Returns as path_send.
 */
int path_send_to(struct path *path, int fd, struct path_request *requests, unsigned int n,
		 enum flood_family bare);
