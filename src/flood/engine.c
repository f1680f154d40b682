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
#include "engine_internal.h"
#include "flood/rights.h"
#include "os/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
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

static uint64_t bits_of(const struct engine *e, const struct path_request *request)
{
	return e->spec->flood.mbits ? mix_bits(&e->spec->flood, request->kind,
					       request->family, request->seq) :
				      0;
}

/* Returns how many requests of n the path took, and the bits of those. */
static unsigned int send_batch(struct engine *e, unsigned int n, uint64_t now,
			       uint64_t *bits)
{
	struct path_request requests[PATH_BATCH];
	unsigned int taken = 0;

	for (unsigned int i = 0; i < n; i++) {
		requests[i].kind = track_kind(e->track);
		requests[i].family = track_turn(e->track, requests[i].kind, now);
		requests[i].seq =
			track_sent(e->track, requests[i].kind, requests[i].family, now);
	}
	e->blocked = path_send(e->path, requests, n);
	if (e->blocked && e->blocked != -EAGAIN && e->blocked != -ENOTCONN)
		engine_finish(e, log_errno(e->blocked, "cannot send to the target"));
	*bits = 0;
	for (unsigned int i = 0; i < n; i++) {
		if (!requests[i].taken) {
			track_untaken(e->track, requests[i].seq);
			continue;
		}
		taken++;
		*bits += bits_of(e, &requests[i]);
	}
	return taken;
}

/* True: the path sends by itself. */
static bool send_flat_out(struct engine *e, bool wanted)
{
	uint64_t made;

	e->flat_out = path_flat_out(e->path, wanted);
	made = path_made(e->path);
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

/* A path that takes nothing is tried again at the rate of the requests, within reason. */
static uint64_t next_try_ns(const struct engine *e, uint64_t now)
{
	uint64_t interval = NS_PER_SEC / e->pace.rate;

	if (interval < TICK_NS)
		return now + TICK_NS;
	return now + (interval > 20 * TICK_NS ? 20 * TICK_NS : interval);
}

static void schedule(struct engine *e, uint64_t now)
{
	uint64_t next = pace_next_ns(&e->pace, now);
	bool max = e->pace.rate == FLOOD_RATE_MAX;
	/* Only a full queue tells when it has room again. */
	bool wait_room = max && e->blocked == -EAGAIN;
	bool wake = e->pace.rate <= RATE_CALM || e->came >= path_busy(e->path);

	if (e->blocked || e->counting_down)
		next = next_try_ns(e, now);
	else if ((!max || e->flat_out) && next < now + TICK_NS)
		next = now + TICK_NS;
	loop_timer_set(e->tick, next);
	for (unsigned int i = 0; i < PATH_FDS; i++)
		if (e->ios[i])
			loop_io_events(e->ios[i],
				       path_events(e->path, i, wake, wait_room));
}

static struct pace_counts counts_of(const struct engine *e)
{
	return (struct pace_counts){ .sent = e->sent,
				     .drops = e->drops,
				     .unasked = e->sent - e->track->asked,
				     .replies = e->track->answered,
				     .rtt_us = e->rtt_us };
}

static void work(struct engine *e)
{
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
			engine_finish(e, 0);
	}
	engine_write_timeline(e);
	schedule(e, now);
}

static void on_tick(void *arg)
{
	work(arg);
}

static void on_path(struct engine *e, unsigned int index, uint32_t events)
{
	if (events & (EPOLLHUP | EPOLLERR)) {
		/* Reading an error clears it; a hangup stays, the ticks must do then. */
		path_take_errors(e->path, index);
		if (events & EPOLLHUP) {
			loop_io_free(e->ios[index]);
			e->ios[index] = NULL;
		}
	}
	work(e);
}

static void on_path_0(void *arg, uint32_t events)
{
	on_path(arg, 0, events);
}

static void on_path_1(void *arg, uint32_t events)
{
	on_path(arg, 1, events);
}

static void on_path_2(void *arg, uint32_t events)
{
	struct engine *e = arg;

	(void)events;
	path_look(e->path);
	work(e);
}

static void on_limit(void *arg)
{
	engine_finish(arg, 0);
}

static void on_signal(void *arg, uint32_t events)
{
	(void)events;
	engine_finish(arg, 0);
}

static void take_mark(struct engine *e)
{
	timeline_mark(&e->timeline, loop_now_ns());
	pace_down(&e->pace);
}

/* Whoever started us knows better than we when the target's shell can be starved. */
static void obey(struct engine *e, struct text word)
{
	struct pace_counts counts = counts_of(e);

	if (text_equal(word, TEXT("press")))
		pace_press(&e->pace, loop_now_ns());
	else if (text_equal(word, TEXT("surge")))
		pace_surge(&e->pace, loop_now_ns(), &counts);
	else if (text_equal(word, TEXT("release")))
		pace_release(&e->pace, loop_now_ns(), &counts);
	else if (text_equal(word, TEXT("up")))
		pace_up(&e->pace, loop_now_ns());
	else if (text_equal(word, TEXT("mark")))
		take_mark(e);
	else if (text_equal(word, TEXT("timeline")))
		timeline_read(&e->timeline);
}

static void on_input(void *arg, uint32_t events)
{
	struct engine *e = arg;
	char bytes[256];
	ssize_t n;

	(void)events;
	n = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		engine_finish(e, 0);
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

static void take_sample(struct engine *e, uint64_t now)
{
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
}

static void on_sample(void *arg)
{
	struct engine *e = arg;
	uint64_t now = loop_now_ns();

	take_sample(e, now);
	engine_write_sample(e, now);
	loop_timer_set(e->sample, now + SAMPLE_NS);
}

static int watch_signals(struct engine *e)
{
	signal(SIGPIPE, SIG_IGN);
	e->signal_fd = signals_open();
	if (e->signal_fd < 0)
		return e->signal_fd;
	return loop_io_add(e->loop, e->signal_fd, EPOLLIN, on_signal, e, &e->signals);
}

/*
 * Little work, but in time: without this, a busy controller's flood comes in bursts. Only
 * root may, and it is no must.
 */
static void hurry(void)
{
	if (getpriority(PRIO_PROCESS, 0) > PRIORITY)
		(void)!setpriority(PRIO_PROCESS, 0, PRIORITY);
}

static int open_engine(struct engine *e)
{
	static const loop_io_fn on_paths[PATH_FDS] = { on_path_0, on_path_1, on_path_2 };
	int r = loop_new(&e->loop);

	if (r < 0)
		return r;
	e->tick = loop_timer_add(e->loop, on_tick, e);
	e->sample = loop_timer_add(e->loop, on_sample, e);
	e->limit = loop_timer_add(e->loop, on_limit, e);
	r = watch_signals(e);
	for (unsigned int i = 0; r == 0 && i < PATH_FDS; i++)
		if (path_fd(e->path, i) >= 0)
			r = loop_io_add(e->loop, path_fd(e->path, i), EPOLLIN,
					on_paths[i], e, &e->ios[i]);
	if (r == 0 && e->spec->until_eof)
		r = loop_io_add(e->loop, STDIN_FILENO, EPOLLIN, on_input, e, &e->input);
	return r;
}

static void close_engine(struct engine *e)
{
	if (!e->loop)
		return;
	for (unsigned int i = 0; i < PATH_FDS; i++)
		loop_io_free(e->ios[i]);
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

	hurry();
	/* All else that needed them is open. */
	(void)rights_keep(path_rights(path));
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
	engine_write_sample(&e, loop_now_ns());
	engine_write_summary(&e, loop_now_ns());
	close_engine(&e);
	free(e.track);
	return r;
}
