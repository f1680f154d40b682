// SPDX-License-Identifier: GPL-2.0-or-later
/* The program's rig: a target of any kind, and a flood in a process of its own. */
#include "run/run.h"

#include "base/log.h"
#include "os/child.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The flood's end of the board's network, in the flood process. */
#define LOAD_FD 3

static int open_target(struct loop *loop, const struct plan *plan, const char *log_path,
		       const struct target_events *events, struct target **ret)
{
	const struct target_spec spec = { plan->target, &plan->board, log_path, *events };

	return target_open(loop, &spec, ret);
}

struct load {
	struct child *child;
	struct load_events events;
};

static void on_line(void *arg, struct text line)
{
	struct load *load = arg;
	struct timeline_part part;
	struct flood_sample sample;

	if (flood_sample_parse(line, &sample))
		load->events.on_sample(load->events.arg, &sample);
	else if (timeline_parse(line, &part))
		load->events.on_timeline(load->events.arg, &part);
}

static void on_exit_status(void *arg, int status)
{
	struct load *load = arg;
	char how[64], reason[96];

	snprintf(reason, sizeof(reason), "the flood process ended: %s",
		 child_describe_status(how, sizeof(how), status));
	load->events.on_end(load->events.arg, reason);
}

/* Room for what the flood is started with, and its NULL. */
struct load_argv {
	char program[PATH_MAX], where[48];
	struct strbuf spec;
	const char *argv[8];
};

static int build_argv(struct load_argv *a, const struct plan *plan,
		      const struct wire *wire)
{
	const uint8_t *mac = wire->mac;
	const char **word = a->argv;

	/* Not the link itself: by the time it is followed, another program runs. */
	if (readlink("/proc/self/exe", a->program, sizeof(a->program) - 1) < 0)
		return -errno;
	strbuf_addf(&a->spec, "--spec=");
	flood_spec_format(&plan->load, &a->spec);
	*word++ = a->program;
	*word++ = "flood";
	*word++ = a->spec.s;
	*word++ = a->where;
	if (wire->interface) {
		snprintf(a->where, sizeof(a->where), "--interface=%s", wire->interface);
		for (size_t i = 0; i < ARRAY_SIZE(wire->addresses); i++)
			if (wire->addresses[i])
				*word++ = wire->addresses[i];
	} else {
		snprintf(a->where, sizeof(a->where),
			 "--target-mac=%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
			 mac[2], mac[3], mac[4], mac[5]);
		*word++ = "--frames=3";
	}
	return 0;
}

static int start_load(struct loop *loop, const struct plan *plan, struct target *target,
		      const struct load_events *events, struct load **ret)
{
	const struct child_fd net = { .fd = target->wire.fd, .as = LOAD_FD };
	struct load *load = xcalloc(1, sizeof(*load));
	struct load_argv a = { 0 };
	struct child_spec spec = { .argv = a.argv,
				   .fds = &net,
				   .n_fds = target->wire.fd >= 0,
				   .on_line = on_line,
				   .on_exit = on_exit_status,
				   .arg = load,
				   .die_with_us = true,
				   .want_input = true };
	int r = build_argv(&a, plan, &target->wire);

	load->events = *events;
	log_command(a.argv);
	if (r == 0)
		r = child_start(loop, &spec, &load->child);
	strbuf_done(&a.spec);
	if (r < 0) {
		free(load);
		return log_errno(r, "cannot start the flood");
	}
	*ret = load;
	return 0;
}

static void tell_load(struct load *load, enum load_word word)
{
	static const char *const words[] = {
		[LOAD_SURGE] = "surge", [LOAD_MARK] = "mark",
		[LOAD_PRESS] = "press", [LOAD_RELEASE] = "release",
		[LOAD_UP] = "up",       [LOAD_TIMELINE] = "timeline",
	};

	/* One that has ended says so itself. */
	(void)!child_write(load->child, text_of(words[word]));
}

static void stop_load(struct load *load)
{
	if (!load)
		return;
	child_free(load->child);
	free(load);
}

const struct rig_ops rig_real = {
	.target_open = open_target,
	.load_start = start_load,
	.load_tell = tell_load,
	.worker = target_worker,
	.load_stop = stop_load,
};
