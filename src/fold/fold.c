// SPDX-License-Identifier: GPL-2.0-or-later
#include "fold/fold.h"

#include "base/exit_status.h"
#include "flood/timeline.h"

#include <stdlib.h>

/* Records of a live run have not been through JSON: their texts may be anything. */
static void copy_clean(char *buffer, size_t size, const char *s)
{
	text_clean(buffer, size, text_of(s ? s : ""));
}
#define COPY(array, s) copy_clean(array, sizeof(array), s)

/* Lost requests can come to be answered late, so only a flood's last counts count. */
struct flood_losses fold_losses(const struct fold *fold)
{
	struct flood_losses all = fold->losses;

	all.lost += fold->load.lost;
	all.duplicates += fold->load.duplicates;
	all.bad += fold->load.bad;
	all.reports += fold->load.reports;
	flood_errors_add(&all.errors, &fold->load.errors);
	return all;
}

static void end_load(struct fold *fold)
{
	fold->losses = fold_losses(fold);
	fold->load = (struct flood_sample){ 0 };
}

/* -- attempts to unplug, by their offset --------------------------------------------------- */

static void offsets_apply_window(struct fold_offsets *o, const struct record *record)
{
	o->window = record->window.window;
	o->from_request = record->window.from_request;
	o->known = true;
	memset(o->slices, 0, sizeof(o->slices));
	memset(o->recent, 0, sizeof(o->recent));
}

/* FOLD_SLICES: none of them. */
static unsigned int slice_of(const struct fold_offsets *o, int64_t got_ns)
{
	int64_t width = o->window.to_ns - o->window.from_ns;
	int64_t at = got_ns - o->window.from_ns;
	double place;

	/* One offset is still a window. */
	if (!o->known || at < 0 || at > width)
		return width || !o->known ? FOLD_SLICES : 0;
	place = width ? (double)at / (double)width * FOLD_SLICES : 0;
	return place < FOLD_SLICES ? (unsigned int)place : FOLD_SLICES - 1;
}

static void offsets_apply_attempt(struct fold_offsets *o, const struct record *record)
{
	const struct attempt *attempt = &record->attempt;
	uint64_t error = (uint64_t)llabs(attempt->got_ns - attempt->want_ns);
	unsigned int slice = slice_of(o, attempt->got_ns);

	if (!attempt->seen)
		return;
	o->attempts++;
	o->total_ns += attempt->total_ns;
	error = (error + FOLD_ERROR_NS - 1) / FOLD_ERROR_NS;
	if (error >= FOLD_ERROR_STEPS)
		error = FOLD_ERROR_STEPS - 1;
	o->errors[error]++;
	o->recent[record->cycle % FOLD_RECENT] =
		(struct fold_recent){ record->cycle, slice, (unsigned int)error,
				      attempt->total_ns };
	o->slices[slice].attempts++;
}

static void offsets_forget(struct fold_offsets *o, unsigned int cycle)
{
	for (size_t i = 0; i < FOLD_RECENT; i++) {
		struct fold_recent *recent = &o->recent[i];

		if (recent->cycle <= cycle)
			continue;
		o->attempts--;
		o->total_ns -= recent->total_ns;
		o->errors[recent->error]--;
		o->slices[recent->slice].attempts--;
		*recent = (struct fold_recent){ 0 };
	}
}

static void offsets_apply_hit(struct fold_offsets *o, unsigned int cycle)
{
	const struct fold_recent *recent = &o->recent[cycle % FOLD_RECENT];

	if (cycle && recent->cycle == cycle)
		o->slices[recent->slice].hits++;
}

uint64_t fold_offsets_error(const struct fold_offsets *o)
{
	unsigned int seen = 0;

	for (uint64_t i = 0; o->attempts && i < FOLD_ERROR_STEPS; i++) {
		seen += o->errors[i];
		if (2 * seen >= o->attempts)
			return i * FOLD_ERROR_NS;
	}
	return 0;
}

/* -- structs of nothing but uint64_t ------------------------------------------------------ */

static void add_numbers(void *sums, const void *numbers, size_t size)
{
	const uint64_t *from = numbers;
	uint64_t *to = sums;

	for (size_t i = 0; i < size / sizeof(*to); i++)
		to[i] += from[i];
}

/* Those that are not 0. */
static void count_numbers(void *counts, const void *numbers, size_t size)
{
	const uint64_t *from = numbers;
	uint64_t *to = counts;

	for (size_t i = 0; i < size / sizeof(*to); i++)
		to[i] += from[i] != 0;
}

/* -- around the trigger ------------------------------------------------------------------- */

/* Elements that begin before the first step, or behind the last one, are left out. */
static unsigned int add_runs(uint64_t *steps, int64_t at_ns, uint64_t step_ns,
			     struct text runs)
{
	unsigned int last = 0;
	uint32_t value, count;

	at_ns += (int64_t)FOLD_TIMELINE_BEFORE_NS;
	while (timeline_next(&runs, &value, &count))
		for (; count; count--, at_ns += (int64_t)step_ns) {
			uint64_t i = (uint64_t)at_ns / FOLD_TIMELINE_STEP_NS;

			if (at_ns < 0 || i >= FOLD_TIMELINE_STEPS)
				continue;
			steps[i] += value;
			last = value ? (unsigned int)i + 1 : last;
		}
	return last;
}

static void timeline_apply(struct fold_timeline *t, const struct record *record)
{
	const struct timeline_marks *marks = &record->timeline.marks;
	uint64_t step_ns = record->timeline.step_ns;
	int64_t from_ns = record->timeline.from_ns;
	unsigned int last;

	/* A journal may say anything. */
	if (!step_ns || step_ns > NS_PER_SEC || from_ns > (int64_t)(3600 * NS_PER_SEC) ||
	    from_ns < -(int64_t)(3600 * NS_PER_SEC))
		return;
	t->cycles++;
	last = add_runs(t->sent, from_ns, step_ns, text_of(record->timeline.sent));
	t->steps = last > t->steps ? last : t->steps;
	(void)add_runs(t->replies, from_ns, step_ns, text_of(record->timeline.replies));
	add_numbers(&t->sums, marks, sizeof(*marks));
	count_numbers(&t->counts, marks, sizeof(*marks));
}

/* -- records ------------------------------------------------------------------------------ */

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

/* The next boot counts from 0. */
static void end_boot(struct fold *fold)
{
	fold->counted += fold->counters.rx_packets != 0;
	add_numbers(&fold->counters_before, &fold->counters, sizeof(fold->counters));
	fold->counters = (struct target_counters){ 0 };
}

unsigned int fold_counters(const struct fold *fold, struct target_counters *ret)
{
	*ret = fold->counters_before;
	add_numbers(ret, &fold->counters, sizeof(*ret));
	return fold->counted + (fold->counters.rx_packets != 0);
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
	add_numbers(&fold->sum, times, sizeof(*times));
	fold->last_replies += times->last_reply_after != 0;
	fold->first_replies += times->first_reply_after != 0;
}

/* And has one from now on. */
static bool has_verdict(struct fold *fold, unsigned int cycle)
{
	size_t byte = cycle / 8;
	uint8_t bit = (uint8_t)(1 << cycle % 8);

	/* A journal may say anything. */
	if (!cycle || cycle > FOLD_CYCLES_MAX)
		return false;
	if (byte >= fold->n_verdicts) {
		fold->verdicts = xrealloc(fold->verdicts, 2 * byte + 64, 1);
		memset(fold->verdicts + fold->n_verdicts, 0,
		       2 * byte + 64 - fold->n_verdicts);
		fold->n_verdicts = 2 * byte + 64;
	}
	if (fold->verdicts[byte] & bit)
		return true;
	fold->verdicts[byte] |= bit;
	return false;
}

static void apply_verdict(struct fold *fold, const struct record *record)
{
	const struct verdict *verdict = &record->verdict.verdict;
	enum outcome outcome = verdict->outcome;

	if (has_verdict(fold, record->cycle)) {
		fold->doubtful = true;
		return;
	}
	fold->finished++;
	if (record->cycle > fold->judged)
		fold->judged = record->cycle;
	if (outcome_is_hit(outcome))
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
	free(fold->verdicts);
	*fold = (struct fold){ 0 };
}

unsigned int fold_hits(const struct fold *fold)
{
	unsigned int hits = 0;

	for (unsigned int i = 0; i < OUTCOME_COUNT; i++)
		hits += outcome_is_hit((enum outcome)i) ? fold->outcomes[i] : 0;
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

int fold_told_status(const struct fold *fold)
{
	int status = fold_status(fold);
	bool whole = fold->ended && !fold->doubtful &&
		     (strcmp(fold->end, "done") != 0 || fold->finished >= fold->planned);

	if (status == EXIT_FINDING || (fold->ended && fold->status == EXIT_FINDING))
		return EXIT_FINDING;
	if (fold->ended && fold->status == EXIT_USAGE)
		return EXIT_USAGE;
	return whole && fold->status == EXIT_PASS ? status : EXIT_INVALID;
}
