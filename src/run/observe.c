// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Handlers: what comes from the target and the load becomes facts and records. Nothing
 * here waits, types or switches anything.
 */
#include "unplug.h"

#include "base/log.h"
#include "base/num.h"
#include "classify/signature.h"

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

void run_record(struct run *run, struct record *record)
{
	int r;

	if (run->failed)
		return;
	record->at_ns = loop_now_ns();
	r = journal_append(run->journal, record);
	if (r < 0) {
		run->failed = r;
		log_errno(r, "cannot record in %s, the run ends; free space there",
			  journal_dir(run->journal));
		loop_interrupt(run->loop);
		return;
	}
	fold_apply(&run->fold, record);
}

static void on_banner(struct run *run)
{
	struct run_facts *f = &run->facts;

	if (f->banner_expected)
		f->banner_expected = false;
	else if (f->trigger_ns)
		run->cycle.banners++;
	else if (!run->cycle.early_banners++)
		run->cycle.restart_phase = run->phase;
	f->banner_ns = loop_now_ns();
	f->banner_fresh = true;
	f->shell = f->alive = f->panic = f->panic_end = f->powered_off = false;
	f->probe_ns = 0;
}

static void on_shell(struct run *run, const struct console_line *line)
{
	struct run_facts *f = &run->facts;
	struct text boot_id = TEXT_NONE, kernel = TEXT_NONE;
	char kernel_text[96];
	struct record record = { .type = RECORD_TARGET, .cycle = run->cycle.cycle };

	text_value(line->marker, "boot_id", &boot_id);
	text_value(line->marker, "kernel", &kernel);
	/* A kernel that boots quietly prints no banner: a new boot id tells as much. */
	if (!f->banner_fresh && boot_id.n && !text_equal(boot_id, text_of(f->boot_id)))
		on_banner(run);
	if (f->shell)
		return;
	text_copy(f->boot_id, sizeof(f->boot_id), boot_id);
	f->banner_fresh = false;
	f->shell = true;
	f->shell_ns = loop_now_ns();
	record.target.kernel = text_copy(kernel_text, sizeof(kernel_text), kernel);
	record.target.boot_id = f->boot_id;
	/* Two kernels in one summary would say nothing of either. */
	if (run->kernel_before[0] && !run->acted &&
	    strcmp(run->kernel_before, kernel_text) != 0) {
		snprintf(
			f->refused, sizeof(f->refused),
			"the run has measured kernel %s, and %s runs %s now: begin a new "
			"run",
			run->kernel_before, run->plan->target, kernel_text);
		return;
	}
	run_record(run, &record);
}

static void on_request(struct run_facts *f)
{
	if (!f->trigger_seen)
		f->trigger_seen_ns = loop_now_ns();
	f->trigger_seen = true;
	/* This kernel's shell is not one to come back to. */
	f->shell = false;
}

/* The board itself says what it cannot do. */
static void on_error(struct run *run, const struct console_line *line, struct text error)
{
	struct text why = TEXT("no reason given");

	text_value(line->marker, "why", &why);
	snprintf(run->facts.refused, sizeof(run->facts.refused),
		 "the target cannot do %.*s: %.*s", TEXT_ARG(error), TEXT_ARG(why));
}

static void on_marker(struct run *run, const struct console_line *line)
{
	struct text phase = TEXT_NONE, cycle = TEXT_NONE, error;
	char number[16];

	if (run->unplug && unplug_on_marker(run, line))
		return;
	text_value(line->marker, "phase", &phase);
	text_value(line->marker, "cycle", &cycle);
	snprintf(number, sizeof(number), "%u", run->cycle.cycle);
	if (text_equal(phase, TEXT("up")))
		on_shell(run, line);
	else if (text_value(line->marker, "error", &error))
		on_error(run, line, error);
	else if (!text_equal(cycle, text_of(number)))
		return;
	else if (text_equal(phase, TEXT("trigger")))
		on_request(&run->facts);
	else if (text_has(line->marker, TEXT("alive=1")))
		run->facts.alive = true;
	else
		(void)counters_take(run, line->marker);
}

/* Several attempts to unplug are on their way at once. */
static struct cycle_facts *facts_of(struct run *run, unsigned int cycle)
{
	struct unplug_try *try = run->unplug ? unplug_try_of(run->unplug, cycle) : NULL;

	return try ? &try->facts : &run->cycle;
}

static void on_line(void *arg, const struct console_line *line)
{
	struct run *run = arg;
	struct run_facts *f = &run->facts;
	struct text words = text_trim(line->text);

	if (words.n)
		text_copy(f->last_line, sizeof(f->last_line), words);
	if (run->unplug)
		unplug_on_line(run, line);
	if (!f->phase_offset[line->phase])
		f->phase_offset[line->phase] = line->offset;
	switch (line->milestone) {
	case MILESTONE_MARKER:
		on_marker(run, line);
		break;
	case MILESTONE_BANNER:
		on_banner(run);
		break;
	case MILESTONE_RESTART:
		if (!f->restart_seen)
			f->restart_ns = loop_now_ns();
		f->restart_seen = true;
		break;
	case MILESTONE_LOSS:
		facts_of(run, line->cycle)->lines_lost = true;
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

/* Reports after which the context that printed them does not go on. */
static bool is_oops(const struct finding *finding)
{
	static const char *const classes[] = { "oops", "bug", "panic" };

	if (finding->type != FINDING_SPLAT)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (!strcmp(signature_class(finding->kind), classes[i]))
			return true;
	return finding->panic;
}

/* Counts it for the verdict; the first of the most severe class names the cycle. */
static void count_finding(struct cycle_facts *c, const struct finding *finding)
{
	unsigned int before = c->oops               ? 3 :
			      c->splats + c->faults ? 2 :
			      c->precursors         ? 1 :
						      0;
	unsigned int rank = 2;

	switch (finding->type) {
	case FINDING_SPLAT:
		c->splats++;
		break;
	case FINDING_FAULT:
		c->faults++;
		break;
	case FINDING_PRECURSOR:
		c->precursors++;
		rank = 1;
		break;
	default:
		return;
	}
	if (is_oops(finding)) {
		c->oops = true;
		rank = 3;
	}
	c->panic |= finding->panic;
	if (rank <= before)
		return;
	c->worst_phase = finding->phase;
	snprintf(c->worst, sizeof(c->worst), "%s", finding->title);
}

static void add_known(const struct run *run, const struct finding *finding,
		      struct strbuf *head)
{
	const struct known_issue *known =
		run->rules ? rules_find_known(run->rules, finding->known) : NULL;

	if (known) {
		strbuf_addf(head, "Known-issue: %s, %s\n", known->id, known->title);
		if (known->fixed_by[0])
			strbuf_addf(head, "Fixed-by: %s\n", known->fixed_by);
	}
	if (finding->advice[0])
		strbuf_addf(head, "Advice: %s\n", finding->advice);
}

static const char *what_is_done(const struct run *run, char buffer[128])
{
	const struct unplug_plan *unplug = &run->plan->unplug;

	if (run->unplug)
		snprintf(buffer, 128, "holder %s, release %s, method %s",
			 unplug->holder->name, unplug->release,
			 run->unplug->method ? run->unplug->method->name : "none yet");
	else
		snprintf(buffer, 128, "method %s", run->plan->method->name);
	return buffer;
}

/* What stands above the raw lines of an extracted report. */
static char *report_head(const struct run *run, const struct finding *finding)
{
	_cleanup_strbuf_ struct strbuf load = { 0 };
	struct strbuf head = { 0 };
	char words[128];

	strbuf_addf(&head, "Title: %s\n", finding->title);
	strbuf_addf(&head, "Kernel: %s\n",
		    finding->kernel[0] ? finding->kernel : run->fold.kernel);
	strbuf_addf(&head, "Board: %s\n", run->plan->target);
	strbuf_addf(&head, "Cycle: %u, phase %s, %s\n", finding->cycle,
		    phase_name(finding->phase), what_is_done(run, words));
	if (run->plan->flood) {
		flood_spec_format(&run->plan->load, &load);
		strbuf_addf(&head,
			    "Load: --flood=%s, %" PRIu32 " requests/s, %" PRIu32
			    " replies/s\n",
			    load.s, run->facts.sample.rate, run->facts.sample.reply_rate);
	}
	if (finding->device[0])
		strbuf_addf(&head, "Device: %s\n", finding->device);
	for (size_t i = 0; i < finding->n_decoded; i++)
		strbuf_addf(&head, "%s: %s\n", finding->decoded[i].name,
			    finding->decoded[i].value);
	add_known(run, finding, &head);
	strbuf_addf(&head, "Signature: %s variant %s\n", finding->bug, finding->variant);
	return head.s;
}

static void on_finding(void *arg, const struct finding *finding)
{
	struct run *run = arg;
	_cleanup_free_ char *head = NULL, *report = NULL;
	struct record record = { .type = RECORD_FINDING,
				 .cycle = finding->cycle ? finding->cycle :
							   run->cycle.cycle };
	int r;

	count_finding(facts_of(run, finding->cycle), finding);
	head = report_head(run, finding);
	r = journal_extract(run->journal, finding, text_of(head), &report);
	if (r < 0 && !run->failed) {
		/* The raw bytes are still in console.raw: the finding counts all the same. */
		log_errno(r, "cannot extract a report into %s",
			  journal_dir(run->journal));
	}
	record.finding.finding = *finding;
	record.finding.report = report ? report : "";
	run_record(run, &record);
}

static void on_console(void *arg, const void *bytes, size_t n)
{
	struct run *run = arg;
	uint64_t now = loop_now_ns();
	int r;

	run->facts.last_byte_ns = now;
	r = journal_console(run->journal, bytes, n, now);
	if (r < 0 && !run->failed) {
		run->failed = r;
		log_errno(
			r,
			"cannot record the console in %s, the run ends; free space there",
			journal_dir(run->journal));
		loop_interrupt(run->loop);
	}
	classifier_feed(run->classifier, bytes, n);
	loop_timer_set(run->quiet_timer, now + QUIET_NS);
	status_update();
}

static void on_quiet(void *arg)
{
	struct run *run = arg;

	classifier_quiet(run->classifier);
}

static void on_power(void *arg, const char *event)
{
	struct run *run = arg;
	struct record record = { .type = RECORD_POWER, .cycle = run->cycle.cycle };

	if (!strcmp(event, "shutdown"))
		run->facts.powered_off = true;
	record.power.action = "";
	record.power.event = event;
	run_record(run, &record);
}

void observe_cut(struct run *run)
{
	classifier_end(run->classifier);
}

static void on_device(void *arg, const char *event, const char *why)
{
	struct run *run = arg;
	struct record record = { .type = RECORD_POWER, .cycle = run->cycle.cycle };

	if (!strcmp(event, "removed"))
		run->facts.unplugged = true;
	if (!strcmp(event, "refused"))
		snprintf(run->facts.gone, sizeof(run->facts.gone), "QEMU refuses: %.200s",
			 why);
	record.power.action = "";
	record.power.event = event;
	run_record(run, &record);
}

static void on_gone(void *arg, const char *reason)
{
	struct run *run = arg;

	text_clean(run->facts.gone, sizeof(run->facts.gone), text_of(reason));
	observe_cut(run);
}

void record_load(struct run *run)
{
	struct record record = { .type = RECORD_LOAD, .cycle = run->cycle.cycle };

	run->load_recorded_ns = run->facts.sample.at_ns;
	record.load = run->facts.sample;
	run_record(run, &record);
}

static void on_sample(void *arg, const struct flood_sample *sample)
{
	struct run *run = arg;
	struct run_facts *f = &run->facts;
	bool decides = false;

	f->sample = *sample;
	if (f->trigger_ns && f->banner_ns < f->trigger_ns) {
		f->last_reply_down_ns = sample->last_reply_ns;
	} else if (f->trigger_ns && !f->first_reply_up_ns &&
		   sample->last_reply_ns > f->banner_ns) {
		f->first_reply_up_ns = sample->first_reply_ns > f->banner_ns ?
					       sample->first_reply_ns :
					       sample->last_reply_ns;
		decides = true;
	}
	status_update();
	if (decides || sample->at_ns >= run->load_recorded_ns + NS_PER_SEC)
		record_load(run);
}

static void on_load_end(void *arg, const char *reason)
{
	struct run *run = arg;

	snprintf(run->facts.load_ended, sizeof(run->facts.load_ended), "%s", reason);
}

static void on_timeline(void *arg, const struct timeline_part *part)
{
	run_timeline_take(arg, part);
}

struct target_events observe_target_events(struct run *run)
{
	return (struct target_events){ .on_console = on_console,
				       .on_power = on_power,
				       .on_device = on_device,
				       .on_gone = on_gone,
				       .arg = run };
}

struct load_events observe_load_events(struct run *run)
{
	return (struct load_events){ .on_sample = on_sample,
				     .on_end = on_load_end,
				     .on_timeline = on_timeline,
				     .arg = run };
}

void observe_begin_cycle(struct run *run, unsigned int cycle)
{
	struct run_facts *f = &run->facts;
	struct record record = { .type = RECORD_CYCLE, .cycle = cycle };

	run->cycle =
		(struct cycle_facts){ .cycle = cycle, .wants_load = run->plan->flood };
	run->times = (struct cycle_times){ 0 };
	memset(run->phase_ns, 0, sizeof(run->phase_ns));
	f->trigger_ns = f->last_reply_down_ns = f->first_reply_up_ns = 0;
	f->trigger_seen_ns = f->restart_ns = 0;
	f->trigger_seen = f->restart_seen = f->powered_off = f->alive = false;
	f->counters_asked = false;
	memset(f->phase_offset, 0, sizeof(f->phase_offset));
	run_record(run, &record);
	classifier_set_phase(run->classifier, cycle,
			     cycle == run->first_cycle ? PHASE_BOOT : PHASE_SETTLE);
}

void observe_flush(struct run *run)
{
	classifier_flush(run->classifier);
}

void observe_open(struct run *run, const struct rules *rules)
{
	const struct classifier_sink sink = { .on_line = on_line,
					      .on_finding = on_finding,
					      .arg = run };

	run->rules = rules;
	run->classifier = classifier_new(rules, &sink);
	run->quiet_timer = loop_timer_add(run->loop, on_quiet, run);
}

void observe_close(struct run *run)
{
	if (run->classifier)
		classifier_end(run->classifier);
	classifier_free(run->classifier);
	loop_timer_free(run->quiet_timer);
}
