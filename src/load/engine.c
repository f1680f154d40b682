// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One thread that shares the machine with the board it floods, so it wakes up once a
 * millisecond at most and does all there is to do then: take replies, send what is due.
 * Only at small rates, where a reply's time matters more than its cost, and when the queue
 * threatens to run full within a tick, does each reply wake it.
 */
#include "load/engine.h"

#include "base/log.h"
#include "base/num.h"
#include "load/pace.h"
#include "load/steady.h"
#include "load/track.h"
#include "os/file.h"
#include "os/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
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
	struct loop_io *ios[2], *signals, *input;
	int signal_fd;
	struct pace pace;
	struct track *track;
	struct steady steady;
	uint64_t sent, drops;
	uint32_t rtt_us;
	uint64_t sampled_ns;
	uint64_t sampled_attempts, sampled_replies;
	int blocked;        /* 0, or what the last path_send said */
	unsigned int came;  /* datagrams of the last look */
	bool counting_down; /* the count is sent, the last replies may come */
	char word[16];      /* of standard input, up to its newline */
	size_t word_len;
	bool done;
	int error;
};

static void on_echo(void *arg, const struct frame_echo *echo)
{
	struct engine *e = arg;

	(void)track_reply(e->track, echo, e->pace.rate, loop_now_ns());
}

static void finish(struct engine *e, int error)
{
	e->done = true;
	e->error = error;
}

static uint64_t attempts(const struct engine *e)
{
	return e->sent + e->drops;
}

/* Returns how many requests of n the path took. */
static unsigned int send_batch(struct engine *e, unsigned int n, uint64_t now)
{
	struct path_request requests[PATH_BATCH];
	unsigned int taken = 0;

	for (unsigned int i = 0; i < n; i++) {
		requests[i].family = track_turn(e->track, now);
		requests[i].seq = track_sent(e->track, requests[i].family, now);
	}
	e->blocked = path_send(e->path, requests, n);
	if (e->blocked && e->blocked != -EAGAIN && e->blocked != -ENOTCONN)
		finish(e, log_errno(e->blocked, "cannot send to the target"));
	for (unsigned int i = 0; i < n; i++) {
		if (requests[i].taken)
			taken++;
		else
			track_untaken(e->track, requests[i].seq);
	}
	return taken;
}

static void send_due(struct engine *e, uint64_t now)
{
	uint64_t late;

	e->blocked = 0;
	for (unsigned int i = 0; i < TICK_BATCHES && !e->blocked && !e->done; i++) {
		unsigned int n = pace_due(&e->pace, now), taken;

		if (e->spec->count && n > e->spec->count - e->sent)
			n = (unsigned int)(e->spec->count - e->sent);
		if (!n)
			break;
		taken = send_batch(e, n, now);
		pace_spend(&e->pace, taken);
		e->sent += taken;
		if (e->pace.rate == FLOOD_RATE_MAX && !taken)
			e->drops++;
	}
	/* What did not fit for lack of our own time is no fault of the path. */
	late = pace_take_overflow(&e->pace);
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
	uint32_t events = (wake ? EPOLLIN : 0u) | (wait_room ? EPOLLOUT : 0u);

	if (e->blocked || e->counting_down)
		next = next_try_ns(e, now);
	else if (!max && next < now + TICK_NS)
		next = now + TICK_NS;
	loop_timer_set(e->tick, next);
	for (unsigned int i = 0; i < 2; i++)
		if (e->ios[i])
			loop_io_events(e->ios[i], events);
}

static struct pace_counts counts_of(const struct engine *e)
{
	return (struct pace_counts){ .sent = e->sent,
				     .drops = e->drops,
				     .replies = e->track->replies,
				     .rtt_us = e->rtt_us };
}

static void work(struct engine *e)
{
	struct pace_counts counts;
	uint64_t now;

	e->came = path_receive(e->path, on_echo, e);
	now = loop_now_ns();
	counts = counts_of(e);
	pace_feed(&e->pace, now, &counts);
	send_due(e, now);
	if (e->spec->count && e->sent >= e->spec->count) {
		if (!e->counting_down)
			loop_timer_set(e->limit, now + LAST_REPLIES_NS);
		e->counting_down = true;
		if (e->track->replies >= e->sent)
			finish(e, 0);
	}
	schedule(e, now);
}

static void on_tick(void *arg)
{
	work(arg);
}

static void on_path(struct engine *e, unsigned int index, uint32_t events)
{
	if (events & (EPOLLHUP | EPOLLERR)) {
		int error;
		socklen_t len = sizeof(error);

		/* Reading an error clears it; a hangup stays, the ticks must do then. */
		(void)getsockopt(path_fd(e->path, index), SOL_SOCKET, SO_ERROR, &error,
				 &len);
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

	if (text_equal(word, TEXT("press")))
		pace_press(&e->pace, loop_now_ns());
	else if (text_equal(word, TEXT("release")))
		pace_release(&e->pace, loop_now_ns(), &counts);
}

static void on_input(void *arg, uint32_t events)
{
	struct engine *e = arg;
	char bytes[256];
	ssize_t n;

	(void)events;
	n = read(STDIN_FILENO, bytes, sizeof(bytes));
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

/* Never waits for the reader: a pipe that says it has room takes PIPE_BUF bytes. */
static void write_line(struct engine *e, struct text line)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (poll(&out, 1, 0) != 1)
		return;
	if (!(out.revents & POLLOUT) || file_write_all(STDOUT_FILENO, line.s, line.n) < 0)
		finish(e, 0);
}

static void write_sample(struct engine *e, uint64_t now)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	struct flood_sample sample = {
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
	};

	flood_sample_format(&sample, &line);
	strbuf_add(&line, TEXT("\n"));
	write_line(e, (struct text){ line.s, line.n });
}

static void take_sample(struct engine *e, uint64_t now)
{
	steady_add(&e->steady, &e->pace,
		   &(struct steady_sample){ .elapsed_ns = now - e->sampled_ns,
					    .attempts = attempts(e) - e->sampled_attempts,
					    .replies = e->track->replies -
						       e->sampled_replies });
	e->rtt_us = track_take_rtt(e->track);
	e->sampled_ns = now;
	e->sampled_attempts = attempts(e);
	e->sampled_replies = e->track->replies;
}

static void on_sample(void *arg)
{
	struct engine *e = arg;
	uint64_t now = loop_now_ns();

	take_sample(e, now);
	write_sample(e, now);
	loop_timer_set(e->sample, now + SAMPLE_NS);
}

static int watch_signals(struct engine *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	e->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (e->signal_fd < 0)
		return -errno;
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
	static const loop_io_fn on_paths[2] = { on_path_0, on_path_1 };
	int r = loop_new(&e->loop);

	if (r < 0)
		return r;
	e->tick = loop_timer_add(e->loop, on_tick, e);
	e->sample = loop_timer_add(e->loop, on_sample, e);
	e->limit = loop_timer_add(e->loop, on_limit, e);
	r = watch_signals(e);
	for (unsigned int i = 0; r == 0 && i < 2; i++)
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
	loop_io_free(e->ios[0]);
	loop_io_free(e->ios[1]);
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
	if (r < 0) {
		close_engine(&e);
		return log_errno(r, "cannot watch the flood's files");
	}
	e.track = xcalloc(1, sizeof(*e.track));
	track_init(e.track, spec->flood.family, &spec->mark, spec->flood.size);
	pace_init(&e.pace, spec->flood.rate, now);
	steady_init(&e.steady, spec->flood.rate);
	e.sampled_ns = now;
	loop_timer_set(e.tick, now);
	loop_timer_set(e.sample, now + SAMPLE_NS);
	loop_timer_set(e.limit, spec->limit_ns ? now + spec->limit_ns : 0);
	r = loop_until(e.loop, is_done, &e, UINT64_MAX);
	if (r == 0)
		r = e.error;
	/* Too short a time since the last sample to judge by, but the counters are whole. */
	(void)path_receive(path, on_echo, &e);
	write_sample(&e, loop_now_ns());
	close_engine(&e);
	free(e.track);
	return r;
}
