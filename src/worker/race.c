// SPDX-License-Identifier: GPL-2.0-or-later
/* The coordinator: sets up, makes one attempt a line, puts everything back. */
#include "race.h"

#include "commands.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Writes at the end: somebody waits for us. */
#define END_NS (3 * NS_PER_SEC)

static const char autoprobe_file[] = "/sys/bus/pci/drivers_autoprobe";
static const char devkmsg_file[] = "/proc/sys/kernel/printk_devkmsg";
static const char expedited_file[] = "/sys/kernel/rcu_expedited";

/* -- writes ------------------------------------------------------------------------------ */

/* Of which there is one: file_write() knows no other context. */
static struct race *writing;

struct put *race_put_add(struct race *race, const char *path, const char *text)
{
	struct meet *meet = race->meet;
	struct put *put = &meet->puts[meet->n_puts < PUTS_MAX ? meet->n_puts++ : 0];

	snprintf(put->path, sizeof(put->path), "%s", path);
	snprintf(put->text, sizeof(put->text), "%s", text);
	put->done_at = 0;
	put->query = put->optional = false;
	return put;
}

int race_put(struct race *race)
{
	struct meet *meet = race->meet;
	int err = -ETIMEDOUT;

	if (!race->stuck) {
		meet->writer_work = WORK_PUT;
		peer_kick(&race->writer);
		err = peer_wait(&race->writer, now_ns() + race->limit_ns);
		race->stuck = err;
		err = err ?: meet->put_error;
	}
	meet->n_puts = 0;
	return err;
}

static int put_through_writer(const char *path, const char *text)
{
	race_put_add(writing, path, text);
	return race_put(writing);
}

static int query_through_writer(const char *path, char *text, size_t size)
{
	struct put *put = race_put_add(writing, path, "");
	int err;

	put->query = true;
	err = race_put(writing);
	snprintf(text, size, "%s", err ? "" : put->text);
	return err ?: (int)strlen(text);
}

int race_open_writer(struct race *race)
{
	static struct race own = { .cpu_writer = -1, .limit_ns = 10 * NS_PER_SEC };
	int err;

	writing = race ?: &own;
	if (!writing->meet) {
		void *meet = mmap(NULL, sizeof(struct meet), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (meet == MAP_FAILED)
			return say_error("memory", "mmap: %s", errno_name(errno));
		writing->meet = meet;
		writing->holding.meet = meet;
	}
	err = writer_start(&writing->writer, writing->cpu_writer, writing->meet);
	if (err)
		return say_error("writer", "cannot start a process: %s", errno_name(err));
	file_hooks(put_through_writer, query_through_writer);
	return 0;
}

int race_renew_writer(void)
{
	struct race *race = writing;

	if (!race->stuck)
		return 0;
	/* It keeps what it hangs in; another one does what can be done. */
	peer_stop(&race->writer, now_ns() + NS_PER_SEC);
	race->stuck = false;
	return race_open_writer(race);
}

/* -- before and after ---------------------------------------------------------------------- */

/* Sets a file, and keeps what was in it for the end. */
static int change(const char *file, const char *text, char *was, size_t size)
{
	struct path path = path_make("%s", file);
	int n = file_query(path.s, was, size), err;

	if (n < 0 || !strcmp(was, text)) {
		was[0] = '\0';
		return n < 0 ? n : 0;
	}
	err = put_line(path.s, text);
	if (err)
		was[0] = '\0';
	return err;
}

static int race_parse_devices(struct race *race, const struct args *args)
{
	struct bdf bdf;
	int status = bdf_arg(args, "device", &bdf);
	const char *member;

	if (status)
		return status;
	saved_read(&race->devices[race->n_devices++], &bdf);
	for (size_t i = 0; (member = args_get_nth(args, "member", i)); i++) {
		if (bdf_parse(member, &bdf))
			return say_usage("member=%s: not a PCI address", member);
		if (!device_exists(&bdf))
			return say_error("device", "there is no PCI device %s", bdf.s);
		if (race->n_devices == ARRAY_SIZE(race->devices))
			return say_usage("more than %d members", MEMBERS_MAX);
		saved_read(&race->devices[race->n_devices++], &bdf);
	}
	return 0;
}

static int race_parse(struct race *race, const struct args *args)
{
	const char *holder = args_get(args, "holder") ?: "group";
	const char *release = args_get(args, "release") ?: "request";
	int64_t churn = 0, autoprobe = 0, expedited = 0, blocked_ms = 2000,
		limit_ms = 10000;
	int status;

	race->ops = holder_find(holder);
	if (!race->ops)
		return say_usage("holder=%s: see iommu-stress-worker(8)", holder);
	if (release_parse(release, &race->release))
		return say_usage("release=%s: see iommu-stress-worker(8)", release);
	if (args_get_number(args, "churn", &churn) ||
	    args_get_number(args, "autoprobe", &autoprobe) ||
	    args_get_number(args, "expedited", &expedited) ||
	    args_get_number(args, "blocked_ms", &blocked_ms) ||
	    args_get_number(args, "limit_ms", &limit_ms))
		return STATUS_USAGE;
	if (blocked_ms < 1 || limit_ms < 1 || blocked_ms > 3600000 || limit_ms > 3600000)
		return say_usage("blocked_ms and limit_ms: 1 to 3600000");
	race->churn = churn;
	race->autoprobe = autoprobe;
	race->expedited = expedited;
	race->blocked_ns = blocked_ms * NS_PER_MSEC;
	race->limit_ns = limit_ms * NS_PER_MSEC;
	race->holding.holder.qemu = args_get(args, "qemu");
	race->holding.holder.qemu_root = args_get(args, "qemu_root");
	status = pull_parse(&race->pull, args) ?: race_parse_devices(race, args);
	race->driver = race->ops == &holder_none ? race->devices[0].driver : "vfio-pci";
	return status;
}

static int race_bind(struct race *race)
{
	for (size_t i = 0; i < race->n_devices; i++) {
		const struct bdf *bdf = &race->devices[i].bdf;
		int err = *race->driver ? device_bind(bdf, race->driver) : 0;

		if (err)
			return say_error("bind", "%s cannot be bound to %s: %s", bdf->s,
					 race->driver, errno_name(err));
		if (race->ops == &holder_none)
			break;
	}
	return 0;
}

static int race_setup(struct race *race, bool markers)
{
	int status = race_check(race), err;

	if (status)
		return status;
	race->changed = true;
	race->uevents = uevent_open();
	if (race->uevents < 0)
		return say_error("uevents", "cannot listen to the kernel's events: %s",
				 errno_name(race->uevents));
	if (markers &&
	    change(devkmsg_file, "on", race->was_devkmsg, sizeof(race->was_devkmsg)))
		say_warning("devkmsg", "printk_devkmsg is locked, the kernel will drop "
				       "markers: boot with printk.devkmsg=on");
	err = change(autoprobe_file, race->autoprobe ? "1" : "0", race->was_autoprobe,
		     sizeof(race->was_autoprobe));
	if (err)
		return say_error("permission",
				 "cannot write drivers_autoprobe: %s: run as root",
				 errno_name(err));
	/* Most of an unplug is waiting for grace periods. */
	if (race->expedited &&
	    change(expedited_file, "1", race->was_expedited, sizeof(race->was_expedited)))
		say_warning("expedited",
			    "rcu_expedited cannot be set: attempts take longer");
	return race_bind(race) ?: race->ops == &holder_none ? 0 : race_check_group(race);
}

static int restore_settings(const struct race *race)
{
	int err = 0;

	if (*race->was_autoprobe)
		err = put_line(path_make("%s", autoprobe_file).s, race->was_autoprobe);
	if (*race->was_expedited)
		err = put_line(path_make("%s", expedited_file).s, race->was_expedited) ?:
			      err;
	if (*race->was_devkmsg)
		err = put_line(path_make("%s", devkmsg_file).s, race->was_devkmsg) ?: err;
	return !err ? 0 :
		      say_error("restore",
				"a setting is not as it was: %s; see "
				"iommu-stress-worker restore",
				errno_name(err));
}

static int restore_devices(struct race *race)
{
	int status = 0;

	if (pull_bring_back(&race->pull, race->uevents, now_ns() + 2 * END_NS))
		status = say_error("restore",
				   "%s has not come back; see iommu-stress-worker "
				   "restore",
				   race->pull.device.s);
	for (size_t i = 0; i < race->n_devices; i++) {
		const struct saved *saved = &race->devices[i];
		int err = device_exists(&saved->bdf) ? saved_restore(saved) : 0;

		/* The number may be the driver's own. */
		if (err)
			status =
				say_error("restore",
					  "%s does not go back to %s: %s; the kernel log "
					  "may tell why",
					  saved->bdf.s,
					  *saved->driver ? saved->driver : "no driver",
					  errno_name(err));
	}
	return status;
}

static int race_restore(struct race *race)
{
	int status;

	race->limit_ns = END_NS;
	peer_stop(&race->holder, now_ns() + END_NS);
	if (race_renew_writer())
		return STATUS_ERROR;
	status = restore_settings(race);
	/* These last: they may hang. */
	status = restore_devices(race) ?: status;
	peer_stop(&race->writer, now_ns() + NS_PER_SEC);
	return status;
}

/* -- lines from standard input ------------------------------------------------------------- */

struct input {
	char text[8192];
	size_t n;
	int signals;
};

/* Waits for the next line; false: there will be none. */
static bool input_line(struct input *input, char *line, size_t size)
{
	for (;;) {
		char *newline = memchr(input->text, '\n', input->n);
		struct pollfd pollfds[] = {
			{ .fd = input->signals, .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN },
		};
		ssize_t n;

		if (poll(pollfds, 1, 0) > 0)
			return false;
		if (newline) {
			size_t length = (size_t)(newline - input->text);

			snprintf(line, size, "%.*s", (int)length, input->text);
			input->n -= length + 1;
			memmove(input->text, newline + 1, input->n);
			return true;
		}
		if (input->n == sizeof(input->text))
			return false;
		if (poll(pollfds, 2, -1) < 0 && errno != EINTR)
			return false;
		if (!pollfds[1].revents)
			continue;
		n = read(STDIN_FILENO, input->text + input->n,
			 sizeof(input->text) - input->n);
		if (n <= 0)
			return false;
		input->n += (size_t)n;
	}
}

/* "try=N at=NS": 0; "end": 1; an empty line: 2. -EINVAL: none of them. */
static int parse_line(char *text, struct attempt *attempt)
{
	const char *words[ARGS_MAX];
	char *rest = NULL;
	struct args args;
	int n = 0;

	for (char *word = strtok_r(text, " \t\r", &rest); word && n < ARGS_MAX;
	     word = strtok_r(NULL, " \t\r", &rest))
		words[n++] = word;
	if (n == 1 && !strcmp(words[0], "end"))
		return 1;
	if (!n)
		return 2;
	if (args_parse(&args, n, words, "try at"))
		return -EINVAL;
	attempt->number = attempt->at_ns = 0;
	if (args_get_number(&args, "try", &attempt->number) ||
	    args_get_number(&args, "at", &attempt->at_ns))
		return -EINVAL;
	if (args_get(&args, "try"))
		return 0;
	say_usage("a line is 'try=N at=NS' or 'end'");
	return -EINVAL;
}

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	/* Also for the other processes, which end with this one. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int count_entries(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

static int64_t meminfo(const char *key)
{
	char text[4096], *at;

	file_read(path_make("/proc/meminfo").s, text, sizeof(text));
	at = strstr(text, key);
	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

/* What grows when something leaks. Descriptors of all three processes. */
static void say_resources(const struct race *race, const char *when)
{
	const pid_t pids[] = { getpid(), race->writer.pid, race->holder.pid };
	struct line line = { .n = 0 };
	int fds = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		if (pids[i] > 0)
			fds += count_entries(path_make("/proc/%d/fd", pids[i]).s);
	line_add(&line, "usage", when);
	line_number(&line, "fds", fds);
	line_number(&line, "groups",
		    count_entries(path_make("/sys/kernel/iommu_groups").s));
	line_number(&line, "devices", count_entries(path_make("/sys/bus/pci/devices").s));
	line_number(&line, "available_kb", meminfo("MemAvailable:"));
	line_number(&line, "slab_kb", meminfo("SUnreclaim:"));
	line_end(&line);
}

static int race_loop(struct race *race, struct input *input)
{
	bool first = true;
	char text[1024];

	while (!output_is_lost() && input_line(input, text, sizeof(text))) {
		struct attempt attempt;
		int status = parse_line(text, &attempt);

		if (status == 1)
			break;
		if (status == 2)
			continue;
		if (status == 0)
			status = attempt_run(race, &attempt);
		else
			status = STATUS_USAGE;
		if (status)
			return status;
		if (first)
			say_resources(race, "begin");
		first = false;
	}
	if (!first)
		say_resources(race, "end");
	return 0;
}

static void say_ready(const struct race *race)
{
	const struct saved *saved = &race->devices[0];
	struct line line = { .n = 0 };

	line_add(&line, "race", "ready");
	line_number(&line, "pid", getpid());
	line_add(&line, "device", saved->bdf.s);
	line_add(&line, "driver", *saved->driver ? saved->driver : "-");
	line_add(&line, "override", *saved->override ? saved->override : "-");
	line_number(&line, "group", device_group(&saved->bdf));
	line_add(&line, "slot", *race->pull.slot ? race->pull.slot : "-");
	line_number(&line, "cpu_writer", race->cpu_writer);
	line_number(&line, "cpu_holder", race->cpu_holder);
	line_end(&line);
}

int race_run(const struct args *args)
{
	static struct race race = { .uevents = -1 };
	static struct input input;
	struct line line = { .n = 0 };
	int64_t markers = 0;
	int status, end;

	input.signals = signals_open();
	race.limit_ns = 10 * NS_PER_SEC;
	status = race_choose_cpus(&race)         ?:
			 race_open_writer(&race) ?:
						   race_parse(&race, args);
	status = status ?: args_get_number(args, "markers", &markers) ? STATUS_USAGE : 0;
	status = status ?: race_setup(&race, markers);
	if (!status) {
		say_ready(&race);
		status = race_loop(&race, &input);
	}
	end = race.changed ? race_restore(&race) : 0;
	line_add(&line, "race", "end");
	line_end(&line);
	return status ?: end;
}
