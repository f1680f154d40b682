// SPDX-License-Identifier: GPL-2.0-or-later
#include "fold/fold.h"

#include "base/exit_status.h"
#include "fold/offsets.h"
#include "timeline.h"

#include <stdlib.h>

/* Records of a live run have not been through JSON: their texts may be anything. */
static void copy_clean(char *buffer, size_t size, const char *s)
{
	text_clean(buffer, size, text_of(s ? s : ""));
}
#define COPY(array, s) copy_clean(array, sizeof(array), s)

/* Lost requests can come to be answered late, so only a flood's last counts count. */
static void end_load(struct fold *fold)
{
	fold->lost += fold->load.lost;
	fold->duplicates += fold->load.duplicates;
	fold->bad += fold->load.bad;
	fold->reports += fold->load.reports;
	flood_errors_add(&fold->errors, &fold->load.errors);
	fold->load = (struct flood_sample){ 0 };
}

static void apply_run(struct fold *fold, const struct record *record)
{
	COPY(fold->tool, record->run.tool);
	COPY(fold->scenario, record->run.scenario);
	COPY(fold->target, record->run.target);
	if (!fold->wall[0])
		COPY(fold->wall, record->run.wall);
	fold->planned = record->run.cycles;
	fold->ended = false;
	/* A resumed run does again what has no verdict. */
	offsets_forget(&fold->offsets, fold->judged);
	end_load(fold);
}

/* Counters run from the start of a flood, and a run may start several. */
static void apply_load(struct fold *fold, const struct flood_sample *load)
{
	struct flood_sample from = fold->load;

	if (load->sent < from.sent || load->replies < from.replies) {
		end_load(fold);
		from = (struct flood_sample){ 0 };
	}
	fold->sent += load->sent - from.sent;
	fold->replies += load->replies - from.replies;
	fold->load = *load;
}

uint64_t fold_lost(const struct fold *fold)
{
	return fold->lost + fold->load.lost;
}

uint64_t fold_duplicates(const struct fold *fold)
{
	return fold->duplicates + fold->load.duplicates;
}

uint64_t fold_bad(const struct fold *fold)
{
	return fold->bad + fold->load.bad;
}

uint64_t fold_reports(const struct fold *fold)
{
	return fold->reports + fold->load.reports;
}

struct flood_errors fold_errors(const struct fold *fold)
{
	struct flood_errors all = fold->errors;

	flood_errors_add(&all, &fold->load.errors);
	return all;
}

static void add_counters(struct target_counters *sum, const struct target_counters *more)
{
	sum->rx_packets += more->rx_packets;
	sum->rx_errors += more->rx_errors;
	sum->rx_dropped += more->rx_dropped;
	sum->rx_missed_errors += more->rx_missed_errors;
	sum->in_echos += more->in_echos;
	sum->out_echo_replies += more->out_echo_replies;
}

/* The next boot counts from 0. */
static void end_boot(struct fold *fold)
{
	fold->counted += fold->counters.rx_packets != 0;
	add_counters(&fold->counters_before, &fold->counters);
	fold->counters = (struct target_counters){ 0 };
}

unsigned int fold_counters(const struct fold *fold, struct target_counters *ret)
{
	*ret = fold->counters_before;
	add_counters(ret, &fold->counters);
	return fold->counted + (fold->counters.rx_packets != 0);
}

uint64_t fold_dropped(const struct target_counters *counters)
{
	return counters->rx_dropped + counters->rx_missed_errors;
}

uint64_t fold_reached(const struct target_counters *counters)
{
	return counters->rx_packets + counters->rx_missed_errors;
}

static void seen_add(struct fold_seen *seen, unsigned int cycle)
{
	seen->findings++;
	if (cycle <= seen->last_cycle)
		return;
	if (!seen->cycles++)
		seen->first_cycle = cycle;
	seen->last_cycle = cycle;
}

static bool same_bug(const struct finding *a, const struct finding *b)
{
	if (a->bug[0] || b->bug[0])
		return !strcmp(a->bug, b->bug);
	return !strcmp(a->kind, b->kind) && !strcmp(a->function, b->function);
}

static struct fold_bug *bug_of(struct fold *fold, const struct record *record)
{
	const struct finding *finding = &record->finding.finding;
	struct fold_bug *bug;

	for (size_t i = 0; i < fold->n_bugs; i++)
		if (same_bug(&fold->bugs[i].first, finding))
			return &fold->bugs[i];
	if (fold->n_bugs == FOLD_BUGS_MAX)
		return NULL;
	fold->bugs = xrealloc(fold->bugs, fold->n_bugs + 1, sizeof(*fold->bugs));
	bug = &fold->bugs[fold->n_bugs++];
	*bug = (struct fold_bug){ .first = *finding };
	COPY(bug->report, record->finding.report);
	return bug;
}

static struct fold_known *known_of(struct fold *fold, const char *id)
{
	struct fold_known *known;

	for (size_t i = 0; i < fold->n_known; i++)
		if (!strcmp(fold->known[i].id, id))
			return &fold->known[i];
	if (fold->n_known == FOLD_BUGS_MAX)
		return NULL;
	fold->known = xrealloc(fold->known, fold->n_known + 1, sizeof(*fold->known));
	known = &fold->known[fold->n_known++];
	*known = (struct fold_known){ 0 };
	COPY(known->id, id);
	return known;
}

static void apply_finding(struct fold *fold, const struct record *record)
{
	const struct finding *finding = &record->finding.finding;
	/* Of its first line; JSON has one key for both, so replay must not differ. */
	unsigned int cycle = finding->cycle ? finding->cycle : record->cycle;
	struct fold_bug *bug = bug_of(fold, record);
	struct fold_known *known = NULL;

	if (bug)
		seen_add(&bug->seen, cycle);
	else if (finding->type != FINDING_NOTE)
		fold->more_bugs++;
	if (finding->known[0] && finding->type != FINDING_NOTE)
		known = known_of(fold, finding->known);
	if (known)
		seen_add(&known->seen, cycle);
}

static void add_times(struct fold *fold, const struct cycle_times *times)
{
	if (!times->down || !times->boot)
		return;
	fold->timed++;
	fold->sum.settle += times->settle;
	fold->sum.confirm += times->confirm;
	fold->sum.down += times->down;
	fold->sum.boot += times->boot;
	fold->sum.total += times->total;
	fold->sum.last_reply_after += times->last_reply_after;
	fold->last_replies += times->last_reply_after != 0;
	fold->sum.first_reply_after += times->first_reply_after;
	fold->first_replies += times->first_reply_after != 0;
}

static bool is_hit(enum outcome outcome)
{
	return outcome == OUTCOME_SPLAT || outcome == OUTCOME_CRASH ||
	       outcome == OUTCOME_HANG || outcome == OUTCOME_LOST ||
	       outcome == OUTCOME_GONE;
}

static void apply_verdict(struct fold *fold, const struct record *record)
{
	const struct verdict *verdict = &record->verdict.verdict;
	enum outcome outcome = verdict->outcome;

	fold->finished++;
	if (record->cycle > fold->judged)
		fold->judged = record->cycle;
	if (is_hit(outcome))
		offsets_apply_hit(&fold->offsets, record->cycle);
	fold->last = *verdict;
	if (!fold->outcomes[outcome]++) {
		fold->first[outcome].cycle = record->cycle;
		fold->first[outcome].verdict = *verdict;
	}
	if (outcome == OUTCOME_PASS || outcome == OUTCOME_SPLAT ||
	    outcome == OUTCOME_CRASH)
		add_times(fold, &record->verdict.times);
	for (size_t i = 0; i < fold->n_bugs; i++)
		if (record->cycle && fold->bugs[i].seen.last_cycle == record->cycle)
			fold->bugs[i].seen.outcomes[outcome]++;
	for (size_t i = 0; i < fold->n_known; i++)
		if (record->cycle && fold->known[i].seen.last_cycle == record->cycle)
			fold->known[i].seen.outcomes[outcome]++;
}

void fold_apply(struct fold *fold, const struct record *record)
{
	/* A resumed run begins with another run record, maybe after a reboot. */
	if (record->type != RECORD_RUN && fold->at_ns && record->at_ns > fold->at_ns)
		fold->elapsed_ns += record->at_ns - fold->at_ns;
	fold->at_ns = record->at_ns;
	switch (record->type) {
	case RECORD_RUN:
		apply_run(fold, record);
		break;
	case RECORD_TARGET:
		COPY(fold->kernel, record->target.kernel);
		end_boot(fold);
		break;
	case RECORD_CYCLE:
		if (record->cycle > fold->begun)
			fold->begun = record->cycle;
		break;
	case RECORD_DEVICE:
		COPY(fold->device, record->device.device);
		COPY(fold->iommu, record->device.iommu);
		break;
	case RECORD_WINDOW:
		offsets_apply_window(&fold->offsets, record);
		break;
	case RECORD_ATTEMPT:
		offsets_apply_attempt(&fold->offsets, record);
		break;
	case RECORD_LOAD:
		apply_load(fold, &record->load);
		break;
	case RECORD_COUNTERS:
		fold->counters = record->counters;
		break;
	case RECORD_TIMELINE:
		timeline_apply(&fold->timeline, record);
		break;
	case RECORD_FINDING:
		apply_finding(fold, record);
		break;
	case RECORD_VERDICT:
		apply_verdict(fold, record);
		break;
	case RECORD_END:
		COPY(fold->end, record->end.reason);
		fold->ended = true;
		fold->status = record->end.status;
		break;
	case RECORD_PHASE:
	case RECORD_UNDO:
	case RECORD_POWER:
	case RECORD_COUNT:
		break;
	}
}

void fold_done(struct fold *fold)
{
	free(fold->bugs);
	free(fold->known);
	*fold = (struct fold){ 0 };
}

unsigned int fold_hits(const struct fold *fold)
{
	unsigned int hits = 0;

	for (unsigned int i = 0; i < OUTCOME_COUNT; i++)
		hits += is_hit((enum outcome)i) ? fold->outcomes[i] : 0;
	return hits;
}

unsigned int fold_measured(const struct fold *fold)
{
	return fold->finished - fold->outcomes[OUTCOME_INVALID];
}

bool fold_bug_counts(const struct fold_bug *bug)
{
	return bug->first.type != FINDING_NOTE;
}

int fold_status(const struct fold *fold)
{
	if (fold_hits(fold) || fold->more_bugs)
		return EXIT_FINDING;
	for (size_t i = 0; i < fold->n_bugs; i++)
		if (fold_bug_counts(&fold->bugs[i]))
			return EXIT_FINDING;
	return !fold->finished || fold->outcomes[OUTCOME_INVALID] ? EXIT_INVALID :
								    EXIT_PASS;
}
