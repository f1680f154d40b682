// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/summary.h"

#include "base/num.h"
#include "judge/stats.h"
#include "parts.h"

#include <ctype.h>
#include <stdlib.h>

/* Column in which the text of a labelled line and of a table's last column begins. */
#define LABEL_COLUMN   13
#define REASON_COLUMN  24
#define FINDING_COLUMN 34

void report_cycle_line(FILE *out, bool color, const struct record *verdict,
		       unsigned int planned)
{
	/* One line, however long: it is read by grep as well. */
	const struct layout l = { .out = out, .color = color };
	const struct verdict *v = &verdict->verdict.verdict;
	uint64_t total_ns = verdict->verdict.times.total;
	char total[NUM_DURATION_MAX];
	int digits = snprintf(NULL, 0, "%u", planned);

	if (planned)
		fprintf(out, "cycle %*u/%u  ", digits, verdict->cycle, planned);
	else
		fprintf(out, "cycle %3u  ", verdict->cycle);
	layout_outcome(&l, v->outcome);
	fprintf(out, "  %-10s  %9s  ", phase_name(v->phase),
		total_ns ? num_format_duration(total, total_ns) : "-");
	layout_text(&l, 0, v->reason);
}

/* -- the summary --------------------------------------------------------------------- */

static void add_duration(struct strbuf *b, uint64_t ns)
{
	char words[NUM_DURATION_MAX];

	strbuf_addf(b, "%s", num_format_duration(words, ns));
}

static void print_labelled(const struct layout *l, const char *label, const char *words)
{
	fprintf(l->out, "%-*s", LABEL_COLUMN, label);
	layout_text(l, LABEL_COLUMN, words);
}

static void print_title(const struct layout *l, const struct fold *fold)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	strbuf_addf(&b, "%s of %s", fold->scenario[0] ? fold->scenario : "run",
		    fold->target[0] ? fold->target : "an unknown target");
	if (fold->kernel[0])
		strbuf_addf(&b, ", kernel %s", fold->kernel);
	strbuf_addf(&b, ": %u", fold->finished);
	if (fold->planned)
		strbuf_addf(&b, " of %u", fold->planned);
	strbuf_addf(&b, " cycle%s in ",
		    (fold->planned ? fold->planned : fold->finished) == 1 ? "" : "s");
	add_duration(&b, fold->elapsed_ns);
	layout_text(l, 0, b.s);
}

static void print_outcomes(const struct layout *l, const struct fold *fold)
{
	if (!fold->finished)
		return;
	fputc('\n', l->out);
	layout_heading(l, "Outcome  Cycles  First  Why");
	for (unsigned int i = 0; i < OUTCOME_COUNT; i++) {
		if (!fold->outcomes[i])
			continue;
		layout_outcome(l, (enum outcome)i);
		fprintf(l->out, "  %6u  %5u  ", fold->outcomes[i], fold->first[i].cycle);
		layout_text(l, REASON_COLUMN, fold->first[i].verdict.reason);
	}
}

static int class_rank(enum finding_type type)
{
	return type == FINDING_NOTE ? 2 : type == FINDING_PRECURSOR ? 1 : 0;
}

/* What matters most first: reports before precursors before notes, often before rare. */
static int bug_order(const void *left, const void *right)
{
	const struct fold_bug *a = *(const struct fold_bug *const *)left;
	const struct fold_bug *b = *(const struct fold_bug *const *)right;
	int by_class = class_rank(a->first.type) - class_rank(b->first.type);

	if (by_class)
		return by_class;
	if (a->seen.findings != b->seen.findings)
		return a->seen.findings < b->seen.findings ? 1 : -1;
	return a < b ? -1 : a > b;
}

/* Length of the commit id at s, or 0. */
static size_t commit_length(const char *s)
{
	size_t hex = strspn(s, "0123456789abcdef");

	return hex >= 12 && !isalnum((unsigned char)s[hex]) ? hex : 0;
}

/*
 * Commits are told by 12 digits, as the kernel's "Fixes:" lines do. Of *ret_ids are only
 * these, without what stands around them. Caller frees both.
 */
static void shorten_commits(const char *commits, struct strbuf *ret_all,
			    struct strbuf *ret_ids)
{
	for (const char *p = commits; *p;) {
		size_t commit = commit_length(p);
		size_t word = commit ? commit : strcspn(p, " ,;()");

		if (commit)
			strbuf_addf(ret_ids, "%s%.12s", ret_ids->n ? ", " : "", p);
		strbuf_add(ret_all, (struct text){ p, commit ? 12 : word });
		p += word;
		if (*p)
			strbuf_add(ret_all, (struct text){ p++, 1 });
	}
}

/* A further line of a finding. */
static void print_detail(const struct layout *l, const char *label, const char *words)
{
	_cleanup_free_ char *all = xasprintf("%s%s", label, words);

	fprintf(l->out, "%*s", FINDING_COLUMN, "");
	layout_text(l, FINDING_COLUMN, all);
}

static void print_known_line(const struct layout *l, const char *id,
			     const struct rules *rules)
{
	const struct known_issue *known = rules ? rules_find_known(rules, id) : NULL;
	_cleanup_strbuf_ struct strbuf all = { 0 }, ids = { 0 };
	_cleanup_free_ char *words = NULL;

	if (known)
		shorten_commits(known->fixed_by, &all, &ids);
	words = xasprintf("%s%s%s", id, ids.n ? ", fixed by " : "", ids.n ? ids.s : "");
	print_detail(l, "known issue: ", words);
}

static void print_bug(const struct layout *l, const struct fold_bug *bug,
		      const struct rules *rules)
{
	const struct finding *f = &bug->first;
	_cleanup_strbuf_ struct strbuf b = { 0 };

	if (f->type != FINDING_SPLAT)
		strbuf_addf(&b, "%s: ", finding_type_name(f->type));
	strbuf_addf(&b, "%s", f->title[0] ? f->title : f->kind);
	if (f->panic)
		strbuf_addf(&b, " (panic)");
	if (f->device[0] && !strstr(f->title, f->device))
		strbuf_addf(&b, " [%s]", f->device);
	fprintf(l->out, "%5u  %6u  %5u  %-10s  ", bug->seen.findings, bug->seen.cycles,
		bug->seen.first_cycle, phase_name(f->phase));
	layout_text(l, FINDING_COLUMN, b.s);
	if (f->bug[0])
		print_detail(l, "bug: ", f->bug);
	if (f->known[0])
		print_known_line(l, f->known, rules);
	if (f->advice[0])
		print_detail(l, "advice: ", f->advice);
	if (bug->report[0])
		print_detail(l, "first report: ", bug->report);
}

static void print_findings(const struct layout *l, const struct fold *fold,
			   const struct rules *rules)
{
	_cleanup_free_ const struct fold_bug **sorted =
		xcalloc(fold->n_bugs, sizeof(const struct fold_bug *));

	if (!fold->n_bugs)
		return;
	for (size_t i = 0; i < fold->n_bugs; i++)
		sorted[i] = &fold->bugs[i];
	qsort(sorted, fold->n_bugs, sizeof(const struct fold_bug *), bug_order);
	fputc('\n', l->out);
	layout_heading(l, "Count  Cycles  First  Phase       Finding");
	for (size_t i = 0; i < fold->n_bugs; i++)
		print_bug(l, sorted[i], rules);
	if (fold->more_bugs)
		fprintf(l->out, "%5u  findings of further bugs\n", fold->more_bugs);
}

static void print_commits(const struct layout *l, const char *label, const char *commits)
{
	_cleanup_strbuf_ struct strbuf all = { 0 }, ids = { 0 };

	if (!commits[0])
		return;
	strbuf_addf(&all, "%s ", label);
	shorten_commits(commits, &all, &ids);
	print_labelled(l, "", all.s);
}

/* What is known of the issues that were seen, once for all their manifestations. */
static void print_known(const struct layout *l, const struct fold *fold,
			const struct rules *rules)
{
	for (size_t i = 0; i < fold->n_known; i++) {
		const struct fold_known *seen = &fold->known[i];
		const struct known_issue *known =
			rules ? rules_find_known(rules, seen->id) : NULL;
		_cleanup_free_ char *title = NULL;

		if (!known)
			continue;
		title = xasprintf("%s: %s", seen->id, known->title);
		print_labelled(l, "Known issue", title);
		print_commits(l, "introduced:", known->introduced);
		print_commits(l, "fixed by", known->fixed_by);
		if (known->advice[0])
			print_labelled(l, "", known->advice);
	}
}

static void print_one_rate(const struct layout *l, const char *label, unsigned int hits,
			   unsigned int measured)
{
	struct stats_interval interval = stats_interval_of(hits, measured);
	_cleanup_free_ char *words = xasprintf(
		"%u of %u cycles, %.3g %% (95 %% interval: %.3g to %.3g %%); %u cycles in "
		"a row without one would show a fix",
		hits, measured, 100.0 * hits / measured, 100 * interval.low,
		100 * interval.high, stats_cycles_needed(interval.low));

	print_labelled(l, label, words);
}

static void print_rate(const struct layout *l, const struct fold *fold)
{
	unsigned int hits = fold_hits(fold), measured = fold_measured(fold);
	unsigned int deaths = hits - fold->outcomes[OUTCOME_SPLAT];
	_cleanup_free_ char *words = NULL;

	if (!measured)
		return;
	if (hits) {
		print_one_rate(l, "Hit rate", hits, measured);
		/* A precursor in every cycle says nothing of how often the bug strikes. */
		if (deaths && deaths < hits)
			print_one_rate(l, "Crash rate", deaths, measured);
		return;
	}
	words = xasprintf(
		"0 of %u cycles: the true rate is below %.2g %% (95 %% confidence)",
		measured, 100 * stats_rate_below(measured));
	print_labelled(l, "Hit rate", words);
}

static void print_times(const struct layout *l, const struct fold *fold)
{
	const struct cycle_times *sum = &fold->sum;
	uint64_t parts = sum->settle + sum->confirm + sum->down + sum->boot;
	const struct {
		const char *name;
		uint64_t ns;
	} rows[] = {
		{ "settle", sum->settle },
		{ "confirm", sum->confirm },
		{ "down", sum->down },
		{ "boot", sum->boot },
		{ "overhead", sum->total > parts ? sum->total - parts : 0 },
	};
	_cleanup_strbuf_ struct strbuf b = { 0 };

	if (!fold->timed)
		return;
	add_duration(&b, sum->total / fold->timed);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		strbuf_addf(&b, "%s %s ", i ? "," : " =", rows[i].name);
		add_duration(&b, rows[i].ns / fold->timed);
	}
	strbuf_addf(&b, " (mean of %u)", fold->timed);
	print_labelled(l, "Cycle time", b.s);
}

static void add_count(struct strbuf *b, uint64_t n, const char *what)
{
	if (n)
		strbuf_addf(b, ", %llu %s", (unsigned long long)n, what);
}

static void add_round_trips(struct strbuf *b, const struct flood_sample *load)
{
	const struct {
		const char *name;
		uint32_t us;
	} times[] = { { "; round trip ", load->rtt_p50_us },
		      { " (half of them), ", load->rtt_p90_us },
		      { " (90 %), ", load->rtt_p99_us },
		      { " (99 %), at most ", load->rtt_max_us } };

	if (!load->rtt_max_us)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		strbuf_addf(b, "%s", times[i].name);
		add_duration(b, times[i].us * NS_PER_USEC);
	}
}

static void print_load(const struct layout *l, const struct fold *fold)
{
	const struct flood_losses losses = fold_losses(fold);
	_cleanup_strbuf_ struct strbuf b = { 0 };

	if (!fold->sent)
		return;
	strbuf_addf(&b, "%llu requests, %llu replies", (unsigned long long)fold->sent,
		    (unsigned long long)fold->replies);
	add_count(&b, losses.reports, "reports of groups or services");
	add_count(&b, losses.lost, "lost");
	add_count(&b, losses.duplicates, "answered twice");
	add_count(&b, losses.bad, "came back damaged");
	if (flood_errors_all(&losses.errors)) {
		strbuf_addf(&b, "; errors: ");
		flood_errors_describe(&losses.errors, false, &b);
	}
	add_round_trips(&b, &fold->load);
	if (fold->last_replies) {
		strbuf_addf(&b, "; last reply ");
		add_duration(&b, fold->sum.last_reply_after / fold->last_replies);
		strbuf_addf(&b, " after the request to go down");
	}
	if (fold->first_replies) {
		strbuf_addf(&b, "; first reply of the new boot ");
		add_duration(&b, fold->sum.first_reply_after / fold->first_replies);
		strbuf_addf(&b, " after it");
	}
	print_labelled(l, "Load", b.s);
}

static void print_counters(const struct layout *l, const struct fold *fold)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct target_counters c;
	unsigned int boots = fold_counters(fold, &c);
	uint64_t dropped = c.rx_dropped + c.rx_missed_errors;
	uint64_t reached = c.rx_packets + c.rx_missed_errors;

	if (!boots)
		return;
	strbuf_addf(&b,
		    "the target counted %llu packets and dropped %llu of them (%.3g %%)",
		    (unsigned long long)reached, (unsigned long long)dropped,
		    100.0 * (double)dropped / (double)reached);
	if (c.rx_errors)
		strbuf_addf(&b, ", %llu had errors", (unsigned long long)c.rx_errors);
	if (c.in_echos)
		strbuf_addf(&b, "; it answered %llu of %llu echo requests (%.3g %%)",
			    (unsigned long long)c.out_echo_replies,
			    (unsigned long long)c.in_echos,
			    100.0 * (double)c.out_echo_replies / (double)c.in_echos);
	strbuf_addf(&b, " (in %u boot%s, each until the load was confirmed)", boots,
		    boots == 1 ? "" : "s");
	print_labelled(l, "Counters", b.s);
}

void report_summary(FILE *out, bool color, const struct fold *fold,
		    const struct rules *rules, const char *dir)
{
	const struct layout l = layout_of(out, color);
	_cleanup_free_ char *conclusion = conclusion_of(fold);
	_cleanup_free_ char *files = NULL;

	print_title(&l, fold);
	print_outcomes(&l, fold);
	print_findings(&l, fold, rules);
	fputc('\n', out);
	print_known(&l, fold, rules);
	print_rate(&l, fold);
	print_times(&l, fold);
	print_load(&l, fold);
	print_counters(&l, fold);
	timeline_print(&l, &fold->timeline);
	offsets_print(&l, &fold->offsets);
	if (dir) {
		files = xasprintf("%s: journal.jsonl, console.raw, splats/", dir);
		print_labelled(&l, "Files", files);
	}
	fputc('\n', out);
	layout_text(&l, 0, conclusion);
}
