// SPDX-License-Identifier: GPL-2.0-or-later
/* Starts a virtual board only to ask its worker what there is. */
#include "run/board_facts.h"
#include "base/log.h"
#include "base/num.h"
#include "board/target.h"
#include "classify/classifier.h"

#include <errno.h>
#include <stdio.h>

/* From power on to the last fact. */
#define LIMIT_NS (120 * NS_PER_SEC)

struct asking {
	struct facts *facts;
	struct classifier *classifier;
	bool up;
	char gone[160];
};

static void on_line(void *arg, const struct console_line *line)
{
	struct asking *a = arg;
	struct text phase;

	if (line->milestone != MILESTONE_MARKER)
		return;
	if (text_value(line->marker, "phase", &phase) && text_equal(phase, TEXT("up")))
		a->up = true;
	else if (facts_add(a->facts, line->marker) < 0)
		log_debug("a fact of the board was damaged");
}

static void on_console(void *arg, const void *bytes, size_t n)
{
	classifier_feed(((struct asking *)arg)->classifier, bytes, n);
}

static void on_power(void *arg, const char *event)
{
	(void)arg;
	(void)event;
}

static void on_gone(void *arg, const char *reason)
{
	struct asking *a = arg;

	text_clean(a->gone, sizeof(a->gone), text_of(reason));
}

static void on_finding(void *arg, const struct finding *finding)
{
	(void)arg;
	(void)finding;
}

static bool is_up(void *arg)
{
	const struct asking *a = arg;

	return a->up || a->gone[0];
}

static bool is_told(void *arg)
{
	const struct asking *a = arg;

	return a->facts->complete || a->facts->damaged || a->gone[0];
}

static int ask(struct loop *loop, struct target *target, struct asking *a)
{
	uint64_t deadline = loop_now_ns() + LIMIT_NS;
	int r = loop_until(loop, is_up, a, deadline);

	if (r == 0 && !a->gone[0])
		r = target_type(
			target,
			TEXT("iommu-stress-worker facts peer=none markers=1 stdout=0"));
	if (r == 0)
		r = loop_until(loop, is_told, a, deadline);
	if (r == 0 && a->gone[0]) {
		log_error("%s: %s", target->name, a->gone);
		return -EIO;
	}
	if (r == 0 && a->facts->damaged)
		r = -EBADMSG;
	return r < 0 ? log_errno(r, "%s does not tell its devices", target->name) : 0;
}

int run_board_facts(struct loop *loop, const char *name, struct facts *ret)
{
	const struct board_options options = { .worker = true };
	const struct board *board = board_find(name + strlen("virt:"));
	struct asking a = { .facts = ret };
	const struct classifier_sink sink = { on_line, on_finding, &a };
	const struct target_events events = { .on_console = on_console,
					      .on_power = on_power,
					      .on_gone = on_gone,
					      .arg = &a };
	struct board_image image = { 0 };
	struct target *target = NULL;
	int r;

	if (!board) {
		log_error("there is no virtual board %s; see `iommu-stress board list`",
			  name);
		return -ENOENT;
	}
	*ret = (struct facts){ 0 };
	r = board_prepare(board, &options, &image);
	if (r < 0)
		return r;
	a.classifier = classifier_new(NULL, &sink);
	r = virtual_open(loop, name, &image, "/dev/null", &events, &target);
	if (r == 0)
		r = ask(loop, target, &a);
	target_close(target);
	classifier_free(a.classifier);
	board_image_done(&image);
	if (r < 0)
		facts_done(ret);
	return r;
}
