// SPDX-License-Identifier: GPL-2.0-or-later
/* One live line on a terminal: where the run is, how much is in flight, what is left. */
#include "run/engine.h"

#include "base/log.h"
#include "base/num.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_NS (100 * NS_PER_MSEC)

/* There is one terminal, hence one status line. */
static const struct run *shown;
static uint64_t drawn_ns;

static void clear(void)
{
	fputs("\r\033[K", stderr);
}

/* "" while nothing can be said. */
static void format_left(char buffer[NUM_DURATION_MAX + 8], const struct run *run)
{
	const struct plan *plan = run->plan;
	uint64_t spent = run->clock.spent_ns + (loop_now_ns() - run->clock.begin_ns);
	uint64_t left = UINT64_MAX;

	buffer[0] = '\0';
	if (plan->for_ns)
		left = plan->for_ns > spent ? plan->for_ns - spent : 0;
	if (plan->cycles && run->recorder.fold.finished) {
		uint64_t mean = (run->clock.spent_ns + run->clock.cycle_begin_ns -
				 run->clock.begin_ns) /
				run->recorder.fold.finished;
		uint64_t by_count = mean * (plan->cycles - run->recorder.fold.finished);

		left = by_count < left ? by_count : left;
	}
	if (left == UINT64_MAX)
		return;
	snprintf(buffer, NUM_DURATION_MAX + 8, "  %u:%02u left",
		 (unsigned int)(left / NS_PER_SEC / 60),
		 (unsigned int)(left / NS_PER_SEC % 60));
}

static void draw(void)
{
	const struct run *run = shown;
	char line[256], left[NUM_DURATION_MAX + 8], load[48] = "", total[16] = "";
	unsigned int findings = 0;
	struct winsize size = { .ws_col = 80 };

	for (size_t i = 0; i < run->recorder.fold.n_bugs; i++)
		if (fold_bug_counts(&run->recorder.fold.bugs[i]))
			findings += run->recorder.fold.bugs[i].seen.findings;
	format_left(left, run);
	if (run->plan->flood)
		snprintf(load, sizeof(load), "  %u replies/s",
			 run->traffic.sample.reply_rate);
	if (run->plan->cycles)
		snprintf(total, sizeof(total), "/%u", run->plan->cycles);
	snprintf(line, sizeof(line), "cycle %u%s  %s%s  findings %u%s", run->cycle.cycle,
		 total, phase_name(run->clock.phase), load, findings, left);
	ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
	clear();
	fprintf(stderr, "%.*s", size.ws_col ? size.ws_col - 1 : 79, line);
	fflush(stderr);
	drawn_ns = loop_now_ns();
}

void status_start(const struct run *run)
{
	if (log_get_level() < LOG_LEVEL_NOTICE || !isatty(STDERR_FILENO))
		return;
	shown = run;
	log_set_around(clear, draw);
	draw();
}

void status_update(void)
{
	if (shown && loop_now_ns() >= drawn_ns + REDRAW_NS)
		draw();
}

void status_stop(void)
{
	if (!shown)
		return;
	log_set_around(NULL, NULL);
	shown = NULL;
	clear();
	fflush(stderr);
}
