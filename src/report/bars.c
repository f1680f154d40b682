// SPDX-License-Identifier: GPL-2.0-or-later
/* What the summary draws: attempts by their offset, and answers around the trigger. */
#include "parts.h"

#include "base/num.h"

#include <stdlib.h>

#define BAR_MAX 40

/* -- offsets ----------------------------------------------------------------------------- */

#define ERROR_COLUMN 13

static void print_exactness(const struct layout *l, const struct fold_offsets *o)
{
	char error[NUM_DURATION_MAX], mean[NUM_DURATION_MAX];
	uint64_t mean_ns = o->total_ns / o->attempts, error_ns = fold_offsets_error(o);
	/* The last step is open: a request that never came is waited for in vain. */
	bool kept = error_ns < (uint64_t)(FOLD_ERROR_STEPS - 1) * FOLD_ERROR_NS;

	fprintf(l->out,
		"%-*s%u, %s each on the target, %.1f a second; offsets %s %s%s (median)\n",
		ERROR_COLUMN, "Attempts", o->attempts, num_format_duration(mean, mean_ns),
		mean_ns ? (double)NS_PER_SEC / (double)mean_ns : 0,
		kept ? "kept within" : "missed by", num_format_duration(error, error_ns),
		kept ? "" : " or more");
}

/* --at: there is but one offset, and what was achieved is never just that. */
static bool is_point(const struct fold_offsets *o)
{
	return o->window.to_ns == o->window.from_ns;
}

/* The slice's attempts as '.', its hits as '#', in proportion to the fullest slice. */
static void print_slice(const struct layout *l, const struct fold_offsets *o,
			unsigned int i, unsigned int most)
{
	const struct fold_slice *s = &o->slices[i];
	double width = (double)(o->window.to_ns - o->window.from_ns) / FOLD_SLICES;
	double from = (double)o->window.from_ns + i * width;
	unsigned int bar = (s->attempts * BAR_MAX + most - 1) / most;
	unsigned int hits = (s->hits * BAR_MAX + most - 1) / most;

	fprintf(l->out, "%12.1f us  %8u  %4u  ", from / 1000, s->attempts, s->hits);
	for (unsigned int k = 0; k < bar; k++)
		fputc(k < hits ? '#' : '.', l->out);
	fputc('\n', l->out);
}

void offsets_print(const struct layout *l, const struct fold_offsets *o)
{
	const struct fold_slice *outside = &o->slices[FOLD_SLICES];
	unsigned int most = 1;

	if (!o->attempts)
		return;
	print_exactness(l, o);
	if (!o->known)
		return;
	for (unsigned int i = 0; i < FOLD_SLICES; i++)
		if (o->slices[i].attempts > most)
			most = o->slices[i].attempts;
	fputc('\n', l->out);
	layout_heading(l, o->from_request ?
				  "After close      Attempts  Hits  # hit, . attempt" :
				  "After unplug     Attempts  Hits  # hit, . attempt");
	for (unsigned int i = 0; i < (is_point(o) ? 1 : FOLD_SLICES); i++)
		print_slice(l, o, i, most);
	if (outside->attempts)
		fprintf(l->out, "%15s  %8u  %4u\n", "elsewhere", outside->attempts,
			outside->hits);
	fputc('\n', l->out);
}

/* -- around the trigger ------------------------------------------------------------------- */

#define LINES_MAX 30u
/* Shown before the trigger. */
#define SHOWN_NS (100 * NS_PER_MSEC)

/* The members of struct timeline_marks, which are in the order of a good cycle. */
static const struct {
	const char *key, *words;
} marks[] = {
	{ "marker_ns", "the request stands in the kernel log" },
	{ "last_reply_ns", "last reply" },
	{ "restart_ns", "the kernel's last word" },
	{ "banner_ns", "next kernel banner" },
	{ "first_reply_ns", "first reply of the next boot" },
	{ "shell_ns", "its shell" },
};
_Static_assert(sizeof(struct timeline_marks) == ARRAY_SIZE(marks) * sizeof(uint64_t),
	       "each mark has its words");

#define RESTART 2u /* of marks: the last one of the old kernel */

/* UINT64_MAX: was never seen. */
static uint64_t mean_of(const struct fold_timeline *t, size_t i)
{
	const uint64_t *sums = (const void *)&t->sums, *counts = (const void *)&t->counts;

	return counts[i] ? sums[i] / counts[i] : UINT64_MAX;
}

/* Steps of a line, so that there are at most LINES_MAX up to the last answers. */
struct view {
	unsigned int from, to, steps;
	double most; /* answers a millisecond */
};

static double per_ms(const struct fold_timeline *t, const uint64_t *steps,
		     const struct view *v, unsigned int from)
{
	uint64_t sum = 0;

	for (unsigned int i = from; i < from + v->steps && i < FOLD_TIMELINE_STEPS; i++)
		sum += steps[i];
	return (double)sum * NS_PER_MSEC /
	       ((double)t->cycles * v->steps * FOLD_TIMELINE_STEP_NS);
}

static int64_t time_of(unsigned int step)
{
	return (int64_t)(step * FOLD_TIMELINE_STEP_NS) - (int64_t)FOLD_TIMELINE_BEFORE_NS;
}

/* The way down: what the next boot answers is told by its marks. */
static unsigned int end_of_view(const struct fold_timeline *t, unsigned int from)
{
	uint64_t last_ns = 0;
	unsigned int to = from + 1;

	/* One that comes long after the one before it is told below. */
	for (size_t i = 0; i <= RESTART; i++)
		if (mean_of(t, i) != UINT64_MAX && mean_of(t, i) > last_ns &&
		    mean_of(t, i) < last_ns + NS_PER_SEC)
			last_ns = mean_of(t, i);
	for (unsigned int i = from; i < t->steps; i++)
		if (t->replies[i] && (!last_ns || time_of(i) <= (int64_t)last_ns))
			to = i + 1;
	while (to < FOLD_TIMELINE_STEPS && time_of(to) <= (int64_t)last_ns)
		to++;
	return to;
}

static struct view view_of(const struct fold_timeline *t)
{
	static const unsigned int sizes[] = { 1, 2, 5, 10, 20, 50 };
	struct view v = { .from = (FOLD_TIMELINE_BEFORE_NS - SHOWN_NS) /
				  FOLD_TIMELINE_STEP_NS };

	v.to = end_of_view(t, v.from);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		v.steps = sizes[i];
		if ((v.to - v.from + 1) / v.steps < LINES_MAX)
			break;
	}
	for (unsigned int i = v.from; i < v.to; i += v.steps) {
		double replies = per_ms(t, t->replies, &v, i);

		v.most = replies > v.most ? replies : v.most;
	}
	return v;
}

static void print_line(const struct layout *l, const struct fold_timeline *t,
		       const struct view *v, unsigned int step)
{
	double replies = per_ms(t, t->replies, v, step);
	int bar = v->most > 0 ? (int)(replies / v->most * BAR_MAX + 0.5) : 0;
	int64_t from = time_of(step), to = time_of(step + v->steps);

	fprintf(l->out, "%9lld ms  %11.1f  %10.1f  ",
		(long long)(from / (int64_t)NS_PER_MSEC), per_ms(t, t->sent, v, step),
		replies);
	for (int i = 0; i < bar; i++)
		fputc('#', l->out);
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		uint64_t mean = mean_of(t, i);

		if (mean <= INT64_MAX && (int64_t)mean >= from && (int64_t)mean < to)
			fprintf(l->out, "%s<- %s", bar ? " " : "", marks[i].words);
	}
	fputc('\n', l->out);
}

void timeline_print(const struct layout *l, const struct fold_timeline *t)
{
	struct view v;
	int64_t end;

	if (!t->cycles)
		return;
	v = view_of(t);
	fputc('\n', l->out);
	layout_heading(l, "After request  Requests/ms  Replies/ms  (mean)");
	for (unsigned int i = v.from; i < v.to + v.steps && i < FOLD_TIMELINE_STEPS;
	     i += v.steps)
		print_line(l, t, &v, i);
	/* And what comes when nothing is drawn any more. */
	end = time_of(v.from +
		      (v.to + v.steps - v.from + v.steps - 1) / v.steps * v.steps);
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		uint64_t mean = mean_of(t, i);

		if (mean <= INT64_MAX && (int64_t)mean >= end)
			fprintf(l->out, "%9llu ms  %s\n",
				(unsigned long long)(mean / NS_PER_MSEC), marks[i].words);
	}
	fputc('\n', l->out);
}

json_t *timeline_json(const struct fold_timeline *t)
{
	json_t *object = json_object(), *sent = json_array(), *replies = json_array();

	for (unsigned int i = 0; i < t->steps; i++) {
		json_array_append_new(sent, json_integer((json_int_t)t->sent[i]));
		json_array_append_new(replies, json_integer((json_int_t)t->replies[i]));
	}
	json_object_set_new(object, "cycles", json_integer(t->cycles));
	json_object_set_new(object, "from_ns",
			    json_integer(-(json_int_t)FOLD_TIMELINE_BEFORE_NS));
	json_object_set_new(object, "step_ns",
			    json_integer((json_int_t)FOLD_TIMELINE_STEP_NS));
	json_object_set_new(object, "requests", sent);
	json_object_set_new(object, "replies", replies);
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (mean_of(t, i) <= INT64_MAX)
			json_object_set_new(object, marks[i].key,
					    json_integer((json_int_t)mean_of(t, i)));
	return object;
}
