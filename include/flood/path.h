/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of requests to the target, and of its replies back; one kind of path is one
 * engine, flood/engines.h lists them. Never blocks, and a path whose other end is gone only
 * takes nothing: the target, its link and its interface may come back at any time.
 */
#pragma once

#include "flood/frame.h"
#include "flood/link.h"

#include <sys/socket.h>

#define PATH_BATCH 64u /* most requests in one path_send */
#define PATH_FDS   3u

struct path;

struct path_request {
	enum flood_kind kind;
	enum flood_family family; /* one that the kind has */
	uint32_t seq;
	bool taken; /* set by path_send */
};

/* at_ns: when it came, CLOCK_BOOTTIME; 0 when only the caller's own clock tells. */
typedef void (*path_echo_fn)(void *arg, const struct frame_echo *echo, uint64_t at_ns);

/*
 * What becomes of replies. Less than all of it shows what measuring costs; packet, turbo
 * and raw can do with less.
 */
enum path_measure {
	PATH_MEASURE_ALL,   /* counted, and a sample or all of them handed on */
	PATH_MEASURE_COUNT, /* counted only; FLOOD_ICMP alone */
	PATH_MEASURE_NONE,  /* the sockets receive nothing */
};

/* What all kinds of path need to know. */
struct path_spec {
	struct flood_spec flood;
	struct frame_mark mark;
	enum path_measure measure;
};

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

void path_free(struct path *path);
/* RIGHTS_* that path_free needs. */
uint64_t path_rights(const struct path *path);

/* For epoll, index below PATH_FDS; -1: there is none. */
int path_fd(const struct path *path, unsigned int index);
/*
 * What to wait for at it: wake when a reply is to wake the caller, room when it has
 * requests that the path did not take for lack of room.
 */
uint32_t path_events(const struct path *path, unsigned int index, bool wake, bool room);
/* Datagrams in one path_receive from which on its queue may run full within a tick. */
unsigned int path_busy(const struct path *path);

/*
 * Sends at most PATH_BATCH requests. 0 when all were taken, -EAGAIN when the queue is
 * full, -ENOTCONN when nobody is there, else what is wrong with the socket for good.
 */
int path_send(struct path *path, struct path_request *requests, unsigned int n);
/*
 * At full rate a path may send by itself, until this is called with false. True: it does,
 * and path_made says how many requests that were since the opening, none of which can be
 * told apart.
 */
bool path_flat_out(struct path *path, bool on);
uint64_t path_made(struct path *path);
/* What it does without, for people; NULL: nothing. */
const char *path_note(const struct path *path);
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
/*
 * How often sending failed: one for each system call that said so, and for each path_send
 * that had no interface to send through (ENETDOWN, ENODEV).
 */
const struct flood_errors *path_errors(const struct path *path);
/* Takes what the socket reports when epoll says EPOLLERR, as of an ICMP message. */
void path_take_errors(struct path *path, unsigned int index);
