// SPDX-License-Identifier: GPL-2.0-or-later
/* A run that was cut short goes on: its journal tells everything that it knew. */
#include "base/log.h"
#include "os/file.h"
#include "run/engine.h"
#include "run/past.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct recalled {
	struct undo_list undo;
	char boot_id[40];
	struct cycle_facts *open; /* of cycles with findings and without a verdict */
	size_t n_open;
	struct cycle_times times; /* of the last cycle */
	uint64_t settle_at_ns;
	struct run *run;
};

/* What was found in a cycle that nobody has judged. */
static void count_open(struct recalled *past, const struct finding *finding,
		       unsigned int cycle)
{
	struct cycle_facts *facts = NULL;

	/* A scenario with attempts of its own makes them again, as its search was. */
	if (finding->type == FINDING_NOTE || past->run->scenario->cycle ||
	    cycle <= past->run->recorder.fold.judged)
		return;
	for (size_t i = 0; i < past->n_open; i++)
		if (past->open[i].cycle == cycle)
			facts = &past->open[i];
	if (!facts) {
		past->open = xrealloc(past->open, past->n_open + 1, sizeof(*past->open));
		facts = &past->open[past->n_open++];
		*facts = (struct cycle_facts){ .cycle = cycle };
	}
	if (finding->type == FINDING_HANG) {
		facts->hang_phase = finding->phase;
		facts->hang_after_ns = past->run->plan->limit_ns[finding->phase];
		snprintf(facts->last_line, sizeof(facts->last_line), "%.127s",
			 finding->text);
	}
	findings_count(facts, finding);
}

/* Its verdict came after it. */
static void close_cycle(struct recalled *past, unsigned int cycle)
{
	for (size_t i = 0; i < past->n_open; i++)
		if (past->open[i].cycle == cycle)
			past->open[i--] = past->open[--past->n_open];
}

static void recall_times(struct recalled *past, const struct record *record)
{
	if (record->type == RECORD_CYCLE)
		past->times = (struct cycle_times){ 0 };
	if (record->type != RECORD_PHASE)
		return;
	if (past->settle_at_ns)
		past->times.settle = record->at_ns - past->settle_at_ns;
	past->settle_at_ns = record->phase.phase == PHASE_SETTLE ? record->at_ns : 0;
}

static void recall(struct run *run, struct recalled *past, const struct record *record)
{
	fold_apply(&run->recorder.fold, record);
	undo_learn(&past->undo, record);
	if (run->scenario->recall)
		run->scenario->recall(run, record);
	if (record->type == RECORD_TARGET) {
		snprintf(past->boot_id, sizeof(past->boot_id), "%s",
			 record->target.boot_id);
		strbuf_addf(&run->sight.boot_ids, "%s\n", past->boot_id);
	}
	recall_times(past, record);
	if (record->type == RECORD_FINDING)
		count_open(past, &record->finding.finding, record->cycle);
	if (record->type == RECORD_VERDICT)
		close_cycle(past, record->cycle);
}

/* Lines that cannot be read were told when the plan was read. */
static int recall_all(struct run *run, struct recalled *past)
{
	struct journal_reader *reader;
	const struct record *record;
	const char *error;
	int r = journal_reader_open_own(journal_dir(run->recorder.journal), &reader);

	if (r < 0)
		return r;
	while ((r = journal_reader_next(reader, &record, &error)) != 0) {
		if (r < 0 && r != -EINVAL)
			break;
		if (r > 0)
			recall(run, past, record);
	}
	journal_reader_close(reader);
	return r;
}

/*
 * The machine under test was ours, and went down in the middle of a cycle: by itself, or
 * because somebody turned it off. Nobody saw it.
 */
static void tell_restart(const struct run *run, const struct recalled *past)
{
	_cleanup_free_ char *now = NULL;

	if (strcmp(run->plan->target, "local") != 0 || !past->boot_id[0] ||
	    run->recorder.fold.begun <= run->recorder.fold.judged ||
	    file_read("/proc/sys/kernel/random/boot_id", 64, &now, NULL) < 0 ||
	    !strncmp(now, past->boot_id, strlen(past->boot_id)))
		return;
	log_warning(
		"this machine went down in cycle %u, which does not count: if that was "
		"a crash, its own log of the boot before may tell (`journalctl -k -b -1 "
		"| iommu-stress classify -`)",
		run->recorder.fold.begun);
}

/* What the last controller left of it; on a virtual board it is gone. */
static int undo(struct run *run, struct recalled *past)
{
	const struct undo_way way = { .loop = run->loop,
				      .target = run->plan->target,
				      .worker = run->rig.ops->worker,
				      .journal = run->recorder.journal,
				      .out = run->recorder.out };
	int r;

	if (!(target_parts(run->plan->target) & TARGET_KEPT) || !undo_left(&past->undo))
		return 0;
	r = undo_all(&past->undo, &way);
	return r == 0 ? run_sync(run) : r;
}

static void tell(const struct run *run)
{
	if (run->plan->cycles)
		log_notice("%s goes on after %u of %u cycles",
			   journal_dir(run->recorder.journal),
			   run->recorder.fold.finished, run->plan->cycles);
	else
		log_notice("%s goes on after %u cycles",
			   journal_dir(run->recorder.journal),
			   run->recorder.fold.finished);
}

/* The journal is locked: now it is for sure that nobody has ended it meanwhile. */
static int check_end(const struct run *run)
{
	if (!run->recorder.fold.ended || !past_is_complete(run->recorder.fold.end))
		return 0;
	log_error("%s has ended meanwhile", journal_dir(run->recorder.journal));
	return -EALREADY;
}

/* What the controller was killed over: it stands on the console, and in no record. */
static void on_missed(void *arg, const struct finding *finding)
{
	struct recalled *past = arg;
	struct fold *fold = &past->run->recorder.fold;
	struct finding found = *finding;

	/* A marker may say anything. */
	if (!found.cycle || found.cycle > fold->begun)
		found.cycle = fold->begun;
	past->run->cycle.cycle = found.cycle;
	run_take_finding(past->run, &found);
	count_open(past, &found, found.cycle);
}

/* What was found has its verdict, and is not tried again. */
static void judge_open(struct run *run, struct recalled *past)
{
	enum run_end end;

	for (size_t i = 0; i < past->n_open; i++) {
		struct record verdict = { .type = RECORD_VERDICT };

		verdict.cycle = past->open[i].cycle;
		verdict.verdict.verdict.outcome =
			run_judge(run, &past->open[i], &past->times, false, &end);
		if (run->scenario->recall)
			run->scenario->recall(run, &verdict);
	}
}

static int take_missed(struct run *run, struct recalled *past)
{
	const char *dir = journal_dir(run->recorder.journal);
	const struct classifier_sink sink = { .on_finding = on_missed, .arg = past };
	int r = journal_missed(dir, run->rig.rules, &sink);

	if (r < 0)
		return log_errno(r, "cannot classify the console of %s again", dir);
	judge_open(run, past);
	return run_sync(run);
}

int run_resume(struct run *run)
{
	struct recalled past = { .run = run };
	int r = recall_all(run, &past);

	if (r < 0)
		log_errno(r, "cannot read the journal of %s",
			  journal_dir(run->recorder.journal));
	else
		r = check_end(run);
	if (r == 0) {
		classifier_begin_at(run->rig.classifier,
				    journal_console_lines(run->recorder.journal),
				    journal_console_offset(run->recorder.journal));
		run->clock.spent_ns = run->recorder.fold.elapsed_ns;
		snprintf(run->sight.kernel_before, sizeof(run->sight.kernel_before), "%s",
			 run->recorder.fold.kernel);
		tell(run);
		tell_restart(run, &past);
		run_record_plan(run);
		r = take_missed(run, &past);
	}
	if (r == 0)
		r = undo(run, &past);
	free(past.open);
	undo_list_done(&past.undo);
	return r;
}
