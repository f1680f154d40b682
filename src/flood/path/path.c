// SPDX-License-Identifier: GPL-2.0-or-later
/* What all kinds of path share: sending and reading in batches. */
#include "path.h"
#include "base/num.h"
#include "flood/link/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct path *path_new(const struct path_ops *ops, const struct frame_ends *ends,
		      const struct path_spec *spec, size_t buffer_len)
{
	struct path *path = xcalloc(1, sizeof(*path));

	path->ops = ops;
	path->spec = *spec;
	path->fds[0] = path->fds[1] = path->fds[PATH_WATCH] = path->watch.fd = -1;
	path_set_ends(path, ends);
	path->frames = xcalloc(PATH_FRAMES, sizeof(*path->frames));
	path->buffer_len = buffer_len;
	path->buffers = xcalloc(RECEIVE_BATCH, buffer_len);
	for (unsigned int i = 0; i < RECEIVE_BATCH; i++)
		path->places[i] =
			(struct iovec){ path->buffers + i * buffer_len, buffer_len };
	return path;
}

void path_set_ends(struct path *path, const struct frame_ends *ends)
{
	mix_free(path->mix);
	path->ends = *ends;
	path->mix = mix_new(&path->spec.flood, ends, &path->spec.mark);
	/* Half a packet of before is nobody's. */
	path->n_rest = 0;
}

static void look(struct path_watch *w)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };

	w->ifindex = (int)if_nametoindex(w->name);
	w->carrier = false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", w->name);
	if (fd < 0 || !w->ifindex)
		return;
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0)
		w->carrier = request.ifr_flags & IFF_UP &&
			     request.ifr_flags & IFF_RUNNING;
	if (ioctl(fd, SIOCGIFHWADDR, &request) == 0)
		memcpy(w->mac, request.ifr_hwaddr.sa_data, sizeof(w->mac));
}

int path_watch_open(struct path *path, const char *interface)
{
	struct path_watch *w = &path->watch;
	int fd = netlink_watch(RTMGRP_LINK);

	if (fd < 0)
		return fd;
	path->fds[PATH_WATCH] = w->fd = fd;
	snprintf(w->name, sizeof(w->name), "%s", interface);
	look(w);
	return 0;
}

bool path_has_link(const struct path *path)
{
	return path->watch.fd < 0 || (path->watch.ifindex && path->watch.carrier);
}

void path_want_times(struct path *path, bool on)
{
	int value = on;

	if (on == path->times || !path->ops->replies ||
	    path->spec.measure != PATH_MEASURE_ALL)
		return;
	path->times = on;
	for (unsigned int i = 0; i < PATH_WATCH; i++)
		if (path->fds[i] >= 0)
			(void)!setsockopt(path->fds[i], SOL_SOCKET, SO_TIMESTAMPNS,
					  &value, sizeof(value));
}

void path_free(struct path *path)
{
	if (!path)
		return;
	if (path->ops->free)
		path->ops->free(path);
	mem_close_fd(&path->watch.fd);
	free(path->note);
	for (unsigned int i = 0; i < 2; i++)
		if (path->ops->owns_fds && path->fds[i] >= 0)
			close(path->fds[i]);
	mix_free(path->mix);
	free(path->frames);
	free(path->buffers);
	free(path);
}

/*
 * Anything that goes by when the target, its link or its route comes back is "nobody
 * there", and so is a device whose queue is full, for poll(2) does not tell when it has
 * room again. What is left is a bug or a wrong socket.
 */
int path_send_error(struct path *path, int error)
{
	if (error != EINTR)
		flood_errors_count(&path->errors, error);
	switch (error) {
	case EAGAIN:
	case EINTR:
		return -EAGAIN;
	case EBADF:
	case ENOTSOCK:
	case EINVAL:
	case EMSGSIZE:
	case EOPNOTSUPP:
		return -error;
	default:
		return -ENOTCONN;
	}
}

/* Sends frames[0..count), of which the first n_rest have no owner any more. */
static int flush(struct path *path, int fd, unsigned int count)
{
	struct mmsghdr messages[PATH_FRAMES];
	struct iovec pieces[PATH_FRAMES][2];
	unsigned int sent, rest = 0;
	int done, error;

	for (unsigned int i = 0; i < count; i++) {
		struct mix_frame *frame = &path->frames[i];
		uint8_t *pad = (uint8_t *)mix_pad(path->mix) + frame->pad_at;

		pieces[i][0] = (struct iovec){ frame->head, frame->head_len };
		pieces[i][1] = (struct iovec){ pad, frame->pad_len };
		messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = pieces[i],
							     .msg_iovlen = 2 } };
	}
	done = sendmmsg(fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
	error = done < 0 ? path_send_error(path, errno) : -EAGAIN;
	sent = done < 0 ? 0 : (unsigned int)done;
	for (unsigned int i = path->n_rest; i < sent; i++)
		path->owners[i]->taken = true;
	/* With nobody there, half a packet is nothing to finish. */
	if (sent < count && error == -EAGAIN)
		while (sent + rest < count &&
		       (sent + rest < path->n_rest || path->owners[sent + rest]->taken))
			rest++;
	memmove(path->frames, path->frames + sent, rest * sizeof(*path->frames));
	path->n_rest = rest;
	return sent == count ? 0 : error;
}

/* Adds the frames of a request behind those that are there; returns how many there are. */
static unsigned int make(struct path *path, struct path_request *request, bool bare,
			 unsigned int count)
{
	struct mix_frame *frames = path->frames + count;
	unsigned int n = 1;

	if (bare)
		mix_make_icmp(path->mix, request->family, request->seq, frames);
	else
		n = mix_make(path->mix, request->kind, request->family, request->seq,
			     frames);
	for (unsigned int i = 0; i < n; i++)
		path->owners[count + i] = request;
	return count + n;
}

int path_send_to(struct path *path, int fd, struct path_request *requests, unsigned int n,
		 enum flood_family bare)
{
	unsigned int count = path->n_rest;
	int r = 0;

	for (unsigned int i = 0; i < n && r == 0; i++) {
		if (bare && requests[i].family != bare)
			continue;
		requests[i].taken = false;
		count = make(path, &requests[i], bare, count);
		if (count < PATH_BATCH)
			continue;
		r = flush(path, fd, count);
		count = path->n_rest;
	}
	return r == 0 && count ? flush(path, fd, count) : r;
}

int path_send(struct path *path, struct path_request *requests, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		requests[i].taken = false;
	if (path_has_link(path))
		return path->ops->send(path, requests, n);
	flood_errors_count(&path->errors, path->watch.ifindex ? ENETDOWN : ENODEV);
	return -ENOTCONN;
}

/* Of a datagram with this control message, on the clock of the flood. */
static uint64_t stamp_of(struct msghdr *message, int64_t offset)
{
	struct timespec stamp;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
			return (uint64_t)((int64_t)stamp.tv_sec * (int64_t)NS_PER_SEC +
					  stamp.tv_nsec + offset);
		}
	return 0;
}

/* Stamps are of CLOCK_REALTIME, which somebody may set. */
static int64_t clock_offset(void)
{
	struct timespec boot, real;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	return ((int64_t)boot.tv_sec - real.tv_sec) * (int64_t)NS_PER_SEC + boot.tv_nsec -
	       real.tv_nsec;
}

/* Returns how many came; fewer than RECEIVE_BATCH: there is no more. */
static unsigned int receive_batch(struct path *path, unsigned int index, path_echo_fn fn,
				  void *arg)
{
	struct mmsghdr messages[RECEIVE_BATCH] = { 0 };
	char controls[RECEIVE_BATCH][CMSG_SPACE(sizeof(struct timespec))];
	int64_t offset = 0;
	int n;

	for (unsigned int i = 0; i < RECEIVE_BATCH; i++)
		messages[i].msg_hdr =
			(struct msghdr){ .msg_iov = &path->places[i],
					 .msg_iovlen = 1,
					 .msg_control = controls[i],
					 .msg_controllen = sizeof(controls[i]) };
	n = recvmmsg(path->fds[index], messages, RECEIVE_BATCH, MSG_DONTWAIT, NULL);
	if (n > 0 && messages[0].msg_hdr.msg_controllen)
		offset = clock_offset();
	for (int i = 0; i < n; i++) {
		if (path->spec.measure != PATH_MEASURE_ALL ||
		    messages[i].msg_hdr.msg_flags & MSG_TRUNC)
			continue;
		path->stamp_ns = stamp_of(&messages[i].msg_hdr, offset);
		path->ops->take(path, index,
				(struct text){ path->places[i].iov_base,
					       messages[i].msg_len },
				fn, arg);
	}
	path->came += n > 0 ? (uint64_t)n : 0;
	/* Whoever asks first is told of what an ICMP message has reported. */
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		flood_errors_count(&path->errors, errno);
	return n > 0 ? (unsigned int)n : 0;
}

unsigned int path_receive(struct path *path, path_echo_fn fn, void *arg)
{
	unsigned int all = 0, n;

	if (path->spec.measure == PATH_MEASURE_NONE)
		return 0;
	for (unsigned int index = 0; index < 2; index++)
		for (unsigned int call = 0; path->fds[index] >= 0 && call < RECEIVE_CALLS;
		     call++) {
			n = receive_batch(path, index, fn, arg);
			all += n;
			if (n < RECEIVE_BATCH)
				break;
		}
	return all;
}

void path_look(struct path *path)
{
	struct path_watch *w = &path->watch, before = *w;
	char bytes[8192];
	ssize_t n;

	/*
	 * Messages only say that something happened, and ENOBUFS that some were lost, once;
	 * how things stand is asked of the interface.
	 */
	do {
		n = recv(w->fd, bytes, sizeof(bytes), 0);
	} while (n > 0 || (n < 0 && (errno == ENOBUFS || errno == EINTR)));
	look(w);
	if (path->ops->changed &&
	    (w->ifindex != before.ifindex || w->carrier != before.carrier ||
	     memcmp(w->mac, before.mac, sizeof(w->mac)) != 0))
		path->ops->changed(path);
}

bool path_replies(struct path *path, uint64_t *ret)
{
	if (path->spec.measure == PATH_MEASURE_NONE) {
		*ret = 0;
		return true;
	}
	return path->ops->replies && path->ops->replies(path, ret);
}

void path_take_errors(struct path *path, unsigned int index)
{
	char bytes[1];
	struct iovec place = { bytes, sizeof(bytes) };
	int error = 0;
	socklen_t len = sizeof(error);

	/* Reading it clears it; its message in the queue of errors tells no more. */
	(void)getsockopt(path->fds[index], SOL_SOCKET, SO_ERROR, &error, &len);
	if (error)
		flood_errors_count(&path->errors, error);
	for (unsigned int i = 0; path->ops->has_error_queue && i < RECEIVE_BATCH; i++) {
		struct msghdr message = { .msg_iov = &place, .msg_iovlen = 1 };

		if (recvmsg(path->fds[index], &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
	}
}
