// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A cable between two network namespaces that nothing else is in: this process' own, and
 * that of a child, which plays the target. Both end with this process.
 */
#include "flood.h"

#include "base/log.h"
#include "base/num.h"
#include "cmd.h"
#include "os/child.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEAR        "10.9.8.1/24"
#define FAR         "10.9.8.2/24"
#define TARGET      "10.9.8.2"
#define SETTLE      3 /* samples that are not counted */
#define SAMPLES     10
#define START_NS    (10 * NS_PER_SEC)
#define IGNORE_PATH "/proc/sys/net/ipv4/icmp_echo_ignore_all"

struct far {
	pid_t pid;
	int fd; /* a byte: '0' answer, '1' be silent; the end: end */
};

static int set_up(const char *name, const char *address)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct rtnl_link *link = NULL, *change = rtnl_link_alloc();
	struct rtnl_addr *entry = rtnl_addr_alloc();
	struct nl_addr *local = NULL;
	int r;

	if (!socket || !change || !entry)
		abort();
	r = nl_connect(socket, NETLINK_ROUTE);
	if (r == 0)
		r = rtnl_link_get_kernel(socket, 0, name, &link);
	if (r == 0 && address)
		r = nl_addr_parse(address, AF_INET, &local);
	if (r == 0 && address) {
		rtnl_addr_set_ifindex(entry, rtnl_link_get_ifindex(link));
		rtnl_addr_set_local(entry, local);
		r = rtnl_addr_add(socket, entry, 0);
	}
	rtnl_link_set_flags(change, IFF_UP);
	if (r == 0)
		r = rtnl_link_change(socket, link, change, 0);
	nl_addr_put(local);
	rtnl_addr_put(entry);
	rtnl_link_put(change);
	if (link)
		rtnl_link_put(link);
	nl_socket_free(socket);
	return r < 0 ? -EIO : 0;
}

static _Noreturn void play_far(int ready, int orders)
{
	char order;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) < 0 || write(ready, "", 1) != 1)
		_exit(1);
	/* The first order: its end of the cable is there. */
	if (read(orders, &order, 1) != 1 || set_up("far", FAR) < 0 ||
	    set_up("lo", NULL) < 0 || write(ready, "", 1) != 1)
		_exit(1);
	while (read(orders, &order, 1) == 1) {
		_cleanup_close_ int fd = open(IGNORE_PATH, O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, &order, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static int make_cable(pid_t far)
{
	struct nl_sock *socket = nl_socket_alloc();
	int r;

	if (!socket)
		abort();
	r = nl_connect(socket, NETLINK_ROUTE);
	if (r == 0)
		r = rtnl_link_veth_add(socket, "near", "far", far);
	nl_socket_free(socket);
	return r < 0 ? -EIO : set_up("near", NEAR);
}

static int start_far(struct far *far)
{
	int ready[2], orders[2];
	char byte;
	int r = -EIO;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(orders, O_CLOEXEC) < 0)
		return -errno;
	far->pid = fork();
	if (far->pid < 0)
		return -errno;
	if (!far->pid) {
		close(ready[0]);
		close(orders[1]);
		play_far(ready[1], orders[0]);
	}
	close(ready[1]);
	close(orders[0]);
	far->fd = orders[1];
	if (read(ready[0], &byte, 1) == 1)
		r = make_cable(far->pid);
	if (r == 0 && (write(far->fd, "", 1) != 1 || read(ready[0], &byte, 1) != 1))
		r = -EIO;
	close(ready[0]);
	return r;
}

static int write_once(const char *path, const char *content)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : file_write_all(fd, content, strlen(content));
}

/* Root of a namespace of one's own is enough for all but BPF. */
static int enter(void)
{
	_cleanup_free_ char *uids = xasprintf("0 %u 1", getuid());
	_cleanup_free_ char *gids = xasprintf("0 %u 1", getgid());

	if (unshare(CLONE_NEWNET) == 0)
		return 0;
	if (errno != EPERM || unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -errno;
	if (write_once("/proc/self/setgroups", "deny") < 0 ||
	    write_once("/proc/self/uid_map", uids) < 0 ||
	    write_once("/proc/self/gid_map", gids) < 0)
		return -EPERM;
	return 0;
}

/* -- one measurement ------------------------------------------------------------------ */

struct trial {
	struct loop *loop;
	struct child *child;
	struct flood_sample first, last;
	uint64_t cpu_first, cpu_last;
	unsigned int samples, wanted; /* of which SETTLE at the begin do not count */
	bool ended;
};

static uint64_t cpu_of(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
		return 0;
	return (uint64_t)used.tv_sec * NS_PER_SEC + (uint64_t)used.tv_nsec;
}

static void on_line(void *arg, struct text line)
{
	struct trial *t = arg;
	struct flood_sample sample;

	if (!flood_sample_parse(line, &sample) || !sample.replies)
		return;
	t->samples++;
	t->last = sample;
	t->cpu_last = cpu_of(child_pid(t->child));
	if (t->samples == SETTLE) {
		t->first = sample;
		t->cpu_first = t->cpu_last;
	}
}

static void on_exit_status(void *arg, int status)
{
	(void)status;
	((struct trial *)arg)->ended = true;
}

static bool has_samples(void *arg)
{
	const struct trial *t = arg;

	return t->ended || t->samples >= t->wanted;
}

static bool measure(struct trial *t)
{
	t->wanted = SETTLE + SAMPLES;
	t->samples = 0;
	return loop_until(t->loop, has_samples, t, loop_now_ns() + START_NS) == 0 &&
	       !t->ended;
}

static void print_trial(const struct trial *t)
{
	double seconds = (double)(t->last.at_ns - t->first.at_ns) / (double)NS_PER_SEC;
	double sent = (double)(t->last.sent - t->first.sent);
	double replies = (double)(t->last.replies - t->first.replies);

	printf(" %9.0f %9.0f %7.2f", sent / seconds, replies / seconds,
	       sent > 0 ? (double)(t->cpu_last - t->cpu_first) / 1000 / sent : 0);
	fflush(stdout);
}

static int try_engine(struct loop *loop, const char *engine, const char *size,
		      const struct far *far)
{
	struct trial t = { .loop = loop };
	_cleanup_free_ char *engine_word = xasprintf("--engine=%s", engine);
	_cleanup_free_ char *size_word = xasprintf("--size=%s", size);
	const char *const argv[] = { "/proc/self/exe", "flood",          TARGET,
				     engine_word,      size_word,        "--rate=max",
				     "--for=30s",      "--format=lines", NULL };
	const struct child_spec spec = { .argv = argv,
					 .on_line = on_line,
					 .on_exit = on_exit_status,
					 .arg = &t,
					 .want_input = true };
	int r = child_start(loop, &spec, &t.child);

	if (r < 0)
		return log_errno(r, "cannot start the flood");
	printf("%-8s %5s", engine, size);
	if (measure(&t)) {
		print_trial(&t);
		if (write(far->fd, "1", 1) == 1 && measure(&t))
			print_trial(&t);
		(void)!write(far->fd, "0", 1);
	}
	putchar('\n');
	child_free(t.child);
	return 0;
}

static int try_engines(const struct far *far)
{
	static const char *const engines[] = { "packet", "turbo", "raw" };
	static const char *const sizes[] = { "64", "1400" };
	struct loop *loop;
	int r = loop_new(&loop);

	if (r < 0)
		return log_errno(r, "no event loop");
	puts("                requests   replies  CPU us  requests   replies  CPU us\n"
	     "engine    size a second, answering         a second, target silent");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(engines); i++)
		for (size_t j = 0; r == 0 && j < ARRAY_SIZE(sizes); j++)
			r = try_engine(loop, engines[i], sizes[j], far);
	loop_free(loop);
	return r;
}

int flood_self_test(void)
{
	struct far far = { .fd = -1 };
	int r = enter();

	if (r < 0) {
		log_errno(r, "no network namespaces may be made here");
		return EXIT_USAGE;
	}
	r = start_far(&far);
	if (r < 0)
		log_errno(r, "cannot make a cable between two network namespaces");
	else
		r = try_engines(&far);
	mem_close_fd(&far.fd);
	if (far.pid > 0)
		(void)waitpid(far.pid, NULL, 0);
	return r < 0 ? EXIT_USAGE : EXIT_PASS;
}
