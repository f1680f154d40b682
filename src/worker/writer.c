// SPDX-License-Identifier: GPL-2.0-or-later
/* The process that writes to sysfs, and may hang there. */
#include "meet.h"

#include <fcntl.h>
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

static bool wait_ready(struct moment *moment)
{
	int64_t until = now_ns() + READY_NS;

	while (!atomic_load(&moment->ready))
		if (now_ns() > until || atomic_load(&moment->let_go))
			return false;
	return true;
}

static void write_at(struct unplug *unplug, struct moment *moment, int fd)
{
	int64_t early = moment->offset_ns < 0 ? -moment->offset_ns : 0;
	int64_t at = now_ns() + LEAD_NS + early;
	size_t n = strlen(unplug->text);

	atomic_store(&moment->go, at);
	spin_until(at);
	atomic_store(&unplug->written_at, now_ns());
	if (fd >= 0 && write(fd, unplug->text, n) < 0)
		unplug->error = -errno;
}

static int do_put(struct put *put)
{
	if (put->act)
		return put->act(put->text);
	return put->query ? file_read(put->path, put->text, sizeof(put->text)) :
			    file_write(put->path, put->text);
}

static void write_batch(struct batch *batch)
{
	batch->error = 0;
	for (size_t i = 0; i < batch->n && !batch->error; i++) {
		struct put *put = &batch->puts[i];
		int done = do_put(put);

		batch->error = done < 0 && !put->optional ? done : 0;
		put->done_at = now_ns();
	}
}

/* As holding_race() says; who is not there has released nothing. */
static bool wait_released(struct hold *hold)
{
	int64_t until = now_ns() + RELEASED_NS;

	while (!atomic_load(&hold->released_at))
		if (now_ns() > until)
			return false;
	return true;
}

/* To hand over to the coordinator and back would take longer than bringing back. */
static void bring_back(struct meet *meet)
{
	struct unplug *unplug = &meet->unplug;

	if (!*unplug->gone || unplug->error || !wait_released(&meet->hold) ||
	    path_exists(unplug->gone))
		return;
	unplug->back_at = now_ns();
	write_batch(&meet->batch);
}

static void writer_race(struct meet *meet)
{
	struct unplug *unplug = &meet->unplug;
	/* Opened before: only the write is the unplug. */
	_cleanup_close_ int fd =
		unplug->outside ? -1 : open(unplug->path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && !unplug->outside)
		unplug->error = -errno;
	else if (!wait_ready(&meet->moment))
		unplug->error = -ETIMEDOUT;
	if (unplug->error)
		atomic_store(&meet->moment.go, -1);
	else
		write_at(unplug, &meet->moment, fd);
	/* Somebody else's unplug has not come yet. */
	if (!unplug->outside || unplug->error)
		atomic_store(&unplug->returned_at, now_ns());
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
			write_batch(&meet->batch);
		peer_answer(self);
	}
}

int writer_start(struct peer *writer, int cpu, struct meet *meet)
{
	const struct peer_role role = { "stress-writer", cpu, writer_run };

	return peer_start(writer, &role, meet);
}
