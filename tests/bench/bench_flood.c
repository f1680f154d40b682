// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the flood costs: the command in a process of its own, against the quickest target
 * there can be, played here: it changes the type and the addresses of a request and sends
 * it back. One line a rate: what was reached, and the flood's share of a core.
 *
 * usage: bench_flood [SECONDS]
 */
#include "base/num.h"
#include "cmd/cmd.h"
#include "os/loop.h"
#include "unit/flood_wire.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct bench {
	const char *spec;
	bool answers;
};

static const struct bench benches[] = {
	{ "rate=1000", true },  { "rate=4000", true }, { "rate=16000", true },
	{ "rate=64000", true }, { "rate=max", true },  { "rate=max,size=64", true },
	{ "rate=4000", false }, { "rate=max", false },
};

static pid_t start(const struct bench *b, int net[2])
{
	char frames[32], spec[64];
	char *argv[] = { (char *)"iommu-stress flood",
			 frames,
			 spec,
			 (char *)"--target-mac=52:54:00:12:34:56",
			 (char *)"--for=1h",
			 NULL };
	pid_t pid = fork();

	if (pid)
		return pid;
	close(net[1]);
	snprintf(frames, sizeof(frames), "--frames=%d", net[0]);
	snprintf(spec, sizeof(spec), "--spec=%s", b->spec);
	if (!freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stdout))
		_exit(1);
	exit(cmd_flood.run(4 + 1, argv));
}

/* The first requests are answered anyway, or there would be no flood. */
static void play(const struct bench *b, int fd, uint64_t end, uint64_t counts[2])
{
	uint8_t frame[2048];

	while (loop_now_ns() < end) {
		struct pollfd in = { .fd = fd, .events = POLLIN };

		poll(&in, 1, 10);
		for (unsigned int i = 0; i < 64; i++) {
			ssize_t n = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);
			bool v6;

			if (n < 42)
				break;
			counts[0]++;
			if (!b->answers && counts[1] > 10)
				continue;
			v6 = wire_is_v6(frame);
			wire_swap(frame, frame + 6, 6);
			wire_swap(frame + (v6 ? 22 : 26), frame + (v6 ? 38 : 30),
				  v6 ? 16 : 4);
			wire_icmp(frame)[0] = v6 ? 129 : 0;
			if (send(fd, frame, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
				counts[1]++;
		}
	}
}

static int run(const struct bench *b, uint64_t seconds)
{
	uint64_t counts[2] = { 0 }, begin;
	struct rusage usage;
	double cpu, elapsed;
	int net[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, net) < 0)
		return -1;
	pid = start(b, net);
	close(net[0]);
	begin = loop_now_ns();
	play(b, net[1], begin + seconds * NS_PER_SEC, counts);
	kill(pid, SIGTERM);
	elapsed = (double)(loop_now_ns() - begin) / 1e9;
	if (wait4(pid, &status, 0, &usage) < 0 || status)
		return -1;
	close(net[1]);
	cpu = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	printf("%-18s %-8s %9.0f requests/s %9.0f replies/s  %5.1f %% of a core  %5.2f s "
	       "CPU per million requests\n",
	       b->spec, b->answers ? "answered" : "silent", (double)counts[0] / elapsed,
	       (double)counts[1] / elapsed, cpu / elapsed * 100,
	       counts[0] ? cpu * 1e6 / (double)counts[0] : 0);
	return fflush(stdout);
}

int main(int argc, char **argv)
{
	uint64_t seconds = argc > 1 ? strtoull(argv[1], NULL, 10) : 2;

	for (size_t i = 0; i < ARRAY_SIZE(benches); i++)
		if (run(&benches[i], seconds) < 0)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
