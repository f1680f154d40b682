// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes that another process does, with a limit. */
#include "puts.h"

#include <sys/mman.h>

int puts_open(struct puts *puts)
{
	int err;

	if (!puts->meet) {
		void *meet = mmap(NULL, sizeof(struct meet), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (meet == MAP_FAILED)
			return say_error("memory", "mmap: %s", errno_name(errno));
		puts->meet = meet;
	}
	err = writer_start(&puts->writer, puts->cpu, puts->meet);
	if (err)
		return say_error("writer", "cannot start a process: %s", errno_name(err));
	return 0;
}

int puts_renew(struct puts *puts)
{
	if (!puts->stuck)
		return 0;
	/* It keeps what it hangs in; another one does what can be done. */
	peer_stop(&puts->writer, now_ns() + NS_PER_SEC);
	puts->stuck = false;
	return puts_open(puts);
}

struct put *puts_add(struct puts *puts, const char *path, const char *text)
{
	struct batch *batch = &puts->meet->batch;
	struct put *put = &batch->puts[batch->n < PUTS_MAX ? batch->n++ : 0];

	put->query = put->optional = false;
	put->act = NULL;
	snprintf(put->path, sizeof(put->path), "%s", path);
	snprintf(put->text, sizeof(put->text), "%s", text);
	put->done_at = 0;
	return put;
}

int puts_run(struct puts *puts)
{
	struct meet *meet = puts->meet;
	int err = -ETIMEDOUT;

	if (!puts->stuck) {
		meet->writer_work = WORK_PUT;
		peer_kick(&puts->writer);
		err = peer_wait(&puts->writer, now_ns() + puts->limit_ns);
		puts->stuck = err;
		err = err ?: meet->batch.error;
	}
	meet->batch.n = 0;
	return err;
}

int puts_write(struct puts *puts, const char *path, const char *text)
{
	puts_add(puts, path, text);
	return puts_run(puts);
}

int puts_act(struct puts *puts, int (*act)(const char *text), const char *text)
{
	puts_add(puts, "", text)->act = act;
	return puts_run(puts);
}

int puts_query(struct puts *puts, const char *path, char *text, size_t size)
{
	struct put *put = puts_add(puts, path, "");
	int err;

	put->query = true;
	err = puts_run(puts);
	snprintf(text, size, "%s", err ? "" : put->text);
	return err ?: (int)strlen(text);
}
