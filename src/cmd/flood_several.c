// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each interface has its flood in a process of its own: an engine, a pace and a look at the
 * guards, and one that waits for its link keeps no other from sending. This process adds
 * up their samples, and passes on to them what it is told.
 */
#include "flood.h"

#include "base/log.h"
#include "base/num.h"
#include "flood/figures.h"
#include "flood/rights.h"
#include "flood/timeline.h"
#include "os/child.h"
#include "os/file.h"
#include "os/signals.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLE_NS (FLOOD_SAMPLE_MS * NS_PER_MSEC)
/* A line that finds no room is tried again then. */
#define TIMELINE_NS NS_PER_MSEC
/* From the end of its input on: last sample, neighbour entries. */
#define END_NS (3 * NS_PER_SEC)

struct several;

struct member {
	struct several *all;
	const char *name;
	struct child *child;
	uint8_t target_mac[LINK_MAC]; /* behind this interface, all 0: unknown */
	struct figures figures;
	bool ended;
	bool told; /* its timeline, to the end */
};

struct several {
	const struct flood_several *what;
	struct loop *loop;
	struct loop_timer *tick, *timeline_tick;
	struct loop_io *input, *signals;
	int signal_fd;
	struct member members[FLOOD_INTERFACES];
	struct flood_sample samples[FLOOD_INTERFACES];
	struct figures figures;
	struct timeline timeline;
	char word[16];
	size_t word_len;
	bool stopping;
	int error;
};

/* -- what is told --------------------------------------------------------------------- */

static void stop(struct several *s, int error)
{
	s->stopping = true;
	if (error && !s->error)
		s->error = error;
	for (unsigned int i = 0; i < s->what->n; i++)
		if (s->members[i].child)
			child_close_input(s->members[i].child);
}

/* False: the reader leaves no room. */
static bool write_line(struct several *s, struct strbuf *line)
{
	int r = file_offer_line(STDOUT_FILENO, line);

	if (r < 0 && r != -EAGAIN)
		stop(s, 0);
	return r != -EAGAIN;
}

static void write_samples(struct several *s, const struct flood_sample *sum)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };

	for (unsigned int i = 0; i < s->what->n; i++) {
		if (!s->samples[i].at_ns)
			continue;
		several_format(s->members[i].name, &s->samples[i], &line);
		(void)write_line(s, &line);
		strbuf_reset(&line);
	}
	flood_sample_format(sum, &line);
	(void)write_line(s, &line);
}

static void write_figures(struct several *s, const struct flood_sample *sum)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };

	if (!figures_format(&s->figures, sum, &line))
		return;
	strbuf_addf(&line, "  all");
	(void)write_line(s, &line);
	for (unsigned int i = 0; i < s->what->n; i++) {
		if (!s->samples[i].at_ns)
			continue;
		strbuf_reset(&line);
		figures_line(&s->members[i].figures, &s->samples[i], &line);
		strbuf_addf(&line, "  %s", s->members[i].name);
		(void)write_line(s, &line);
	}
}

static void write_all(struct several *s)
{
	struct flood_sample sum = several_sum(s->samples, s->what->n);

	if (!sum.at_ns)
		return;
	if (s->what->engine->figures)
		write_figures(s, &sum);
	else
		write_samples(s, &sum);
}

static void write_summary(struct several *s)
{
	struct flood_sample sum = several_sum(s->samples, s->what->n);
	_cleanup_strbuf_ struct strbuf lines = { 0 };

	if (!s->what->engine->figures || !sum.at_ns)
		return;
	figures_summary(&s->figures, &sum, &lines);
	for (unsigned int i = 0; i < s->what->n; i++) {
		strbuf_addf(&lines, "\n%s: ", s->members[i].name);
		figures_summary(&s->members[i].figures, &s->samples[i], &lines);
	}
	(void)write_line(s, &lines);
}

static void on_tick(void *arg)
{
	struct several *s = arg;

	write_all(s);
	loop_timer_set(s->tick, loop_now_ns() + SAMPLE_NS);
}

static void on_timeline_tick(void *arg)
{
	struct several *s = arg;
	_cleanup_strbuf_ struct strbuf line = { 0 };
	uint64_t mark = s->timeline.mark_ms, place = s->timeline.read_ms;

	if (!timeline_line(&s->timeline, &line))
		return;
	if (!write_line(s, &line)) {
		s->timeline.mark_ms = mark;
		s->timeline.read_ms = place;
	}
	loop_timer_set(s->timeline_tick, loop_now_ns() + TIMELINE_NS);
}

/* -- what they say -------------------------------------------------------------------- */

/* Once all have told: one that has ended tells no more. */
static void end_timeline(struct several *s)
{
	bool any = false;

	for (unsigned int i = 0; i < s->what->n; i++) {
		if (!s->members[i].told && !s->members[i].ended)
			return;
		any |= s->members[i].told;
	}
	if (!any)
		return;
	for (unsigned int i = 0; i < s->what->n; i++)
		s->members[i].told = false;
	/* Without anything to read, the end is told all the same. */
	if (!s->timeline.read_ms)
		s->timeline.read_ms = 1;
	loop_timer_set(s->timeline_tick, loop_now_ns());
}

static void take_timeline(struct member *m, const struct timeline_part *part)
{
	struct several *s = m->all;

	if (part->at_ns) {
		timeline_merge(&s->timeline, part);
		return;
	}
	m->told = true;
	end_timeline(s);
}

static void on_line(void *arg, struct text line)
{
	struct member *m = arg;
	struct timeline_part part;
	struct flood_sample sample;

	if (flood_sample_parse(line, &sample)) {
		figures_begin(&m->figures, &sample);
		m->all->samples[m - m->all->members] = sample;
	} else if (timeline_parse(line, &part)) {
		take_timeline(m, &part);
	}
}

static void on_exit_status(void *arg, int status)
{
	struct member *m = arg;
	struct flood_sample *last = &m->all->samples[m - m->all->members];
	char how[64];

	m->ended = true;
	if (!m->told)
		end_timeline(m->all);
	last->rate = last->reply_rate = last->rtt_us = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	/* It has said itself why it ended with a status. */
	if (!WIFEXITED(status))
		log_error("the flood through %s ended: %s", m->name,
			  child_describe_status(how, sizeof(how), status));
	stop(m->all, -ECHILD);
}

/* -- what it is told ------------------------------------------------------------------ */

static void pass_on(struct several *s)
{
	struct text word = { s->word, s->word_len };

	if (text_equal(word, TEXT("timeline"))) {
		s->timeline = (struct timeline){ 0 };
		for (unsigned int i = 0; i < s->what->n; i++)
			s->members[i].told = false;
	}
	/* One that has ended needs no words. */
	for (unsigned int i = 0; i < s->what->n; i++)
		if (!s->members[i].ended)
			(void)!child_write(s->members[i].child, word);
}

static void on_input(void *arg, uint32_t events)
{
	struct several *s = arg;
	char bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_io_free(s->input);
		s->input = NULL;
		stop(s, 0);
	}
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			pass_on(s);
			s->word_len = 0;
		} else if (s->word_len < sizeof(s->word)) {
			s->word[s->word_len++] = bytes[i];
		}
	}
}

static void on_signal(void *arg, uint32_t events)
{
	struct several *s = arg;
	struct signalfd_siginfo info;

	(void)events;
	(void)!read(s->signal_fd, &info, sizeof(info));
	stop(s, 0);
}

static int watch(struct several *s)
{
	int r;

	signal(SIGPIPE, SIG_IGN);
	s->signal_fd = signals_open();
	if (s->signal_fd < 0)
		return s->signal_fd;
	r = loop_io_add(s->loop, s->signal_fd, EPOLLIN, on_signal, s, &s->signals);
	if (r == 0 && s->what->engine->until_eof)
		r = loop_io_add(s->loop, STDIN_FILENO, EPOLLIN, on_input, s, &s->input);
	return r;
}

/* -- its processes -------------------------------------------------------------------- */

/* The command line of one, which works by hand as well. */
static int start(struct several *s, struct member *m)
{
	const struct engines_wish *wish = s->what->wish;
	const struct engine_spec *engine = s->what->engine;
	static const uint8_t unknown[LINK_MAC];
	const uint8_t *mac = m->target_mac;
	_cleanup_strbuf_ struct strbuf words = { 0 };
	_cleanup_free_ char *name = xasprintf("--interface=%s", m->name);
	_cleanup_free_ char *kind =
		xasprintf("--engine=%s", wish->kind ? engines_name(wish->kind) : "auto");
	_cleanup_free_ char *limit =
		xasprintf("--for=%" PRIu64 "us", engine->limit_ns / NS_PER_USEC + 1);
	_cleanup_free_ char *count = xasprintf("--count=%" PRIu64, engine->count);
	_cleanup_free_ char *measure = xasprintf("--measure=%s", s->what->measure ?: "");
	_cleanup_free_ char *target =
		xasprintf("--target-mac=%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
			  mac[2], mac[3], mac[4], mac[5]);
	const char *argv[16] = { "/proc/self/exe", "flood", "--format=lines", name,
				 kind };
	const struct child_spec spec = { .argv = argv,
					 .on_line = on_line,
					 .on_exit = on_exit_status,
					 .arg = m,
					 .want_input = true };
	unsigned int n = 5;

	strbuf_addf(&words, "--spec=");
	flood_spec_format(&engine->flood, &words);
	argv[n++] = words.s;
	/* It need not be asked for again, so that all begin together. */
	if (memcmp(mac, unknown, sizeof(unknown)) != 0)
		argv[n++] = target;
	if (s->what->measure)
		argv[n++] = measure;
	if (wish->link.allow_routed)
		argv[n++] = "--allow-routed";
	if (engine->limit_ns)
		argv[n++] = limit;
	if (engine->count)
		argv[n++] = count;
	for (unsigned int i = 0; s->what->addresses[i]; i++)
		argv[n++] = s->what->addresses[i];
	log_command(argv);
	return child_start(s->loop, &spec, &m->child);
}

/* All of them, before the first one is started. */
static int check_all(struct several *s)
{
	const struct path_spec spec = { .flood = s->what->engine->flood };
	struct engines_wish wish = *s->what->wish;
	int r = 0;

	for (unsigned int i = 0; i < s->what->n && r == 0; i++) {
		wish.link.interface = s->what->names[i];
		s->members[i] = (struct member){ .all = s, .name = s->what->names[i] };
		r = engines_check(&wish, &spec, s->members[i].target_mac);
		if (r < 0)
			log_error("no flood is started: --interface=%s is refused",
				  s->what->names[i]);
	}
	return r;
}

static bool all_ended(void *arg)
{
	const struct several *s = arg;

	for (unsigned int i = 0; i < s->what->n; i++)
		if (!s->members[i].ended)
			return false;
	return true;
}

static bool is_over(void *arg)
{
	return ((struct several *)arg)->stopping || all_ended(arg);
}

static int run_all(struct several *s)
{
	int r = watch(s);

	for (unsigned int i = 0; i < s->what->n && r == 0; i++)
		r = start(s, &s->members[i]);
	if (r < 0)
		return log_errno(r, "cannot start the floods");
	/* Those that are started have what they need. */
	(void)rights_keep(RIGHTS_NONE);
	loop_timer_set(s->tick, loop_now_ns() + SAMPLE_NS);
	r = loop_until(s->loop, is_over, s, UINT64_MAX);
	stop(s, 0);
	/* The last samples are exact. */
	loop_timer_set(s->tick, 0);
	if (r == 0)
		(void)!loop_until(s->loop, all_ended, s, loop_now_ns() + END_NS);
	write_all(s);
	write_summary(s);
	return r < 0 ? r : s->error;
}

int flood_several(const struct flood_several *what)
{
	struct several *s = xcalloc(1, sizeof(*s));
	int r;

	s->what = what;
	s->signal_fd = -1;
	r = check_all(s);
	if (r == 0)
		r = loop_new(&s->loop);
	if (r == 0) {
		s->tick = loop_timer_add(s->loop, on_tick, s);
		s->timeline_tick = loop_timer_add(s->loop, on_timeline_tick, s);
		r = run_all(s);
		for (unsigned int i = 0; i < what->n; i++)
			child_free(s->members[i].child);
		loop_io_free(s->input);
		loop_io_free(s->signals);
		loop_timer_free(s->tick);
		loop_timer_free(s->timeline_tick);
		loop_free(s->loop);
	}
	mem_close_fd(&s->signal_fd);
	free(s);
	return r;
}
