// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Handlers: what comes from the target becomes facts and records, and is handed to the
 * scenario. Nothing here waits, types or switches anything.
 */
#include "base/num.h"
#include "classify/ticket.h"
#include "run/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A report of which nothing more came for this long is complete. A kernel that times out
 * once a second, again and again, is not quiet.
 */
#define QUIET_NS (5 * NS_PER_SEC)

/* Answers to what was asked before are none any more. */
static void draw_nonce(struct run *run)
{
	run->sight.nonce = NONCE_MIN + arc4random_uniform(9 * NONCE_MIN);
	classifier_expect(run->rig.classifier, run->sight.nonce);
	if (run->rig.target)
		run->rig.target->ticket = run_ticket(run, 0);
}

/*
 * Text alone is no proof of a boot where the power switch knows better. Only kexec starts a
 * kernel without a reset, on a board that was made for it: there the boot id decides, which
 * the shell tells. (s390x goes down for it without a last word.)
 */
static bool has_reset(struct run *run)
{
	struct sight *s = &run->sight;

	if (s->banner_expected || !s->banner_ns ||
	    !(run->rig.target->parts & TARGET_RESETS))
		return true;
	target_power_catch_up(run->rig.target);
	return s->reset || (run->plan->board.kexec && s->trigger_seen_ns);
}

static void on_banner(struct run *run)
{
	struct sight *f = &run->sight;

	if (!has_reset(run)) {
		/* The classifier took it for a boot. */
		classifier_set_phase(run->rig.classifier, run->cycle.cycle,
				     run->clock.phase);
		return;
	}
	draw_nonce(run);
	f->reset = false;
	f->claimed_id[0] = f->claimed_kernel[0] = '\0';
	if (f->banner_expected)
		f->banner_expected = false;
	else if (f->trigger_ns)
		run->cycle.banners++;
	else if (!run->cycle.early_banners++)
		run->cycle.restart_phase = run->clock.phase;
	f->banner_ns = loop_now_ns();
	f->banner_fresh = true;
	f->shell = f->alive = f->panic = f->panic_end = f->powered_off = false;
	f->probe_ns = 0;
}

/* True: no boot before had it. */
static bool note_boot_id(struct sight *s)
{
	bool seen = text_has((struct text){ s->boot_ids.s, s->boot_ids.n },
			     text_of(s->boot_id));

	if (!seen && s->boot_id[0])
		strbuf_addf(&s->boot_ids, "%s\n", s->boot_id);
	return !seen && s->boot_id[0];
}

/* Anybody can say so; the shell proves it. */
static void on_claim(struct run *run, struct text marker)
{
	struct sight *s = &run->sight;
	struct text phase = TEXT_NONE, boot_id = TEXT_NONE, kernel = TEXT_NONE;

	text_value(marker, "phase", &phase);
	if (!text_equal(phase, TEXT("up")) || !text_value(marker, "boot_id", &boot_id))
		return;
	text_value(marker, "kernel", &kernel);
	text_copy(s->claimed_id, sizeof(s->claimed_id), boot_id);
	text_copy(s->claimed_kernel, sizeof(s->claimed_kernel), kernel);
	/* A kernel that boots quietly prints no banner: a new boot id tells as much. */
	if (!s->shell || !text_equal(boot_id, text_of(s->boot_id)))
		shell_challenge(run);
}

/* Its shell has answered: it tells which boot this is, or nobody has claimed otherwise. */
static void on_shell(struct run *run, const struct console_line *line)
{
	struct sight *f = &run->sight;
	struct text boot_id = text_of(f->claimed_id), kernel = text_of(f->claimed_kernel);
	char kernel_text[96];
	struct record record = { .type = RECORD_TARGET, .cycle = run->cycle.cycle };

	text_value(line->marker, "boot_id", &boot_id);
	text_value(line->marker, "kernel", &kernel);
	if (!f->banner_fresh && boot_id.n && !text_equal(boot_id, text_of(f->boot_id)))
		on_banner(run);
	if (f->shell)
		return;
	text_copy(f->boot_id, sizeof(f->boot_id), boot_id);
	f->boot_id_new = note_boot_id(f);
	f->banner_fresh = false;
	f->shell = true;
	f->probe_ns = 0;
	f->shell_ns = loop_now_ns();
	record.target.kernel = text_copy(kernel_text, sizeof(kernel_text), kernel);
	record.target.boot_id = f->boot_id;
	/* Two kernels in one summary would say nothing of either. */
	if (run->sight.kernel_before[0] && !run->sight.acted &&
	    strcmp(run->sight.kernel_before, kernel_text) != 0) {
		snprintf(
			f->refused, sizeof(f->refused),
			"the run has measured kernel %s, and %s runs %s now: begin a new "
			"run",
			run->sight.kernel_before, run->plan->target, kernel_text);
		return;
	}
	run_record(run, &record);
}

/* The board itself says what it cannot do. */
static void on_error(struct run *run, const struct console_line *line, struct text error)
{
	struct text why = TEXT("no reason given");

	text_value(line->marker, "why", &why);
	snprintf(run->sight.refused, sizeof(run->sight.refused),
		 "the target cannot do %.*s: %.*s", TEXT_ARG(error), TEXT_ARG(why));
}

bool observe_is_of_cycle(const struct run *run, const struct console_line *line)
{
	return line->cycle == run->cycle.cycle;
}

static void on_marker(struct run *run, const struct console_line *line)
{
	struct text phase = TEXT_NONE, error;
	struct sight *s = &run->sight;

	if (run->scenario->on_marker && run->scenario->on_marker(run, line))
		return;
	text_value(line->marker, "phase", &phase);
	if (text_equal(phase, TEXT("up"))) {
		on_shell(run, line);
	} else if (text_value(line->marker, "error", &error)) {
		on_error(run, line, error);
	} else if (!observe_is_of_cycle(run, line)) {
		return;
	} else if (text_equal(phase, TEXT("trigger"))) {
		if (!s->trigger_seen_ns)
			s->trigger_seen_ns = loop_now_ns();
		/* This kernel's shell is not one to come back to. */
		s->shell = false;
	} else if (text_has(line->marker, TEXT("alive=1"))) {
		s->alive = true;
	}
}

static void on_line(void *arg, const struct console_line *line)
{
	struct run *run = arg;
	struct sight *f = &run->sight;
	struct text words = text_trim(line->text);

	if (words.n)
		text_copy(f->last_line, sizeof(f->last_line), words);
	if (run->scenario->on_line)
		run->scenario->on_line(run, line);
	if (!f->phase_offset[line->phase])
		f->phase_offset[line->phase] = line->offset;
	switch (line->milestone) {
	case MILESTONE_MARKER:
		on_marker(run, line);
		break;
	case MILESTONE_CLAIM:
		on_claim(run, line->marker);
		break;
	case MILESTONE_BANNER:
		on_banner(run);
		break;
	case MILESTONE_RESTART:
		if (!f->restart_ns)
			f->restart_ns = loop_now_ns();
		break;
	case MILESTONE_LOSS:
		run_facts_of(run, line->cycle)->lines_lost = true;
		break;
	case MILESTONE_PANIC:
		f->panic = run->cycle.panic = true;
		break;
	case MILESTONE_PANIC_WAIT:
		f->panic_until_ns = loop_now_ns() + line->value * NS_PER_SEC;
		break;
	case MILESTONE_PANIC_END:
		f->panic_end = true;
		break;
	default:
		break;
	}
}

static void take_bytes(struct run *run, const void *bytes, size_t n)
{
	uint64_t now = loop_now_ns();
	int r;

	r = journal_console(run->recorder.journal, bytes, n, now);
	if (r < 0)
		run_fail(run, r, "cannot record the console in");
	classifier_feed(run->rig.classifier, bytes, n);
	loop_timer_set(run->rig.quiet_timer, now + QUIET_NS);
}

static void on_console(void *arg, const void *bytes, size_t n)
{
	struct run *run = arg;

	run->sight.last_byte_ns = loop_now_ns();
	take_bytes(run, bytes, n);
	status_update();
}

static void on_quiet(void *arg)
{
	struct run *run = arg;

	classifier_quiet(run->rig.classifier);
}

static void on_power(void *arg, const char *event)
{
	struct run *run = arg;

	struct sight *s = &run->sight;

	if (!strcmp(event, "shutdown"))
		s->powered_off = true;
	if (!strcmp(event, "reset") || !strcmp(event, "host-reset"))
		s->reset = true;
	s->resets += !strcmp(event, "reset") || !strcmp(event, "shutdown");
	run_record_power(run, "", event);
}

void observe_cut(struct run *run)
{
	/* console.raw shall read the same, to whoever classifies it later. */
	if (journal_console_in_line(run->recorder.journal))
		take_bytes(run, "\n", 1);
	classifier_end(run->rig.classifier);
}

static void on_device(void *arg, const char *event, const char *why)
{
	struct run *run = arg;

	if (!strcmp(event, "removed"))
		run->sight.device_removed = true;
	if (!strcmp(event, "refused"))
		snprintf(run->sight.gone, sizeof(run->sight.gone), "QEMU refuses: %.200s",
			 why);
	run_record_power(run, "", event);
}

static void on_uevent(void *arg, const char *action, const char *bdf)
{
	struct run *run = arg;

	if (run->scenario->on_uevent)
		run->scenario->on_uevent(run, action, bdf);
}

static void on_loss(void *arg)
{
	struct run *run = arg;

	run->cycle.lines_lost = true;
}

static void on_gone(void *arg, const char *reason)
{
	struct run *run = arg;

	text_clean(run->sight.gone, sizeof(run->sight.gone), text_of(reason));
	observe_cut(run);
}

struct target_events observe_target_events(struct run *run)
{
	return (struct target_events){ .on_console = on_console,
				       .on_power = on_power,
				       .on_device = on_device,
				       .on_uevent = on_uevent,
				       .on_gone = on_gone,
				       .on_loss = on_loss,
				       .arg = run };
}

void observe_begin_cycle(struct run *run, unsigned int cycle)
{
	struct sight *s = &run->sight;
	struct traffic *t = &run->traffic;
	struct record record = { .type = RECORD_CYCLE, .cycle = cycle };

	run->cycle = (struct cycle_facts){ .cycle = cycle };
	memset(run->clock.phase_ns, 0, sizeof(run->clock.phase_ns));
	s->trigger_ns = s->trigger_seen_ns = s->restart_ns = 0;
	s->resets = 0;
	s->powered_off = s->alive = false;
	memset(s->phase_offset, 0, sizeof(s->phase_offset));
	t->last_reply_down_ns = t->first_reply_up_ns = 0;
	t->counters_asked = false;
	run_record(run, &record);
	classifier_set_phase(run->rig.classifier, cycle,
			     s->shell ? PHASE_SETTLE : PHASE_BOOT);
}

void observe_open(struct run *run)
{
	const struct classifier_sink sink = { .on_line = on_line,
					      .on_finding = run_take_finding,
					      .arg = run };

	run->rig.classifier = classifier_new(run->rig.rules, &sink);
	run->rig.quiet_timer = loop_timer_add(run->loop, on_quiet, run);
	draw_nonce(run);
}

void observe_close(struct run *run)
{
	if (run->rig.classifier)
		classifier_end(run->rig.classifier);
	classifier_free(run->rig.classifier);
	loop_timer_free(run->rig.quiet_timer);
	strbuf_done(&run->sight.boot_ids);
}
