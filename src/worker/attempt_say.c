// SPDX-License-Identifier: GPL-2.0-or-later
/* What is told of an attempt: its result, and why there is no further one. */
#include "attempt.h"

#include <errno.h>

static void add_release(struct line *line, struct race *race,
			const struct outcome *outcome)
{
	struct hold *hold = &race->puts.meet->hold;
	int64_t acted = atomic_load(&hold->acted_at),
		end = atomic_load(&hold->released_at);
	bool dies = !race->ops->has_child &&
		    (race->release == RELEASE_EXIT || race->release == RELEASE_KILL);

	if (!outcome->holder_done)
		line_add(line, "release", "stuck");
	else if (outcome->holder_died && !(dies && acted))
		line_add(line, "release", "died");
	else
		line_errno(line, "release", hold->act_error);
	line_number(line, "release_ns", acted && end ? end - acted : -1);
}

void say_back(struct race *race, const struct attempt *attempt,
	      const struct outcome *outcome, int64_t begin)
{
	static const char *const backs[] = { "ok", "gone", "moved", "stuck" };
	struct unplug *unplug = &race->puts.meet->unplug;
	struct hold *hold = &race->puts.meet->hold;
	int64_t written = atomic_load(&unplug->written_at);
	int64_t returned = atomic_load(&unplug->returned_at);
	int64_t requested = atomic_load(&hold->requested_at);
	int64_t closed = atomic_load(&hold->closed_at);
	int64_t acted = atomic_load(&hold->acted_at);
	struct line line = { .n = 0 };

	line_number(&line, "cycle", attempt->number);
	line_add(&line, "phase", "back");
	line_number(&line, "want", attempt->at_ns);
	line_number(&line, "got",
		    acted && written ? acted - (closed ?: written) : attempt->at_ns);
	if (outcome->writer_died)
		line_add(&line, "unplug", "died");
	else if (!returned)
		line_add(&line, "unplug", "stuck");
	else
		line_errno(&line, "unplug", unplug->error);
	line_number(&line, "unplug_ns", written && returned ? returned - written : -1);
	line_number(&line, "request_ns", requested ? requested - written : -1);
	line_number(&line, "close_ns", closed ? closed - requested : -1);
	add_release(&line, race, outcome);
	line_number(&line, "blocked", outcome->blocked);
	line_number(&line, "free_ns",
		    outcome->blocked && returned ? returned - outcome->let_go_at : -1);
	line_add(&line, "back", backs[outcome->back]);
	if (outcome->back == BACK_MOVED)
		line_add(&line, "moved", outcome->moved.s);
	line_number(&line, "back_ns", outcome->back_ns);
	line_number(&line, "hold_ns", outcome->hold_ns);
	line_number(&line, "bind_ns", outcome->bind_ns);
	line_number(&line, "total_ns", now_ns() - begin);
	if (*outcome->who)
		line_add(&line, "who", outcome->who);
	if (*outcome->where)
		line_add(&line, "where", outcome->where);
	line_end(&line);
}

static bool holder_is_stuck(const struct outcome *outcome)
{
	return !outcome->writer_died && !outcome->holder_done;
}

pid_t stuck_pid(const struct race *race, const struct outcome *outcome)
{
	return holder_is_stuck(outcome) ? outcome->holder_pid : race->puts.writer.pid;
}

static int say_stuck(const struct race *race, const struct outcome *outcome)
{
	struct line line = { .n = 0 };

	line_add(&line, "race", "stuck");
	line_add(&line, "who",
		 outcome->writer_died     ? "writer, which died" :
		 holder_is_stuck(outcome) ? "holder" :
					    "writer");
	line_number(&line, "pid", stuck_pid(race, outcome));
	line_end(&line);
	return STATUS_ERROR;
}

int judge_back(struct race *race, const struct outcome *outcome, int err)
{
	const char *device = race->pull.device.s;

	if (race->puts.stuck)
		return say_stuck(race, outcome);
	if (outcome->back == BACK_GONE)
		return say_error("gone",
				 "%s did not come back: try iommu-stress-worker "
				 "restore, or reboot",
				 device);
	if (outcome->back == BACK_MOVED)
		return say_error("moved", "%s came back as %s: name that one", device,
				 outcome->moved.s);
	if (err)
		return say_error("bind", "%s came back, but %s does not take it: %s",
				 device, race->driver, errno_name(err));
	return 0;
}
