// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flood command in a process of its own, against a target that is played here: the
 * other end of its frame socket. In real time, so limits are wide.
 */
#include "base/num.h"
#include "cmd/cmd.h"
#include "flood/flood.h"
#include "flood/timeline.h"
#include "os/loop.h"
#include "unit/flood_wire.h"

#include <argp.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_ARGS 12

struct peer {
	pid_t pid;
	int net, input, output; /* our ends; net -1: closed */
	bool answers_v4, answers_v6, reads;
	char line[4096];
	size_t line_len;
	struct flood_sample last;
	unsigned int samples;
	unsigned int requests, arp_answers, advertisements, broken;
	unsigned int timeline_ends, timeline_ms, timeline_sent, timeline_replies;
	bool wants_fragments, answers_others;
	unsigned int fragments, torn, kinds;
	unsigned int next[2]; /* offset of the next fragment: v4, v6 */
};

static _Noreturn void run_child(const char *const *args, int net, int input, int output)
{
	char *argv[MAX_ARGS + 4] = { (char *)"iommu-stress flood" };
	char frames[32];
	int argc = 1;

	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	if (net >= 0) {
		snprintf(frames, sizeof(frames), "--frames=%d", net);
		argv[argc++] = frames;
		argv[argc++] = (char *)"--target-mac=52:54:00:12:34:56";
	}
	for (size_t i = 0; args[i] && i < MAX_ARGS; i++)
		argv[argc++] = (char *)args[i];
	argp_err_exit_status = EXIT_USAGE;
	exit(cmd_flood.run(argc, argv));
}

static struct peer peer_start(const char *const *args)
{
	struct peer p = { .answers_v4 = true, .answers_v6 = true, .reads = true };
	int net[2], input[2], output[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, net), 0);
	assert_int_equal(pipe(input), 0);
	assert_int_equal(pipe(output), 0);
	fflush(NULL);
	p.pid = fork();
	assert_true(p.pid >= 0);
	if (!p.pid) {
		close(net[0]);
		close(input[1]);
		close(output[0]);
		run_child(args, net[1], input[0], output[1]);
	}
	close(net[1]);
	close(input[0]);
	close(output[1]);
	p.net = net[0];
	p.input = input[1];
	p.output = output[0];
	return p;
}

/* Fragments of a request come in order, with those of no other between them. */
static void take_fragment(struct peer *p, const uint8_t *frame, size_t n)
{
	bool v6 = wire_is_v6(frame);
	unsigned int field = v6 ? (unsigned int)(frame[56] << 8 | frame[57]) :
				  (unsigned int)(frame[20] << 8 | frame[21]) * 8;
	unsigned int offset = v6 ? field & 0xfff8 : field & 0xffff;
	bool more = v6 ? field & 1 : field >> 16;

	p->torn += offset != p->next[v6];
	p->next[v6] = more ? offset + (unsigned int)n - (v6 ? 62 : 34) : 0;
	p->fragments++;
}

/* Answers all but echo requests, which it leaves to the caller. */
static bool take_other(struct peer *p, const uint8_t *request)
{
	uint8_t frame[2048];
	size_t n = 0;
	bool v6 = wire_is_v6(request);
	unsigned int protocol = request[v6 ? 20 : 23];
	enum flood_kind kind = FLOOD_ICMP;

	if (request[12] == 8 && request[13] == 6) {
		kind = FLOOD_ARP;
		n = wire_arp_reply(request, frame);
	} else if (request[0] == 0x33) {
		kind = FLOOD_MLD;
		n = wire_mld_report(frame);
	} else if (request[0] == 1) {
		kind = FLOOD_IGMP;
		n = wire_igmp_report(frame);
	} else if (protocol == 17) {
		kind = FLOOD_UDP;
		n = wire_unreachable(request, 100, frame);
	} else if (protocol == 6) {
		kind = FLOOD_TCP;
		n = wire_tcp_answer(request, 0x14, frame);
	} else if (v6 && request[54] == 135) {
		kind = FLOOD_ND;
		n = wire_advertisement(request, frame);
	}
	p->kinds |= FLOOD_KIND(kind);
	if (n)
		(void)!send(p->net, frame, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n;
}

static void take_frame(struct peer *p)
{
	uint8_t frame[2048];
	ssize_t n = recv(p->net, frame, sizeof(frame), MSG_DONTWAIT);
	bool v6;

	if (n < 42)
		return;
	if (p->wants_fragments) {
		take_fragment(p, frame, (size_t)n);
		return;
	}
	if (p->answers_others && take_other(p, frame))
		return;
	if (frame[12] == 8 && frame[13] == 6) {
		p->arp_answers += frame[21] == 2;
		return;
	}
	v6 = wire_is_v6(frame);
	if (!wire_sums_ok(frame)) {
		p->broken++;
		return;
	}
	if (v6 && wire_icmp(frame)[0] == 136) {
		p->advertisements++;
		return;
	}
	p->requests++;
	if ((v6 ? p->answers_v6 : p->answers_v4) && wire_reply(frame))
		(void)!send(p->net, frame, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static unsigned int add_up(struct text runs, unsigned int *ms)
{
	unsigned int sum = 0;
	uint32_t value, count;

	for (*ms = 0; timeline_next(&runs, &value, &count); *ms += count)
		sum += value * count;
	return sum;
}

static void take_line(struct peer *p, struct text line)
{
	struct timeline_part part;
	unsigned int ms;

	if (!timeline_parse(line, &part)) {
		assert_true(flood_sample_parse(line, &p->last));
		p->samples++;
		return;
	}
	p->timeline_ends += !part.at_ns;
	p->timeline_replies += add_up(part.replies, &ms);
	p->timeline_sent += add_up(part.sent, &ms);
	p->timeline_ms += ms;
}

/* False at the end of the program's output. */
static bool take_output(struct peer *p)
{
	char bytes[4096];
	ssize_t n = read(p->output, bytes, sizeof(bytes));

	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] != '\n') {
			assert_true(p->line_len < sizeof(p->line));
			p->line[p->line_len++] = bytes[i];
			continue;
		}
		take_line(p, (struct text){ p->line, p->line_len });
		p->line_len = 0;
	}
	return n > 0;
}

typedef bool (*peer_condition_fn)(const struct peer *p);

/* Plays the target until the condition holds. False: not within ms, or it ended. */
static bool peer_play(struct peer *p, unsigned int ms, peer_condition_fn until)
{
	uint64_t end = loop_now_ns() + ms * NS_PER_MSEC;

	while (loop_now_ns() < end) {
		struct pollfd fds[2] = {
			{ .fd = p->output, .events = POLLIN },
			{ .fd = p->reads ? p->net : -1, .events = POLLIN },
		};

		if (until && until(p))
			return true;
		poll(fds, 2, 10);
		if (fds[1].revents & POLLIN)
			take_frame(p);
		if (fds[0].revents && !take_output(p))
			return false;
	}
	return !until;
}

/* Returns the exit status, once all output has been read. */
static int peer_end(struct peer *p)
{
	int status;

	if (p->input >= 0)
		close(p->input);
	while (take_output(p))
		;
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	close(p->output);
	if (p->net >= 0)
		close(p->net);
	assert_int_equal(p->broken, 0);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool is_steady(const struct peer *p)
{
	return p->last.steady;
}

static bool is_not_steady(const struct peer *p)
{
	return !p->last.steady;
}

static bool has_arp_answer(const struct peer *p)
{
	return p->arp_answers;
}

static bool has_sample(const struct peer *p)
{
	return p->samples > 0;
}

static void test_goes_on_without_replies(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=1000", NULL });
	struct flood_sample before;
	uint64_t end;

	(void)state;
	assert_true(peer_play(&p, 20000, is_steady));
	assert_int_equal(p.last.state, FLOOD_HOLD);
	/* More than wanted where a stall of this machine is made up for. */
	assert_in_range(p.last.reply_rate, 500, 1350);
	before = p.last;
	end = loop_now_ns();
	p.answers_v4 = p.answers_v6 = false;
	peer_play(&p, 1200, NULL);
	assert_false(p.last.steady);
	assert_int_equal(p.last.rate, 1000);
	assert_int_equal(p.last.reply_rate, 0);
	/* As many requests as ever. */
	assert_in_range(p.last.sent - before.sent, 700, 1400);
	assert_in_range(p.last.last_reply_ns, before.last_reply_ns, end + NS_PER_SEC);
	assert_int_equal(p.last.first_reply_ns, before.first_reply_ns);
	p.answers_v4 = p.answers_v6 = true;
	end = loop_now_ns();
	assert_true(peer_play(&p, 20000, is_steady));
	assert_true(p.last.first_reply_ns >= end);
	assert_true(p.last.last_reply_ns > p.last.first_reply_ns);
	assert_int_equal(p.last.bad, 0);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static void test_auto(void **state)
{
	struct peer p = peer_start((const char *[]){ "--spec=size=100", NULL });

	(void)state;
	assert_true(peer_play(&p, 30000, is_steady));
	assert_int_equal(p.last.state, FLOOD_HOLD);
	assert_true(p.last.rate >= 200);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static void test_one_family_answers(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=1000", NULL });
	struct flood_sample before;
	uint64_t sent;

	(void)state;
	p.answers_v6 = false;
	assert_true(peer_play(&p, 20000, is_steady));
	before = p.last;
	peer_play(&p, 1000, NULL);
	sent = p.last.sent - before.sent;
	assert_in_range(p.last.replies - before.replies, sent * 80 / 100, sent + 20);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static void test_path_that_takes_nothing(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=1000", NULL });
	struct flood_sample before;

	(void)state;
	assert_true(peer_play(&p, 20000, is_steady));
	p.reads = false;
	/* Until its queue is full. */
	peer_play(&p, 700, NULL);
	before = p.last;
	peer_play(&p, 1000, NULL);
	assert_in_range(p.last.drops - before.drops, 700, 1300);
	assert_int_equal(p.last.rate, 1000);
	p.reads = true;
	assert_true(peer_play(&p, 20000, is_steady));
	close(p.net);
	p.net = -1;
	assert_true(peer_play(&p, 5000, is_not_steady));
	before = p.last;
	peer_play(&p, 1000, NULL);
	assert_in_range(p.last.drops - before.drops, 700, 1300);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static void test_neighbour_questions(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=10", NULL });
	uint8_t frame[86];
	size_t n;

	(void)state;
	assert_true(peer_play(&p, 10000, has_sample));
	n = wire_arp_request(frame);
	assert_int_equal(send(p.net, frame, n, 0), n);
	n = wire_solicitation(frame);
	assert_int_equal(send(p.net, frame, n, 0), n);
	peer_play(&p, 500, NULL);
	assert_int_equal(p.arp_answers, 1);
	assert_int_equal(p.advertisements, 1);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

/* With the queue full of requests, the answer must come before more of them. */
static void test_answers_are_not_lost_in_the_flood(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=max", NULL });
	uint8_t frame[86];
	size_t n;

	(void)state;
	assert_true(peer_play(&p, 10000, is_steady));
	p.reads = false;
	peer_play(&p, 300, NULL);
	n = wire_arp_request(frame);
	assert_int_equal(send(p.net, frame, n, 0), n);
	peer_play(&p, 300, NULL);
	assert_int_equal(p.arp_answers, 0);
	p.reads = true;
	peer_play(&p, 3000, has_arp_answer);
	assert_int_equal(p.arp_answers, 1);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

/* Random frames, of random lengths, some of them nearly right. */
static void test_hostile_target(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=200", NULL });
	uint8_t frame[4096];

	(void)state;
	assert_true(peer_play(&p, 10000, is_steady));
	srand(1);
	for (unsigned int i = 0; i < 2000; i++) {
		size_t n = (size_t)rand() % sizeof(frame);

		for (size_t j = 0; j < n; j++)
			frame[j] = (uint8_t)rand();
		if (i % 2 && n > 60) {
			memcpy(frame, WIRE_PEER_MAC WIRE_TARGET_MAC, 12);
			memcpy(frame + 12, i % 4 == 1 ? "\x08\0\x45" : "\x86\xdd\x60", 3);
			frame[i % 4 == 1 ? 23 : 20] = i % 4 == 1 ? 1 : 58;
		}
		(void)!send(p.net, frame, n, 0);
		peer_play(&p, 0, NULL);
	}
	peer_play(&p, 1000, NULL);
	assert_int_equal(p.last.bad, 0);
	assert_true(p.last.replies <= p.last.sent);
	assert_true(peer_play(&p, 10000, is_steady));
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static void test_count(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=500", "--count=500", NULL });

	(void)state;
	/* Until it ends by itself. */
	peer_play(&p, 30000, NULL);
	assert_int_equal(p.last.sent, 500);
	assert_int_equal(p.last.replies, 500);
	assert_int_equal(p.requests, 500);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static void test_time_limit(void **state)
{
	struct peer p = peer_start((const char *[]){ "--for=350ms", NULL });

	(void)state;
	p.reads = false;
	assert_false(peer_play(&p, 20000, is_steady));
	assert_in_range(p.samples, 2, 4);
	assert_int_equal(p.last.state, FLOOD_WAIT);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static void test_signal(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=100", NULL });
	uint64_t at;

	(void)state;
	assert_true(peer_play(&p, 10000, has_sample));
	at = p.last.at_ns;
	kill(p.pid, SIGTERM);
	assert_false(peer_play(&p, 20000, is_steady) &&
		     peer_play(&p, 20000, is_not_steady));
	assert_true(p.last.at_ns > at);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

/* Requests that come within ms, while nobody reads the samples. */
static unsigned int requests_within(struct peer *p, unsigned int ms)
{
	uint64_t end = loop_now_ns() + ms * NS_PER_MSEC;
	unsigned int before = p->requests;

	while (loop_now_ns() < end) {
		struct pollfd net = { .fd = p->net, .events = POLLIN };

		if (poll(&net, 1, 10) > 0)
			take_frame(p);
	}
	return p->requests - before;
}

/* The reader of the samples is stuck: the flood goes on, and later lines are whole. */
static void test_reader_that_does_not_read(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=200", NULL });

	(void)state;
	/* Room for ten lines or so. */
	assert_true(fcntl(p.output, F_SETPIPE_SZ, 4096) > 0);
	requests_within(&p, 2500);
	assert_in_range(requests_within(&p, 1000), 120, 240);
	assert_true(peer_play(&p, 10000, is_steady));
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static void tell(const struct peer *p, const char *word)
{
	assert_int_equal(write(p->input, word, strlen(word)), strlen(word));
	assert_int_equal(write(p->input, "\n", 1), 1);
}

static bool is_at_max(const struct peer *p)
{
	return p->last.rate == FLOOD_RATE_MAX;
}

static bool is_held(const struct peer *p)
{
	return p->last.rate == 300;
}

static bool has_timeline(const struct peer *p)
{
	return p->timeline_ends;
}

/* A surge until the target is silent, and what it looked like. */
static void test_surge_and_timeline(void **state)
{
	struct peer p = peer_start((const char *[]){ "--rate=300", NULL });

	(void)state;
	assert_true(peer_play(&p, 20000, is_steady));
	tell(&p, "surge");
	assert_true(peer_play(&p, 5000, is_at_max));
	tell(&p, "mark");
	peer_play(&p, 200, NULL);
	assert_true(is_at_max(&p));
	p.answers_v4 = p.answers_v6 = false;
	assert_true(peer_play(&p, 5000, is_held));
	tell(&p, "timeline");
	assert_true(peer_play(&p, 5000, has_timeline));
	assert_in_range(p.timeline_ms, 500, 3000);
	/* Before the mark, too, there was something. */
	assert_true(p.timeline_sent > 300 && p.timeline_replies > 100);
	/* Read, there is none. */
	tell(&p, "timeline");
	peer_play(&p, 500, NULL);
	assert_int_equal(p.timeline_ends, 2);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static bool has_fragments(const struct peer *p)
{
	return p->fragments >= 450;
}

/* More fragments than the socket takes at once: each request comes whole, one by one. */
static void test_fragments(void **state)
{
	struct peer p = peer_start((const char *[]){ "--spec=size=65000,rate=50", NULL });

	(void)state;
	p.wants_fragments = true;
	assert_true(peer_play(&p, 20000, has_fragments));
	assert_int_equal(p.torn, 0);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static bool has_all_kinds(const struct peer *p)
{
	return p->kinds == 0x7f;
}

/* All kinds come; the echo requests among them are answered, and that is steady. */
static void test_mix(void **state)
{
	struct peer p = peer_start((const char *[]){
		"--spec=icmp,udp,tcp,arp,nd,igmp,mld,rate=2000,sources=4", NULL });

	(void)state;
	p.answers_others = true;
	assert_true(peer_play(&p, 20000, has_all_kinds));
	assert_true(peer_play(&p, 20000, is_steady));
	assert_int_equal(p.last.bad, 0);
	assert_true(p.last.reports > 0);
	assert_int_equal(peer_end(&p), EXIT_PASS);
}

static int run_quietly(const char *const *args, bool net)
{
	int sockets[2], status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, STDERR_FILENO);
		run_child(args, net ? sockets[0] : -1, null, null);
	}
	close(sockets[0]);
	close(sockets[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_usage(void **state)
{
	static const struct {
		bool net;
		const char *args[4];
	} cases[] = {
		{ false, { NULL } },
		{ false, { "board.example.org" } },
		{ false, { "127.0.0.1", "127.0.0.2" } },
		{ false, { "127.0.0.1", "--spec=v6" } },
		{ false, { "127.0.0.1", "--target-mac=52:54:00:12:34:56" } },
		{ false, { "--frames=0", "--target-mac=52:54:00:12:34:56" } },
		{ false, { "--frames=-1", "--target-mac=52:54:00:12:34:56" } },
		{ false, { "224.0.0.1" } },
		{ false, { "255.255.255.255" } },
		{ false, { "0.0.0.0" } },
		{ false, { "::" } },
		{ false, { "ff02::1" } },
		{ false, { "::ffff:127.0.0.1" } },
		{ false, { "fe80::1" } },
		{ true, { "127.0.0.1" } },
		{ true, { "--size=65488" } },
		{ true, { "--spec=v4,mld" } },
		{ false, { "127.0.0.1", "--spec=udp" } },
		{ false, { "127.0.0.1", "--spec=vlan=7" } },
		{ true, { "--rate=fast" } },
		{ true, { "--rate=1,v4" } },
		{ true, { "--for=0" } },
		{ true, { "--count=x" } },
		{ true, { "--target-mac=53:54:00:12:34:56" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (run_quietly(cases[i].args, cases[i].net) != EXIT_USAGE)
			fail_msg("case %zu was taken", i);
	assert_int_equal(run_quietly((const char *[]){ "--spec=v4", "--size=1472",
						       "--for=10ms", NULL },
				     true),
			 EXIT_PASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_on_without_replies),
		cmocka_unit_test(test_auto),
		cmocka_unit_test(test_one_family_answers),
		cmocka_unit_test(test_path_that_takes_nothing),
		cmocka_unit_test(test_neighbour_questions),
		cmocka_unit_test(test_answers_are_not_lost_in_the_flood),
		cmocka_unit_test(test_hostile_target),
		cmocka_unit_test(test_surge_and_timeline),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_mix),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_time_limit),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_reader_that_does_not_read),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
