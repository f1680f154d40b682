// SPDX-License-Identifier: GPL-2.0-or-later
/* The program's rig: a target of any kind, and a flood in a process of its own. */
#include "run/run.h"

#include "base/log.h"
#include "os/child.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The flood's end of the board's network, in the flood process. */
#define LOAD_FD 3

static int open_target(struct loop *loop, const struct plan *plan, const char *log_path,
		       const struct target_events *events, struct target **ret)
{
	const struct board *board;
	struct board_image image = { 0 };
	int r;

	if (!target_is_virtual(plan->target))
		return remote_open(loop, plan->target, log_path, events, ret);
	board = board_find(plan->target + strlen("virt:"));
	r = board_prepare(board, &plan->board, &image);
	if (r < 0)
		return r;
	r = virtual_open(loop, plan->target, &image, log_path, events, ret);
	board_image_done(&image);
	return r;
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
	char program[PATH_MAX], target[48];
	struct strbuf spec;
	const char *argv[8];
};

static int build_argv(struct load_argv *a, const struct plan *plan, const uint8_t mac[6])
{
	int n;

	/* Not the link itself: by the time it is followed, another program runs. */
	n = (int)readlink("/proc/self/exe", a->program, sizeof(a->program) - 1);
	if (n < 0)
		return -errno;
	snprintf(a->target, sizeof(a->target),
		 "--target-mac=%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	strbuf_addf(&a->spec, "--spec=");
	flood_spec_format(&plan->load, &a->spec);
	a->argv[0] = a->program;
	a->argv[1] = "flood";
	a->argv[2] = "--frames=3";
	a->argv[3] = a->target;
	a->argv[4] = a->spec.s;
	return 0;
}

static int start_load(struct loop *loop, const struct plan *plan, struct target *target,
		      const struct load_events *events, struct load **ret)
{
	const struct child_fd net = { .fd = target_net_fd(target), .as = LOAD_FD };
	struct load *load = xcalloc(1, sizeof(*load));
	struct load_argv a = { 0 };
	struct child_spec spec = { .argv = a.argv,
				   .fds = &net,
				   .n_fds = 1,
				   .on_line = on_line,
				   .on_exit = on_exit_status,
				   .arg = load,
				   .die_with_us = true,
				   .want_input = true };
	int r;

	load->events = *events;
	r = build_argv(&a, plan, target->mac);
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
	.worker = remote_worker,
	.load_stop = stop_load,
};
