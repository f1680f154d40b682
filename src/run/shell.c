// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is typed into the shell on the target's console. Nothing typed may look like a
 * marker when the line is echoed: the word is put together by the target's shell.
 */
#include "base/log.h"
#include "base/num.h"
#include "classify/ticket.h"
#include "run/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A kernel that boots is noisy; one that waits at a prompt is not. */
#define PROBE_QUIET_NS (3 * NS_PER_SEC)
#define ALIVE_LIMIT_NS (10 * NS_PER_SEC)

/* For a shell that is not ours (--initrd, a real board): defines what ours has built in. */
static const char introduction[] =
	"mark() { echo \"iommu\"-\"stress: $*\" >/dev/kmsg; }; ";

uint64_t run_ticket(const struct run *run, unsigned int cycle)
{
	return ticket_make(run->sight.nonce, cycle);
}

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
	_cleanup_free_ char *line = xasprintf("%s %s markers=1 stdout=0 ticket=%" PRIu64,
					      run->rig.target->worker, words,
					      run_ticket(run, 0));

	shell_type(run, line);
}

void shell_mark(struct run *run, const char *phase)
{
	char line[96];

	snprintf(line, sizeof(line), "mark cycle=%" PRIu64 " phase=%s",
		 run_ticket(run, run->cycle.cycle), phase);
	shell_type(run, line);
}

void shell_request(struct run *run, const char *command)
{
	char line[256];

	/* What this cycle prints from here on, it has not printed yet. */
	memset(run->sight.phase_offset, 0, sizeof(run->sight.phase_offset));
	snprintf(line, sizeof(line), "mark cycle=%" PRIu64 " phase=trigger; %s",
		 run_ticket(run, run->cycle.cycle), command);
	shell_type(run, line);
}

static void ask_who(struct run *run, const char *before)
{
	_cleanup_free_ char *line =
		xasprintf("%smark cycle=%" PRIu64 " phase=up "
			  "boot_id=${boot_id:-$(cat /proc/sys/kernel/random/boot_id)} "
			  "kernel=${kernel:-$(uname -r)}",
			  before, run_ticket(run, run->cycle.cycle));

	run->sight.probe_ns = loop_now_ns();
	shell_type(run, line);
}

void shell_challenge(struct run *run)
{
	/* Whoever claims it again and again is asked by the timer. */
	if (!run->sight.probe_ns)
		ask_who(run, "");
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
	ask_who(run, introduction);
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
	snprintf(line, sizeof(line), "mark cycle=%" PRIu64 " alive=1",
		 run_ticket(run, run->cycle.cycle));
	shell_type(run, line);
	return step_wait(run, has_answered, ALIVE_LIMIT_NS) == STEP_DONE;
}

bool run_shell_up(const struct run *run)
{
	return run->sight.shell;
}
