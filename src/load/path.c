// SPDX-License-Identifier: GPL-2.0-or-later
/* What both kinds of path share: batches out of templates, and reading in batches. */
#include "load/path.h"

#include "path_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct path *path_new(const struct path_ops *ops, const struct frame_ends *ends,
		      const struct path_spec *spec, size_t buffer_len)
{
	struct path *path = xcalloc(1, sizeof(*path));

	path->ops = ops;
	path->ends = *ends;
	path->fds[0] = path->fds[1] = -1;
	frame_template_init(&path->templates[0], FLOOD_V4, ends, &spec->mark, spec->size);
	frame_template_init(&path->templates[1], FLOOD_V6, ends, &spec->mark, spec->size);
	path->pad_len = spec->size - FRAME_TAG;
	path->pad = xcalloc(path->pad_len, 1);
	for (size_t i = 0; i < path->pad_len; i++)
		path->pad[i] = frame_pad_byte(i);
	path->heads = xcalloc(PATH_BATCH, sizeof(path->heads[0]));
	path->buffer_len = buffer_len;
	path->buffers = xcalloc(RECEIVE_BATCH, buffer_len);
	for (unsigned int i = 0; i < RECEIVE_BATCH; i++)
		path->places[i] =
			(struct iovec){ path->buffers + i * buffer_len, buffer_len };
	return path;
}

void path_free(struct path *path)
{
	if (!path)
		return;
	for (unsigned int i = 0; i < 2; i++)
		if (path->ops->owns_fds && path->fds[i] >= 0)
			close(path->fds[i]);
	free(path->pad);
	free(path->heads);
	free(path->buffers);
	free(path);
}

int path_fd(const struct path *path, unsigned int index)
{
	return path->fds[index];
}

unsigned int path_busy(const struct path *path)
{
	return path->ops->busy;
}

/*
 * Anything that goes by when the target, its link or its route comes back is "nobody
 * there", and so is a device whose queue is full, for poll(2) does not tell when it has
 * room again. What is left is a bug or a wrong socket.
 */
static int send_error(int error)
{
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

int path_send_to(struct path *path, int fd, struct path_request *requests, unsigned int n,
		 enum flood_family bare)
{
	struct mmsghdr messages[PATH_BATCH];
	struct path_request *wanted[PATH_BATCH];
	unsigned int count = 0;
	int done, error;

	for (unsigned int i = 0; i < n && count < PATH_BATCH; i++) {
		const struct frame_template *t = path_template(path, requests[i].family);
		size_t skip = bare ? t->icmp_offset : 0;

		if (bare && requests[i].family != bare)
			continue;
		requests[i].taken = false;
		frame_head(t, requests[i].seq, path->heads[count]);
		path->pieces[count][0] =
			(struct iovec){ path->heads[count] + skip, t->head_len - skip };
		path->pieces[count][1] = (struct iovec){ path->pad, path->pad_len };
		messages[count] = (struct mmsghdr){
			.msg_hdr = { .msg_iov = path->pieces[count], .msg_iovlen = 2 }
		};
		wanted[count++] = &requests[i];
	}
	if (!count)
		return 0;
	done = sendmmsg(fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
	error = done < 0 ? errno : EAGAIN;
	for (int i = 0; i < done; i++)
		wanted[i]->taken = true;
	return done == (int)count ? 0 : send_error(error);
}

int path_send(struct path *path, struct path_request *requests, unsigned int n)
{
	return path->ops->send(path, requests, n);
}

/* Returns how many came; fewer than RECEIVE_BATCH: there is no more. */
static unsigned int receive_batch(struct path *path, unsigned int index, path_echo_fn fn,
				  void *arg)
{
	struct mmsghdr messages[RECEIVE_BATCH] = { 0 };
	int n;

	for (unsigned int i = 0; i < RECEIVE_BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &path->places[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(path->fds[index], messages, RECEIVE_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		if (!(messages[i].msg_hdr.msg_flags & MSG_TRUNC))
			path->ops->take(path, index,
					(struct text){ path->places[i].iov_base,
						       messages[i].msg_len },
					fn, arg);
	/* An error here is one that the next path_send meets as well. */
	return n > 0 ? (unsigned int)n : 0;
}

unsigned int path_receive(struct path *path, path_echo_fn fn, void *arg)
{
	unsigned int all = 0, n;

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
