// SPDX-License-Identifier: GPL-2.0-or-later
/* One attempt: hold, unplug and release at once, bring back, bind. */
#include "race.h"

#include <time.h>

/* How it went: between what makes it and what tells of it. */
struct outcome {
	bool writer_done, holder_done, holder_died, writer_died;
	int64_t deadline, let_go_at;
	bool blocked, killed;
	pid_t holder_pid;         /* of the one that was killed */
	char who[64], where[160]; /* who held it; where who did not return sleeps */
	enum back back;
	struct bdf moved;
	int64_t hold_ns, back_ns, bind_ns;
};

/* -- hold ------------------------------------------------------------------------------ */

static int hold(struct race *race, const struct shot *shot)
{
	struct meet *meet = race->puts.meet;
	int64_t limit_ns = race->puts.limit_ns;
	int err = 0;

	if (race->ops == &holder_none)
		return 0;
	if (race->holder.pid <= 0)
		err = holding_start(&race->holder, race->cpu_holder, &race->holding);
	if (err)
		return say_error("hold", "cannot start the holder: %s", errno_name(err));
	meet->hold = (struct hold){ 0 };
	atomic_store(&meet->holder_work, WORK_HOLD);
	peer_kick(&race->holder);
	if (race->ops->has_child)
		limit_ns += HOLDER_CHILD_START_NS;
	err = peer_wait(&race->holder, now_ns() + limit_ns);
	if (err == -EPIPE)
		return say_error("hold",
				 "attempt %lld: the holder died when it opened %s",
				 (long long)shot->number, race->pull.device.s);
	if (err)
		return say_error("hold", "attempt %lld: opening %s lasts for ever",
				 (long long)shot->number, race->pull.device.s);
	if (meet->hold.open_error)
		return say_error(meet->hold.word, "%s", meet->hold.why);
	return 0;
}

/* -- race ------------------------------------------------------------------------------ */

/*
 * What brings the device back, in one go. A new device has no driver_override, and with
 * drivers_autoprobe off no driver, unless the kernel gave it its own all the same.
 */
static bool add_back_puts(struct race *race)
{
	const struct bdf *device = &race->pull.device;
	const char *own = race->devices[0].driver;
	struct path path;
	char text[64];

	if (!pull_back_file(&race->pull, &path, text, sizeof(text)))
		return false;
	puts_add(&race->puts, path.s, text);
	if (!*race->driver || race->autoprobe ||
	    strcmp(race->pull.method->back, "add") != 0)
		return true;
	puts_add(&race->puts, device_path(device, "driver_override").s, race->driver);
	if (*own && strcmp(own, race->driver) != 0)
		puts_add(&race->puts, device_path(device, "driver/unbind").s, device->s)
			->optional = true;
	puts_add(&race->puts, path_make("/sys/bus/pci/drivers_probe").s, device->s);
	return true;
}

/* The writer goes on with it by itself, if the holder tells when it has let go. */
static void prepare_back(struct race *race)
{
	const char *gone = race->pull.method->gone;
	struct unplug *unplug = &race->puts.meet->unplug;

	race->puts.meet->batch.n = 0;
	if (unplug->outside || race->ops->has_child ||
	    holder_dies(&race->holding.holder) || !gone || !add_back_puts(race))
		return;
	snprintf(unplug->gone, sizeof(unplug->gone), "%s",
		 device_path(&race->pull.device,
			     !strcmp(gone, "unbind") ? "driver" : NULL)
			 .s);
}

static void meet_reset(struct race *race, const struct shot *shot)
{
	bool alone = race->ops == &holder_none;
	struct meet *meet = race->puts.meet;
	struct path path = { "" };

	meet->moment = (struct moment){ .offset_ns = shot->at_ns, .ready = alone };
	meet->hold = (struct hold){ .churn = race->churn,
				    .released_at = alone ? now_ns() : 0 };
	meet->unplug = (struct unplug){ 0 };
	meet->unplug.outside = !pull_file(&race->pull, &path, meet->unplug.text,
					  sizeof(meet->unplug.text));
	memcpy(meet->unplug.path, path.s, sizeof(meet->unplug.path));
	prepare_back(race);
}

/* Somebody else's unplug: the event stands for the write's return. */
static void outside_event(struct race *race)
{
	struct uevent event;

	while (!uevent_next(race->uevents, &event, 0))
		if (!strcmp(event.action, "remove") &&
		    !strcmp(event.bdf.s, race->pull.device.s))
			atomic_store(&race->puts.meet->unplug.returned_at, now_ns());
}

static bool is_done(struct race *race, struct outcome *outcome)
{
	struct unplug *unplug = &race->puts.meet->unplug;
	bool was_done = outcome->writer_done;

	if (!outcome->holder_done && peer_answered(&race->holder))
		outcome->holder_done = true;
	else if (!outcome->holder_done && peer_ended(&race->holder))
		outcome->holder_done = outcome->holder_died = true;
	if (unplug->outside)
		outside_event(race);
	if (!outcome->writer_done && atomic_load(&unplug->returned_at))
		outcome->writer_done = unplug->outside ||
				       peer_answered(&race->puts.writer);
	if (!outcome->writer_done && peer_ended(&race->puts.writer))
		outcome->writer_done = outcome->writer_died = true;
	/* Who waits for the unplug's end does not look at it all the time. */
	if (outcome->writer_done && !was_done && !outcome->holder_done)
		peer_kick(&race->holder);
	return outcome->writer_done && outcome->holder_done;
}

/* Too late: first the holder is asked to let go, then it is killed. */
static bool escalate(struct race *race, struct outcome *outcome)
{
	int64_t now = now_ns();

	if (!outcome->let_go_at) {
		outcome->let_go_at = now;
		outcome->blocked = !atomic_load(&race->puts.meet->unplug.returned_at);
		if (outcome->blocked) {
			vfio_user(NULL, outcome->who, sizeof(outcome->who));
			process_where(race->puts.writer.pid, outcome->where,
				      sizeof(outcome->where));
		}
		atomic_store(&race->puts.meet->moment.let_go, 1);
		if (!outcome->holder_done)
			peer_kick(&race->holder);
	} else if (!outcome->killed && !outcome->holder_done) {
		outcome->killed = true;
		outcome->holder_pid = race->holder.pid;
		/* One that sleeps in the kernel does not die of it. */
		if (!peer_stop(&race->holder, now + NS_PER_SEC))
			outcome->holder_done = outcome->holder_died = true;
	} else {
		return false;
	}
	outcome->deadline = now + race->puts.limit_ns;
	return true;
}

/* Returns 0, or -ETIMEDOUT when somebody never comes back. */
static int run_race(struct race *race, struct outcome *outcome)
{
	bool alone = race->ops == &holder_none;
	struct meet *meet = race->puts.meet;
	int64_t after = race->holding.holder.release == RELEASE_NEVER ?
				0 :
				meet->moment.offset_ns;

	outcome->holder_done = alone;
	outcome->deadline =
		now_ns() + (after > 0 ? after : 0) +
		(meet->unplug.outside ? race->puts.limit_ns : race->blocked_ns);
	meet->writer_work = WORK_RACE;
	atomic_store(&meet->holder_work, WORK_RACE);
	peer_kick(&race->puts.writer);
	if (!alone)
		peer_kick(&race->holder);
	while (!is_done(race, outcome)) {
		struct pollfd pollfds[] = {
			{ .fd = outcome->writer_done ? -1 : race->puts.writer.from,
			  .events = POLLIN },
			{ .fd = outcome->writer_done ? -1 : race->puts.writer.pidfd,
			  .events = POLLIN },
			{ .fd = outcome->holder_done ? -1 : race->holder.from,
			  .events = POLLIN },
			{ .fd = outcome->holder_done ? -1 : race->holder.pidfd,
			  .events = POLLIN },
			{ .fd = meet->unplug.outside ? race->uevents : -1,
			  .events = POLLIN },
		};
		if (now_ns() < outcome->deadline)
			poll_until(pollfds, ARRAY_SIZE(pollfds), outcome->deadline);
		else if (!escalate(race, outcome))
			return -ETIMEDOUT;
	}
	return 0;
}

/* -- back ------------------------------------------------------------------------------ */

static bool is_back(const struct race *race)
{
	char driver[64];

	if (strcmp(race->pull.method->back ?: "", "bind") != 0)
		return device_exists(&race->pull.device);
	device_driver(&race->pull.device, driver, sizeof(driver));
	return *driver;
}

static bool wait_gone(struct race *race, int64_t until_ns)
{
	struct uevent event;

	while (!pull_is_gone(&race->pull))
		if (uevent_next(race->uevents, &event, until_ns) == -ETIMEDOUT)
			return pull_is_gone(&race->pull);
	return true;
}

static void wait_back(struct race *race, struct outcome *outcome)
{
	int64_t until = now_ns() + race->puts.limit_ns;
	struct uevent event;

	while (!is_back(race)) {
		int err = uevent_next(race->uevents, &event, until);

		if (err == -ETIMEDOUT && !is_back(race)) {
			outcome->back = *outcome->moved.s ? BACK_MOVED : BACK_GONE;
			return;
		}
		if (!err && !strcmp(event.action, "add") && !strcmp(event.id, race->id))
			outcome->moved = event.bdf;
	}
}

/*
 * A device that somebody else plugs in is announced before drivers/pci lets drivers have it
 * (pci_bus_add_device): until then nothing takes it.
 */
static int bind_announced(struct puts *puts, const struct bdf *bdf, const char *driver,
			  int64_t deadline)
{
	const struct timespec pause = { .tv_nsec = NS_PER_MSEC };
	int err;

	while ((err = device_bind(puts, bdf, driver)) == -ENODEV && now_ns() < deadline)
		nanosleep(&pause, NULL);
	return err;
}

static int bind_all(struct race *race)
{
	int64_t deadline = race->puts.meet->unplug.outside ? now_ns() + NS_PER_SEC : 0;
	int err = 0;

	if (!*race->driver)
		return 0;
	for (size_t i = 0; i < race->n_devices && !err; i++)
		if (device_exists(&race->devices[i].bdf))
			err = bind_announced(&race->puts, &race->devices[i].bdf,
					     race->driver, deadline);
	return err;
}

/* When the first of n puts was done the device was back, when the last was it was bound. */
static void time_back(const struct race *race, int64_t begin, size_t n,
		      struct outcome *outcome)
{
	const struct put *first = race->puts.meet->batch.puts, *last = &first[n - 1];

	if (first->done_at)
		outcome->back_ns = first->done_at - begin;
	if (n > 1 && last->done_at)
		outcome->bind_ns = last->done_at - first->done_at;
}

/* Returns 0 or -errno: what had to be written could not be. begin: when it was gone. */
static int replug(struct race *race, struct outcome *outcome, int64_t *begin)
{
	const struct unplug *unplug = &race->puts.meet->unplug;
	size_t n;
	int err;

	if (race->pull.method->gone && !unplug->error && !unplug->outside)
		wait_gone(race, now_ns() + race->puts.limit_ns);
	*begin = now_ns();
	race->puts.meet->batch.n = 0;
	if (!pull_is_gone(&race->pull) || !add_back_puts(race))
		return 0;
	n = race->puts.meet->batch.n;
	err = puts_run(&race->puts);
	time_back(race, *begin, n, outcome);
	/* The device may take its time; what is left is seen then. */
	return race->puts.stuck ? err : 0;
}

/* By the writer at once, if it could, else by replug(). As that. */
static int bring_back(struct race *race, struct outcome *outcome)
{
	struct meet *meet = race->puts.meet;
	int64_t begin = now_ns();
	int err = 0;

	if (meet->unplug.back_at)
		time_back(race, meet->unplug.back_at, meet->batch.n, outcome);
	else
		err = replug(race, outcome, &begin);
	meet->batch.n = 0;
	if (!err)
		wait_back(race, outcome);
	if (!outcome->back_ns)
		outcome->back_ns = now_ns() - begin;
	if (err || outcome->back != BACK_OK)
		return err;
	begin = now_ns();
	err = bind_all(race);
	if (!outcome->bind_ns)
		outcome->bind_ns = now_ns() - begin;
	return err;
}

/* -- what is told -------------------------------------------------------------------------- */

static void add_release(struct line *line, struct race *race,
			const struct outcome *outcome)
{
	struct hold *hold = &race->puts.meet->hold;
	int64_t acted = atomic_load(&hold->acted_at),
		end = atomic_load(&hold->released_at);
	bool dies = holder_dies(&race->holding.holder);

	if (!outcome->holder_done)
		line_add(line, "release", "stuck");
	else if (outcome->holder_died && !(dies && acted))
		line_add(line, "release", "died");
	else
		line_errno(line, "release", hold->act_error);
	line_number(line, "release_ns", acted && end ? end - acted : -1);
}

static void say_back(struct race *race, const struct shot *shot,
		     const struct outcome *outcome, int64_t begin)
{
	struct unplug *unplug = &race->puts.meet->unplug;
	struct hold *hold = &race->puts.meet->hold;
	int64_t written = atomic_load(&unplug->written_at);
	int64_t returned = atomic_load(&unplug->returned_at);
	int64_t requested = atomic_load(&hold->requested_at);
	int64_t closed = atomic_load(&hold->closed_at);
	int64_t acted = atomic_load(&hold->acted_at);
	struct line line = { .n = 0 };

	line_number(&line, "cycle", shot->number);
	line_add(&line, "phase", "back");
	line_number(&line, "want", shot->at_ns);
	line_number(&line, "got",
		    acted && written ? acted - (closed ?: written) : shot->at_ns);
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
	line_add(&line, "back", back_names[outcome->back]);
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

static pid_t stuck_pid(const struct race *race, const struct outcome *outcome)
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

static int judge_back(struct race *race, const struct outcome *outcome, int err)
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

int attempt_run(struct race *race, const struct shot *shot)
{
	struct meet *meet = race->puts.meet;
	struct outcome outcome = { 0 };
	struct line line = { .n = 0 };
	int64_t begin = now_ns();
	int status, err;

	if (!*race->id)
		device_id(&race->pull.device, race->id, sizeof(race->id));
	status = hold(race, shot);
	if (status)
		return status;
	outcome.hold_ns = now_ns() - begin;
	line_number(&line, "cycle", shot->number);
	line_add(&line, "phase", "unplug");
	line_number(&line, "at", shot->at_ns);
	line_end(&line);
	uevent_drain(race->uevents);
	meet_reset(race, shot);
	err = run_race(race, &outcome);
	if (outcome.holder_died && race->holder.pid > 0)
		peer_stop(&race->holder, now_ns() + NS_PER_SEC);
	if (err || outcome.writer_died) {
		race->puts.stuck = true;
		meet->batch.n = 0;
		/* The writer may be through with the unplug, and stuck in what follows it. */
		if (!outcome.writer_done && atomic_load(&meet->unplug.returned_at))
			outcome.back = BACK_STUCK;
		else
			outcome.back = BACK_GONE;
	} else {
		err = bring_back(race, &outcome);
		if (race->puts.stuck)
			outcome.back = BACK_STUCK;
		outcome.writer_died = race->puts.stuck && err == -EPIPE;
	}
	if (race->puts.stuck)
		process_where(stuck_pid(race, &outcome), outcome.where,
			      sizeof(outcome.where));
	say_back(race, shot, &outcome, begin);
	return judge_back(race, &outcome, err);
}
