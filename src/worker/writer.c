// SPDX-License-Identifier: GPL-2.0-or-later
/* The process that writes to sysfs, and may hang there. */
#include "race.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Both have to be at their places before the moment is set. */
#define LEAD_NS  (100 * NS_PER_USEC)
#define READY_NS (5 * NS_PER_SEC)
/* So long the holder is waited for, spinning; then the coordinator brings back. */
#define RELEASED_NS (5 * NS_PER_MSEC)

void spin_until(int64_t at_ns)
{
	while (now_ns() < at_ns)
		continue;
}

static bool wait_ready(struct meet *meet)
{
	int64_t until = now_ns() + READY_NS;

	while (!atomic_load(&meet->ready))
		if (now_ns() > until || atomic_load(&meet->let_go))
			return false;
	return true;
}

static void write_at(struct meet *meet, int fd)
{
	int64_t at = now_ns() + LEAD_NS - (meet->at_ns < 0 ? meet->at_ns : 0);
	size_t n = strlen(meet->text);

	atomic_store(&meet->go, at);
	spin_until(at);
	atomic_store(&meet->written_at, now_ns());
	if (fd >= 0 && write(fd, meet->text, n) < 0)
		meet->write_error = -errno;
}

static void writer_put(struct meet *meet)
{
	meet->put_error = 0;
	for (size_t i = 0; i < meet->n_puts && !meet->put_error; i++) {
		struct put *put = &meet->puts[i];

		int done = put->query ?
				   file_read(put->path, put->text, sizeof(put->text)) :
				   file_write_now(put->path, put->text);

		meet->put_error = done < 0 && !put->optional ? done : 0;
		put->done_at = now_ns();
	}
}

/* As holding_race() says; who is not there has released nothing. */
static bool wait_released(struct meet *meet)
{
	int64_t until = now_ns() + RELEASED_NS;

	while (!atomic_load(&meet->released_at))
		if (now_ns() > until)
			return false;
	return true;
}

/* To hand over to the coordinator and back would take longer than bringing back. */
static void bring_back(struct meet *meet)
{
	if (!*meet->gone || meet->write_error || !wait_released(meet) ||
	    path_exists(meet->gone))
		return;
	meet->put_at = now_ns();
	writer_put(meet);
}

static void writer_race(struct meet *meet)
{
	/* Opened before: only the write is the unplug. */
	_cleanup_close_ int fd = meet->outside ? -1 :
						 open(meet->path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && !meet->outside)
		meet->write_error = -errno;
	else if (!wait_ready(meet))
		meet->write_error = -ETIMEDOUT;
	if (meet->write_error)
		atomic_store(&meet->go, -1);
	else
		write_at(meet, fd);
	/* Somebody else's unplug has not come yet. */
	if (!meet->outside || meet->write_error)
		atomic_store(&meet->returned_at, now_ns());
	bring_back(meet);
}

static void writer_run(struct peer *self, void *arg)
{
	struct meet *meet = arg;

	for (;;) {
		peer_next(self);
		if (meet->writer_work == WORK_RACE)
			writer_race(meet);
		else
			writer_put(meet);
		peer_answer(self);
	}
}

int writer_start(struct peer *writer, int cpu, struct meet *meet)
{
	const struct peer_role role = { "stress-writer", cpu, writer_run };

	return peer_start(writer, &role, meet);
}
