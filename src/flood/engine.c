// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One thread that shares the machine with the board it floods, so it wakes up once a
 * millisecond at most and does all there is to do then: take replies, send what is due.
 * Only at small rates, where a reply's time matters more than its cost, and when the queue
 * threatens to run full within a tick, does each reply wake it.
 */
#include "flood/engine.h"

#include "base/log.h"
#include "base/num.h"
#include "flood/figures.h"
#include "flood/pace/steady.h"
#include "flood/pace/track.h"
#include "flood/path/path.h"
#include "flood/rights.h"
#include "flood/timeline.h"
#include "os/file.h"
#include "os/loop.h"
#include "os/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <unistd.h>

#define TICK_NS   NS_PER_MSEC
#define SAMPLE_NS (FLOOD_SAMPLE_MS * NS_PER_MSEC)
/* Up to this rate each reply is read when it comes. */
#define RATE_CALM 500u
/* Sent within one tick at most, so that replies and samples have their turn. */
#define TICK_BATCHES 16u
#define PRIORITY     (-10)
/* After the last request of a limited count. */
#define LAST_REPLIES_NS (500 * NS_PER_MSEC)

struct engine {
	struct path *path;
	const struct engine_spec *spec;
	struct loop *loop;
	struct loop_timer *tick, *sample, *limit;
	struct loop_io *signals, *input;
	struct engine_io { /* one of the path's descriptors */
		struct engine *engine;
		struct loop_io *io;
	} ios[PATH_FDS];
	int signal_fd;
	struct pace pace;
	struct pace_track *track;
	struct timeline timeline;
	struct steady steady;
	uint64_t sent, drops;
	uint32_t rtt_us;
	uint64_t sampled_ns;
	uint64_t sampled_attempts, sampled_replies;
	uint64_t made;      /* that the path has sent by itself */
	bool flat_out;      /* it does */
	int blocked;        /* 0, or what the last path_send said */
	unsigned int came;  /* datagrams of the last look */
	bool counting_down; /* the count is sent, the last replies may come */
	char word[16];      /* of standard input, up to its newline */
	size_t word_len;
	struct figures figures;
	bool done;
	int error;
};

/* -- lines to standard output: for programs, or for people ---------------------------- */

/* Ends with this result. */
static void finish(struct engine *e, int error)
{
	e->done = true;
	e->error = error;
}

/* False: the reader leaves no room. */
static bool write_line(struct engine *e, struct strbuf *line)
{
	int r = file_offer_line(STDOUT_FILENO, line);

	if (r < 0 && r != -EAGAIN)
		finish(e, 0);
	return r != -EAGAIN;
}

/* A line a tick, and whole: a line that finds no room comes with the next tick. */
static void write_timeline(struct engine *e)
{
	struct timeline *t = &e->timeline;
	_cleanup_strbuf_ struct strbuf line = { 0 };
	uint64_t mark = t->mark_ms, place = t->read_ms;

	if (!timeline_line(t, &line) || write_line(e, &line))
		return;
	t->mark_ms = mark;
	t->read_ms = place;
}

static struct flood_sample sample_of(const struct engine *e, uint64_t now)
{
	return (struct flood_sample){
		.state = e->pace.state,
		.at_ns = now,
		.sent = e->sent,
		.replies = e->track->replies,
		.drops = e->drops,
		.bad = e->track->bad,
		.rate = e->pace.rate,
		.reply_rate = steady_reply_rate(&e->steady),
		.rtt_us = e->rtt_us,
		.steady = steady_judge(&e->steady),
		.first_reply_ns = e->track->first_reply_ns,
		.last_reply_ns = e->track->last_reply_ns,
		.lost = e->track->lost,
		.duplicates = e->track->duplicates,
		.reports = e->track->reports,
		.rtt_p50_us = rtt_permille(&e->track->rtt, 500),
		.rtt_p90_us = rtt_permille(&e->track->rtt, 900),
		.rtt_p99_us = rtt_permille(&e->track->rtt, 990),
		.rtt_max_us = e->track->rtt.max_us,
		.errors = e->path->errors,
	};
}

static void write_sample(struct engine *e, uint64_t now)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	struct flood_sample sample = sample_of(e, now);

	if (!e->spec->figures)
		flood_sample_format(&sample, &line);
	else if (!figures_format(&e->figures, &sample, &line))
		return;
	(void)write_line(e, &line);
}

/* What there is to say to people at the end. */
static void write_summary(struct engine *e, uint64_t now)
{
	_cleanup_strbuf_ struct strbuf lines = { 0 };
	struct flood_sample sample = sample_of(e, now);

	figures_summary(&e->figures, &sample, &lines);
	(void)write_line(e, &lines);
}

/* -- sending and listening ------------------------------------------------------------ */

static void on_echo(void *arg, const struct frame_echo *echo, uint64_t at_ns)
{
	struct engine *e = arg;
	uint64_t now = loop_now_ns();

	/* Its time is the kernel's, where that tells; the timeline goes on from ours. */
	if (track_reply(e->track, echo, e->pace.rate, at_ns ? at_ns : now) &&
	    !e->track->counted)
		timeline_add(&e->timeline, now, 0, 1);
}

/* Takes what has come. A path that counts hands on a sample, which is read first. */
static void receive(struct engine *e)
{
	uint64_t replies, now;

	e->came += path_receive(e->path, on_echo, e);
	if (!path_replies(e->path, &replies))
		return;
	now = loop_now_ns();
	if (replies > e->track->replies)
		timeline_add(&e->timeline, now, 0,
			     (uint32_t)(replies - e->track->replies));
	track_set_replies(e->track, replies, e->pace.rate, now);
}

/* Requests that were to be answered; of the drops as many as of the rest. */
static uint64_t attempts(const struct engine *e)
{
	return e->track->asked + e->drops * e->track->turns.asked / e->track->turns.n;
}

/* Returns how many requests of n the path took, and the bits of those. */
static unsigned int send_batch(struct engine *e, unsigned int n, uint64_t now,
			       uint64_t *bits)
{
	struct path_request requests[PATH_BATCH];
	unsigned int taken = 0;

	for (unsigned int i = 0; i < n; i++) {
		requests[i].kind = turns_next(&e->track->turns);
		requests[i].family = track_turn(e->track, requests[i].kind, now);
		requests[i].seq =
			track_sent(e->track, requests[i].kind, requests[i].family, now);
	}
	e->blocked = path_send(e->path, requests, n);
	if (e->blocked && e->blocked != -EAGAIN && e->blocked != -ENOTCONN)
		finish(e, log_errno(e->blocked, "cannot send to the target"));
	*bits = 0;
	for (unsigned int i = 0; i < n; i++) {
		if (!requests[i].taken) {
			track_untaken(e->track, requests[i].seq);
			continue;
		}
		taken++;
		if (e->spec->flood.mbits)
			*bits += mix_bits(&e->spec->flood, requests[i].kind,
					  requests[i].family, requests[i].seq);
	}
	return taken;
}

/* True: the path sends by itself. */
static bool send_flat_out(struct engine *e, bool wanted)
{
	const struct path_ops *ops = e->path->ops;
	uint64_t made = 0;

	if (ops->flat_out) {
		e->flat_out = ops->flat_out(e->path, wanted);
		made = ops->made(e->path);
	}
	e->sent += made - e->made;
	e->track->asked += made - e->made;
	timeline_add(&e->timeline, loop_now_ns(), (unsigned int)(made - e->made), 0);
	e->made = made;
	return e->flat_out;
}

static void send_due(struct engine *e, uint64_t now)
{
	uint64_t late, bits;

	e->blocked = 0;
	if (send_flat_out(e, e->pace.rate == FLOOD_RATE_MAX && !e->spec->count))
		return;
	for (unsigned int i = 0; i < TICK_BATCHES && !e->blocked && !e->done; i++) {
		unsigned int n = pace_due(&e->pace, now), taken;

		if (e->spec->count && n > e->spec->count - e->sent)
			n = (unsigned int)(e->spec->count - e->sent);
		if (!n)
			break;
		taken = send_batch(e, n, now, &bits);
		pace_spend(&e->pace, taken, bits);
		e->sent += taken;
		timeline_add(&e->timeline, now, taken, 0);
		if (e->pace.rate != FLOOD_RATE_MAX)
			continue;
		if (!taken)
			e->drops++;
		/* Nobody else tells when a sampled reply came. */
		if (e->spec->measure == PATH_MEASURE_ALL)
			receive(e);
		now = loop_now_ns();
	}
	/* What did not fit for lack of our own time is no fault of the path. */
	late = pace_take_overflow(&e->pace, !e->blocked);
	if (e->blocked)
		e->drops += late;
}

static void schedule(struct engine *e, uint64_t now)
{
	uint64_t next = pace_next_ns(&e->pace, now);
	bool max = e->pace.rate == FLOOD_RATE_MAX;
	/* Only a full queue tells when it has room again. */
	bool wait_room = max && e->blocked == -EAGAIN;
	bool wake = e->pace.rate <= RATE_CALM || e->came >= e->path->ops->busy;

	/* A path that takes nothing is tried again at the rate of the requests, within reason. */
	if (e->blocked || e->counting_down)
		next = now + MIN(MAX(NS_PER_SEC / e->pace.rate, TICK_NS), 20 * TICK_NS);
	else if ((!max || e->flat_out) && next < now + TICK_NS)
		next = now + TICK_NS;
	loop_timer_set(e->tick, next);
	for (unsigned int i = 0; i < PATH_WATCH; i++)
		if (e->ios[i].io)
			loop_io_events(e->ios[i].io, (wake ? EPOLLIN : 0u) |
							     (wait_room ? EPOLLOUT : 0u));
}

static struct pace_counts counts_of(const struct engine *e)
{
	return (struct pace_counts){ .sent = e->sent,
				     .drops = e->drops,
				     .unasked = e->sent - e->track->asked,
				     .replies = e->track->answered,
				     .rtt_us = e->rtt_us };
}

static void work(void *arg)
{
	struct engine *e = arg;
	struct pace_counts counts;
	uint64_t now;

	e->came = 0;
	/* The kernel's time of each reply costs up to a twentieth of the rate. */
	path_want_times(e->path, e->pace.rate != FLOOD_RATE_MAX);
	receive(e);
	now = loop_now_ns();
	counts = counts_of(e);
	pace_feed(&e->pace, now, &counts);
	send_due(e, now);
	if (e->spec->count && e->sent >= e->spec->count) {
		if (!e->counting_down)
			loop_timer_set(e->limit, now + LAST_REPLIES_NS);
		e->counting_down = true;
		if (e->track->replies >= e->sent || e->spec->measure == PATH_MEASURE_NONE)
			finish(e, 0);
	}
	write_timeline(e);
	schedule(e, now);
}

static void on_path(void *arg, uint32_t events)
{
	struct engine_io *io = arg;
	struct engine *e = io->engine;
	unsigned int index = (unsigned int)(io - e->ios);

	if (index == PATH_WATCH) {
		path_look(e->path);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		/* Reading an error clears it; a hangup stays, the ticks must do then. */
		path_take_errors(e->path, index);
		if (events & EPOLLHUP) {
			loop_io_free(io->io);
			io->io = NULL;
		}
	}
	work(e);
}

static void on_limit(void *arg)
{
	finish(arg, 0);
}

static void on_signal(void *arg, uint32_t events)
{
	(void)events;
	finish(arg, 0);
}

/* Whoever started us knows better than we when the target's shell can be starved. */
static void obey(struct engine *e, struct text word)
{
	struct pace_counts counts = counts_of(e);
	uint64_t now = loop_now_ns();

	if (text_equal(word, TEXT("press"))) {
		pace_press(&e->pace, now);
	} else if (text_equal(word, TEXT("surge"))) {
		pace_surge(&e->pace, now, &counts);
	} else if (text_equal(word, TEXT("release"))) {
		pace_release(&e->pace, now, &counts);
	} else if (text_equal(word, TEXT("up"))) {
		e->pace.up_ns = now;
	} else if (text_equal(word, TEXT("mark"))) {
		timeline_mark(&e->timeline, now);
		e->pace.up_ns = 0;
	} else if (text_equal(word, TEXT("timeline"))) {
		timeline_read(&e->timeline);
	}
}

static void on_input(void *arg, uint32_t events)
{
	struct engine *e = arg;
	char bytes[256];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		finish(e, 0);
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			obey(e, (struct text){ e->word, e->word_len });
			e->word_len = 0;
		} else if (e->word_len < sizeof(e->word)) {
			e->word[e->word_len++] = bytes[i];
		}
	}
	if (n > 0)
		work(e);
}

static void on_sample(void *arg)
{
	struct engine *e = arg;
	uint64_t now = loop_now_ns();

	steady_add(&e->steady, &e->pace,
		   &(struct steady_sample){ .elapsed_ns = now - e->sampled_ns,
					    .attempts = attempts(e) - e->sampled_attempts,
					    .replies = e->track->answered -
						       e->sampled_replies });
	/* Nobody knows what is lost when nobody listens. */
	if (e->spec->measure != PATH_MEASURE_NONE)
		track_age(e->track, now);
	e->rtt_us = track_take_rtt(e->track);
	e->sampled_ns = now;
	e->sampled_attempts = attempts(e);
	e->sampled_replies = e->track->answered;
	write_sample(e, now);
	loop_timer_set(e->sample, now + SAMPLE_NS);
}

static int open_engine(struct engine *e)
{
	int r = loop_new(&e->loop);

	if (r < 0)
		return r;
	e->tick = loop_timer_add(e->loop, work, e);
	e->sample = loop_timer_add(e->loop, on_sample, e);
	e->limit = loop_timer_add(e->loop, on_limit, e);
	signal(SIGPIPE, SIG_IGN);
	r = e->signal_fd = signals_open();
	if (r >= 0)
		r = loop_io_add(e->loop, e->signal_fd, EPOLLIN, on_signal, e,
				&e->signals);
	for (unsigned int i = 0; r == 0 && i < PATH_FDS; i++) {
		e->ios[i].engine = e;
		if (e->path->fds[i] >= 0)
			r = loop_io_add(e->loop, e->path->fds[i], EPOLLIN, on_path,
					&e->ios[i], &e->ios[i].io);
	}
	if (r == 0 && e->spec->until_eof)
		r = loop_io_add(e->loop, STDIN_FILENO, EPOLLIN, on_input, e, &e->input);
	return r;
}

static void close_engine(struct engine *e)
{
	if (!e->loop)
		return;
	for (unsigned int i = 0; i < PATH_FDS; i++)
		loop_io_free(e->ios[i].io);
	loop_io_free(e->signals);
	loop_io_free(e->input);
	loop_timer_free(e->tick);
	loop_timer_free(e->sample);
	loop_timer_free(e->limit);
	loop_free(e->loop);
	mem_close_fd(&e->signal_fd);
}

static bool is_done(void *arg)
{
	return ((struct engine *)arg)->done;
}

int engine_run(struct path *path, const struct engine_spec *spec)
{
	struct engine e = { .path = path, .spec = spec, .signal_fd = -1 };
	uint64_t now = loop_now_ns();
	int r = open_engine(&e);

	/*
	 * Little work, but in time: without this, a busy controller's flood comes in bursts.
	 * Only root may, and it is no must.
	 */
	if (getpriority(PRIO_PROCESS, 0) > PRIORITY)
		(void)!setpriority(PRIO_PROCESS, 0, PRIORITY);
	/* All else that needed them is open. */
	(void)rights_keep(path->rights);
	if (r < 0) {
		close_engine(&e);
		return log_errno(r, "cannot watch the flood's files");
	}
	e.track = xcalloc(1, sizeof(*e.track));
	track_init(e.track, &spec->flood, &spec->mark);
	pace_init(&e.pace, &spec->flood,
		  spec->flood.mbits ? mix_mean_bits(&spec->flood) : 0, now);
	if (spec->measure == PATH_MEASURE_NONE)
		pace_deaf(&e.pace, now);
	steady_init(&e.steady, &spec->flood);
	e.sampled_ns = now;
	loop_timer_set(e.tick, now);
	loop_timer_set(e.sample, now + SAMPLE_NS);
	loop_timer_set(e.limit, spec->limit_ns ? now + spec->limit_ns : 0);
	r = loop_until(e.loop, is_done, &e, UINT64_MAX);
	if (r == 0)
		r = e.error;
	/* Too short a time since the last sample to judge by, but the counters are whole. */
	(void)send_flat_out(&e, false);
	receive(&e);
	write_sample(&e, loop_now_ns());
	if (spec->figures)
		write_summary(&e, loop_now_ns());
	close_engine(&e);
	free(e.track);
	return r;
}
