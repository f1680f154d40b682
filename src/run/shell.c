// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is typed into the shell on the target's console. Nothing typed may look like a
 * marker when the line is echoed: the word is put together by the target's shell.
 */
#include "base/log.h"
#include "base/num.h"
#include "run/engine.h"

#include <stdio.h>

/* A kernel that boots is noisy; one that waits at a prompt is not. */
#define PROBE_QUIET_NS (3 * NS_PER_SEC)
#define ALIVE_LIMIT_NS (10 * NS_PER_SEC)

/* For a shell that is not ours (--initrd, a real board): defines what ours has built in. */
static const char introduction[] =
	"mark() { echo \"iommu\"-\"stress: $*\" >/dev/kmsg; }; "
	"mark phase=up boot_id=$(cat /proc/sys/kernel/random/boot_id) kernel=$(uname -r)";

void shell_type(struct run *run, const char *line)
{
	int r = target_type(run->rig.target, text_of(line));

	/* What is not typed shows as an answer that never comes, within its limit. */
	if (r < 0)
		log_debug("cannot type into the console of %s: error %d",
			  run->plan->target, -r);
}

void shell_worker(struct run *run, const char *words)
{
	_cleanup_free_ char *line =
		xasprintf("%s %s markers=1 stdout=0", run->rig.target->worker, words);

	shell_type(run, line);
}

void shell_mark(struct run *run, const char *phase)
{
	char line[96];

	snprintf(line, sizeof(line), "mark cycle=%u phase=%s", run->cycle.cycle, phase);
	shell_type(run, line);
}

void shell_request(struct run *run, const char *command)
{
	char line[256];

	snprintf(line, sizeof(line), "mark cycle=%u phase=trigger; %s", run->cycle.cycle,
		 command);
	shell_type(run, line);
}

static void on_probe_timer(void *arg)
{
	struct run *run = arg;
	struct sight *s = &run->sight;
	uint64_t now = loop_now_ns();

	loop_timer_set(run->rig.probe_timer, now + NS_PER_SEC);
	/* Before a kernel has spoken, typing could stop a boot loader. */
	if (s->shell || !s->banner_ns || s->panic || s->gone[0] ||
	    now < s->last_byte_ns + PROBE_QUIET_NS || now < s->probe_ns + PROBE_QUIET_NS)
		return;
	if (s->trigger_ns && s->banner_ns < s->trigger_ns)
		return;
	s->probe_ns = now;
	shell_type(run, introduction);
}

void shell_watch(struct run *run)
{
	run->rig.probe_timer = loop_timer_add(run->loop, on_probe_timer, run);
	loop_timer_set(run->rig.probe_timer, loop_now_ns() + NS_PER_SEC);
}

void shell_unwatch(struct run *run)
{
	if (run->rig.probe_timer)
		loop_timer_free(run->rig.probe_timer);
}

static bool has_answered(const struct run *run)
{
	return run->sight.alive;
}

bool shell_is_alive(struct run *run)
{
	char line[64];

	run->sight.alive = false;
	snprintf(line, sizeof(line), "mark cycle=%u alive=1", run->cycle.cycle);
	shell_type(run, line);
	return step_wait(run, has_answered, ALIVE_LIMIT_NS) == STEP_DONE;
}

bool run_shell_up(const struct run *run)
{
	return run->sight.shell;
}
