// SPDX-License-Identifier: GPL-2.0-or-later
/* One attempt: hold, unplug and release at once, bring back, bind. */
#include "attempt.h"

#include "process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* -- hold ------------------------------------------------------------------------------ */

static int hold(struct race *race, const struct attempt *attempt)
{
	struct meet *meet = race->meet;
	int err = 0;

	if (race->ops == &holder_none)
		return 0;
	if (race->holder.pid <= 0) {
		const struct holder was = race->holding.holder;

		holder_init(&race->holding.holder, race->ops);
		race->holding.holder.qemu = was.qemu;
		race->holding.holder.qemu_root = was.qemu_root;
		race->holding.holder.bdf = race->pull.device;
		race->holding.holder.release = race->release;
		err = holding_start(&race->holder, race->cpu_holder, &race->holding);
	}
	if (err)
		return say_error("hold", "cannot start the holder: %s", errno_name(err));
	meet->hold_error = 0;
	atomic_store(&meet->holder_work, WORK_HOLD);
	peer_kick(&race->holder);
	err = peer_wait(&race->holder,
			now_ns() + race->limit_ns +
				(race->ops->has_child ? HOLDER_CHILD_START_NS : 0));
	if (!err && !meet->hold_error)
		return 0;
	if (!err)
		return say_error(meet->word, "%s", meet->why);
	return say_error("hold",
			 err == -EPIPE ?
				 "attempt %lld: the holder died when it opened %s" :
				 "attempt %lld: opening %s lasts for ever",
			 (long long)attempt->number, race->pull.device.s);
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
	race_put_add(race, path.s, text);
	if (!*race->driver || race->autoprobe ||
	    strcmp(race->pull.method->back, "add") != 0)
		return true;
	race_put_add(race, device_path(device, "driver_override").s, race->driver);
	if (*own && strcmp(own, race->driver) != 0)
		race_put_add(race, device_path(device, "driver/unbind").s, device->s)
			->optional = true;
	race_put_add(race, path_make("/sys/bus/pci/drivers_probe").s, device->s);
	return true;
}

/* The writer goes on with it by itself, if the holder tells when it has let go. */
static void prepare_back(struct race *race)
{
	bool dies = race->release == RELEASE_EXIT || race->release == RELEASE_KILL;
	struct meet *meet = race->meet;

	meet->gone[0] = '\0';
	meet->put_at = 0;
	meet->n_puts = 0;
	if (meet->outside || dies || race->ops->has_child || !race->pull.method->gone ||
	    !add_back_puts(race))
		return;
	memcpy(meet->gone,
	       device_path(&race->pull.device,
			   !strcmp(race->pull.method->gone, "unbind") ? "driver" : NULL)
		       .s,
	       sizeof(meet->gone));
}

static void meet_reset(struct race *race, const struct attempt *attempt)
{
	struct meet *meet = race->meet;
	struct path path = { "" };

	meet->at_ns = attempt->at_ns;
	meet->churn = race->churn;
	meet->write_error = meet->act_error = 0;
	meet->outside = !pull_file(&race->pull, &path, meet->text, sizeof(meet->text));
	memcpy(meet->path, path.s, sizeof(meet->path));
	atomic_store(&meet->written_at, 0);
	atomic_store(&meet->returned_at, 0);
	atomic_store(&meet->requested_at, 0);
	atomic_store(&meet->closed_at, 0);
	atomic_store(&meet->acted_at, 0);
	atomic_store(&meet->released_at, race->ops == &holder_none ? now_ns() : 0);
	atomic_store(&meet->go, 0);
	atomic_store(&meet->let_go, 0);
	atomic_store(&meet->ready, race->ops == &holder_none);
	prepare_back(race);
}

/* Somebody else's unplug: the event stands for the write's return. */
static void outside_event(struct race *race)
{
	struct uevent event;

	while (!uevent_next(race->uevents, &event, 0))
		if (!strcmp(event.action, "remove") &&
		    !strcmp(event.bdf.s, race->pull.device.s))
			atomic_store(&race->meet->returned_at, now_ns());
}

static bool is_done(struct race *race, struct outcome *outcome)
{
	struct meet *meet = race->meet;
	bool was_done = outcome->writer_done;

	if (!outcome->holder_done && peer_answered(&race->holder))
		outcome->holder_done = true;
	else if (!outcome->holder_done && peer_ended(&race->holder))
		outcome->holder_done = outcome->holder_died = true;
	if (meet->outside)
		outside_event(race);
	if (!outcome->writer_done && atomic_load(&meet->returned_at))
		outcome->writer_done = meet->outside || peer_answered(&race->writer);
	if (!outcome->writer_done && peer_ended(&race->writer))
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
		outcome->blocked = !atomic_load(&race->meet->returned_at);
		if (outcome->blocked) {
			vfio_user(NULL, outcome->who, sizeof(outcome->who));
			process_where(race->writer.pid, outcome->where,
				      sizeof(outcome->where));
		}
		atomic_store(&race->meet->let_go, 1);
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
	outcome->deadline = now + race->limit_ns;
	return true;
}

static int64_t first_deadline(const struct race *race)
{
	int64_t after = race->meet->at_ns > 0 && race->release != RELEASE_NEVER ?
				race->meet->at_ns :
				0;

	return now_ns() + after +
	       (race->meet->outside ? race->limit_ns : race->blocked_ns);
}

/* Returns 0, or -ETIMEDOUT when somebody never comes back. */
static int run_race(struct race *race, struct outcome *outcome)
{
	bool alone = race->ops == &holder_none;

	outcome->holder_done = alone;
	outcome->deadline = first_deadline(race);
	race->meet->writer_work = WORK_RACE;
	atomic_store(&race->meet->holder_work, WORK_RACE);
	peer_kick(&race->writer);
	if (!alone)
		peer_kick(&race->holder);
	while (!is_done(race, outcome)) {
		struct pollfd pollfds[] = {
			{ .fd = outcome->writer_done ? -1 : race->writer.from,
			  .events = POLLIN },
			{ .fd = outcome->writer_done ? -1 : race->writer.pidfd,
			  .events = POLLIN },
			{ .fd = outcome->holder_done ? -1 : race->holder.from,
			  .events = POLLIN },
			{ .fd = outcome->holder_done ? -1 : race->holder.pidfd,
			  .events = POLLIN },
			{ .fd = race->meet->outside ? race->uevents : -1,
			  .events = POLLIN },
		};
		int64_t left = outcome->deadline - now_ns();

		if (left <= 0 && !escalate(race, outcome))
			return -ETIMEDOUT;
		poll(pollfds, ARRAY_SIZE(pollfds),
		     left > 0 ? (int)(left / NS_PER_MSEC) + 1 : 0);
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

/* What it is, as in the uevent's PCI_ID. */
static void read_id(const struct bdf *bdf, char *id, size_t size)
{
	int64_t vendor = 0, device = 0;

	file_read_number(device_path(bdf, "vendor").s, &vendor);
	file_read_number(device_path(bdf, "device").s, &device);
	snprintf(id, size, "%04X:%04X", (unsigned int)vendor, (unsigned int)device);
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
	int64_t until = now_ns() + race->limit_ns;
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
static int bind_announced(const struct bdf *bdf, const char *driver, int64_t deadline)
{
	const struct timespec pause = { .tv_nsec = NS_PER_MSEC };
	int err;

	while ((err = device_bind(bdf, driver)) == -ENODEV && now_ns() < deadline)
		nanosleep(&pause, NULL);
	return err;
}

static int bind_all(struct race *race)
{
	int64_t deadline = race->meet->outside ? now_ns() + NS_PER_SEC : 0;
	int err = 0;

	if (!*race->driver)
		return 0;
	for (size_t i = 0; i < race->n_devices && !err; i++)
		if (device_exists(&race->devices[i].bdf))
			err = bind_announced(&race->devices[i].bdf, race->driver,
					     deadline);
	return err;
}

static void time_back(const struct race *race, int64_t begin, size_t n,
		      struct outcome *outcome)
{
	const struct put *first = &race->meet->puts[0], *last = &race->meet->puts[n - 1];

	if (first->done_at)
		outcome->back_ns = first->done_at - begin;
	if (n > 1 && last->done_at)
		outcome->bind_ns = last->done_at - first->done_at;
}

static int replug(struct race *race, struct outcome *outcome)
{
	int64_t begin = now_ns();
	size_t n;
	int err;

	race->meet->n_puts = 0;
	if (!add_back_puts(race))
		return 0;
	n = race->meet->n_puts;
	err = race_put(race);
	time_back(race, begin, n, outcome);
	/* The device may take its time; what is left is seen then. */
	return race->stuck ? err : 0;
}

/* Returns 0 or -errno: what had to be written could not be. */
static int bring_back(struct race *race, struct outcome *outcome)
{
	const struct method *method = race->pull.method;
	int64_t begin;
	int err = 0;

	if (race->meet->put_at)
		time_back(race, race->meet->put_at, race->meet->n_puts, outcome);
	else if (method->gone && !race->meet->write_error && !race->meet->outside)
		wait_gone(race, now_ns() + race->limit_ns);
	begin = now_ns();
	if (!race->meet->put_at && pull_is_gone(&race->pull))
		err = replug(race, outcome);
	race->meet->n_puts = 0;
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

/* The writer may have been through with the unplug, and stuck in what follows it. */
static enum back back_of_stuck(const struct race *race, const struct outcome *outcome)
{
	return !outcome->writer_done && atomic_load(&race->meet->returned_at) ?
		       BACK_STUCK :
		       BACK_GONE;
}

int attempt_run(struct race *race, const struct attempt *attempt)
{
	struct outcome outcome = { 0 };
	struct line line = { .n = 0 };
	int64_t begin = now_ns();
	int status, err;

	if (!*race->id)
		read_id(&race->pull.device, race->id, sizeof(race->id));
	status = hold(race, attempt);
	if (status)
		return status;
	outcome.hold_ns = now_ns() - begin;
	line_number(&line, "cycle", attempt->number);
	line_add(&line, "phase", "unplug");
	line_number(&line, "at", attempt->at_ns);
	line_end(&line);
	uevent_drain(race->uevents);
	meet_reset(race, attempt);
	err = run_race(race, &outcome);
	if (outcome.holder_died && race->holder.pid > 0)
		peer_stop(&race->holder, now_ns() + NS_PER_SEC);
	if (err || outcome.writer_died) {
		race->stuck = true;
		race->meet->n_puts = 0;
		outcome.back = back_of_stuck(race, &outcome);
	} else {
		err = bring_back(race, &outcome);
		if (race->stuck)
			outcome.back = BACK_STUCK;
		outcome.writer_died = race->stuck && err == -EPIPE;
	}
	if (race->stuck)
		process_where(stuck_pid(race, &outcome), outcome.where,
			      sizeof(outcome.where));
	say_back(race, attempt, &outcome, begin);
	return judge_back(race, &outcome, err);
}
