// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole frames over an inherited AF_UNIX datagram socket, as QEMU's `-netdev dgram` speaks
 * them. Nothing that is sent here can leave the machine.
 */
#include "path.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

/*
 * What waits in this queue reaches a target that is up again as a burst of old requests,
 * and adds to the round trip of one that is slow: some 80 full frames are enough.
 */
#define SEND_ROOM (96 << 10)

/*
 * Answers go before any request: a target that does not learn our address, because the
 * flood has filled the queue just then, asks again only after a second, and may give up.
 */
static int send_answers(struct path *path)
{
	while (path->n_answers) {
		const struct path_answer *first = &path->answers[0];

		if (send(path->fds[0], first->frame, first->n,
			 MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			flood_errors_count(&path->errors, errno);
			return errno == EAGAIN || errno == ENOBUFS ? -EAGAIN : -ENOTCONN;
		}
		memmove(path->answers, path->answers + 1,
			--path->n_answers * sizeof(*path->answers));
	}
	return 0;
}

static int frames_send(struct path *path, struct path_request *requests, unsigned int n)
{
	int r = send_answers(path);

	return r == 0 ? path_send_to(path, path->fds[0], requests, n, 0) : r;
}

static void frames_take(struct path *path, unsigned int index, struct text frame,
			path_echo_fn fn, void *arg)
{
	struct path_answer *answer;
	struct frame_echo echo;

	(void)index;
	if (frame_parse_echo(&path->ends, frame, &echo)) {
		fn(arg, &echo, path->stamp_ns);
		return;
	}
	/* With all places taken the newest gives way: the target asks again. */
	if (path->n_answers == PATH_ANSWERS)
		path->n_answers--;
	answer = &path->answers[path->n_answers];
	answer->n = frame_answer(&path->ends, frame, answer->frame);
	if (answer->n)
		path->n_answers++;
	(void)!send_answers(path);
}

static const struct path_ops frames_ops = {
	.send = frames_send,
	.take = frames_take,
	/* net.unix.max_dgram_qlen is 10, if nobody raised it. */
	.busy = 8,
};

int path_open_frames(int fd, const struct frame_ends *ends, const struct path_spec *spec,
		     struct path **ret)
{
	int type = 0, domain = 0, room = SEND_ROOM;
	socklen_t type_len = sizeof(type), domain_len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) < 0 ||
	    type != SOCK_DGRAM || domain != AF_UNIX)
		return -ENOTSOCK;
	*ret = path_new(&frames_ops, ends, spec, 2048);
	(*ret)->fds[0] = fd;
	(void)!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return 0;
}
