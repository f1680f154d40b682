// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The keeper holds an open description of its file that is locked; so a file whose lock can
 * be had belongs to nobody any more.
 */
#include "flood/link.h"

#include "base/text.h"
#include "flood/rights.h"
#include "netlink.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/ether.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/neighbour.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_MAX_BYTES 4096
#define MAX_HELD       2u

struct hold {
	pid_t pid;
	int fd; /* whose end the keeper waits for */
};

/* One neighbour entry, as it is held, and as it was. */
struct held {
	int ifindex;
	char name[IF_NAMESIZE];
	int family;
	uint8_t address[16];
	uint8_t mac[LINK_MAC], mac_before[LINK_MAC];
	enum {
		HELD_NONE,    /* there was no entry: it is removed */
		HELD_DYNAMIC, /* there was one: it is made dynamic again */
		HELD_FOREIGN, /* somebody else made it permanent: it is left alone */
	} before;
};

/* What the keeper has to know. */
struct keeper {
	struct held held[MAX_HELD];
	unsigned int n;
	char *path;   /* of the file that says so */
	int state_fd; /* which is locked */
	int pipe_fd;  /* ends with the flood */
};

/* -- an entry ------------------------------------------------------------------------- */

static int nl_to_errno(int r)
{
	switch (-r) {
	case 0:
		return 0;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_NODEV:
	case NLE_OBJ_NOTFOUND:
		return -ENODEV;
	default:
		return -EIO;
	}
}

/* What is there now, into *held. */
static int held_look(struct nl_sock *socket, struct held *held)
{
	struct nl_addr *addr = netlink_address(held->family, held->address);
	int state = netlink_neighbour(socket, held->ifindex, addr, held->mac_before);

	nl_addr_put(addr);
	if (state < 0)
		return nl_to_errno(state);
	held->before = !state                ? HELD_NONE :
		       state & NUD_PERMANENT ? HELD_FOREIGN :
					       HELD_DYNAMIC;
	return 0;
}

/* Makes the entry one of this Ethernet address and state; NULL: removes it. */
static int held_change(struct nl_sock *socket, const struct held *held,
		       const uint8_t *mac, int state)
{
	struct rtnl_neigh *entry = rtnl_neigh_alloc();
	struct nl_addr *addr = netlink_address(held->family, held->address);
	struct nl_addr *lladdr = mac ? nl_addr_build(AF_LLC, mac, LINK_MAC) : NULL;
	int r;

	if (!entry || (mac && !lladdr))
		abort();
	rtnl_neigh_set_ifindex(entry, held->ifindex);
	rtnl_neigh_set_family(entry, held->family);
	if (rtnl_neigh_set_dst(entry, addr) < 0)
		abort();
	nl_addr_put(addr);
	if (mac) {
		rtnl_neigh_set_lladdr(entry, lladdr);
		nl_addr_put(lladdr);
		rtnl_neigh_set_state(entry, state);
		r = rtnl_neigh_add(socket, entry, NLM_F_CREATE | NLM_F_REPLACE);
	} else {
		r = rtnl_neigh_delete(socket, entry, 0);
	}
	rtnl_neigh_put(entry);
	return nl_to_errno(r);
}

/* -EPERM without CAP_NET_ADMIN, -ENODEV without the interface. */
static int held_set(struct nl_sock *socket, const struct held *held)
{
	return held->before == HELD_FOREIGN ?
		       0 :
		       held_change(socket, held, held->mac, NUD_PERMANENT);
}

/* Only when the entry is still the one that held_set made. */
static int held_restore(struct nl_sock *socket, const struct held *held)
{
	struct held now = *held;
	int r = held_look(socket, &now);

	if (r < 0 || held->before == HELD_FOREIGN || now.before != HELD_FOREIGN ||
	    memcmp(now.mac_before, held->mac, LINK_MAC) != 0)
		return r;
	return held_change(socket, held,
			   held->before == HELD_NONE ? NULL : held->mac_before,
			   NUD_STALE);
}

static const char *const befores[] = {
	[HELD_NONE] = "none",
	[HELD_DYNAMIC] = "dynamic",
	[HELD_FOREIGN] = "foreign",
};

static void format_mac(const uint8_t mac[LINK_MAC], struct strbuf *out)
{
	strbuf_addf(out, " %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		    mac[4], mac[5]);
}

/* "held NAME INDEX ADDRESS MAC BEFORE MAC_BEFORE", as a line. */
static void held_format(const struct held *held, struct strbuf *out)
{
	char address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(held->family, held->address, address, sizeof(address));
	strbuf_addf(out, "held %s %d %s", held->name, held->ifindex, address);
	format_mac(held->mac, out);
	strbuf_addf(out, " %s", befores[held->before]);
	format_mac(held->mac_before, out);
	strbuf_add(out, TEXT("\n"));
}

static bool held_parse(const char *line, struct held *ret)
{
	char address[INET6_ADDRSTRLEN], mac[18], before[8], mac_before[18];
	struct held held = { 0 };

	/* IF_NAMESIZE and INET6_ADDRSTRLEN are 16 and 46. */
	if (sscanf(line, "held %15s %d %45s %17s %7s %17s", held.name, &held.ifindex,
		   address, mac, before, mac_before) != 6)
		return false;
	held.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(held.family, address, held.address) != 1 ||
	    !ether_aton_r(mac, (struct ether_addr *)held.mac) ||
	    !ether_aton_r(mac_before, (struct ether_addr *)held.mac_before))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(befores); i++)
		if (!strcmp(before, befores[i])) {
			held.before = i;
			*ret = held;
			return true;
		}
	return false;
}

/* -- the file ------------------------------------------------------------------------- */

/* Of this user alone, or it is not used. */
static bool is_private(const char *path)
{
	struct stat st;

	return (mkdir(path, 0700) == 0 || errno == EEXIST) && lstat(path, &st) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid == getuid() && !(st.st_mode & 022) &&
	       access(path, W_OK) == 0;
}

/* The first that can be had. Caller frees; NULL: there is none. */
static char *state_directory(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *found = NULL, *paths[] = {
		runtime && runtime[0] == '/' ? xasprintf("%s/iommu-stress", runtime) :
					       NULL,
		xasprintf("/run/user/%u/iommu-stress", getuid()),
		xasprintf("/tmp/iommu-stress-%u", getuid()),
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (!found && paths[i] && is_private(paths[i]))
			found = paths[i];
		else
			free(paths[i]);
	return found;
}

/* Where an entry lives: the boot and the network namespace. Caller frees. */
static char *state_place(void)
{
	_cleanup_free_ char *boot = NULL;
	char space[64] = "";

	if (readlink("/proc/self/ns/net", space, sizeof(space) - 1) < 0 ||
	    file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL) < 0)
		return xstrdup("place ?");
	boot[strcspn(boot, "\n")] = '\0';
	return xasprintf("place %s %s", boot, space);
}

static unsigned int restore_lines(char *lines)
{
	_cleanup_netlink_ struct nl_sock *socket = NULL;
	unsigned int n = 0;
	char *line;

	if (netlink_open(&socket) < 0)
		return 0;
	while ((line = strsep(&lines, "\n"))) {
		struct held held;

		if (held_parse(line, &held) && held_restore(socket, &held) == 0)
			n++;
	}
	return n;
}

static unsigned int recover_file(int directory, const char *name)
{
	_cleanup_close_ int fd =
		openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_free_ char *place = state_place();
	char bytes[FILE_MAX_BYTES], *rest = bytes, *first;
	unsigned int restored;
	ssize_t n;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	n = read(fd, bytes, sizeof(bytes) - 1);
	/* Of a flood that is just about to lock and write it. */
	if (n <= 0)
		return 0;
	bytes[n] = '\0';
	first = strsep(&rest, "\n");
	if (strcmp(first, place) != 0) {
		/* Another namespace, which may come back; or another boot. */
		char *end = strrchr(place, ' ');

		if (!strncmp(first, place, (size_t)(end - place)))
			return 0;
		rest = NULL;
	}
	restored = rest ? restore_lines(rest) : 0;
	(void)unlinkat(directory, name, 0);
	return restored;
}

unsigned int hold_recover(void)
{
	_cleanup_free_ char *path = state_directory();
	unsigned int restored = 0;
	struct dirent *entry;
	DIR *directory = path ? opendir(path) : NULL;

	if (!directory)
		return 0;
	while ((entry = readdir(directory)))
		if (!strncmp(entry->d_name, "neighbour-", 10))
			restored += recover_file(dirfd(directory), entry->d_name);
	closedir(directory);
	return restored;
}

/* The keeper's file, written and locked before anything is changed. */
static int write_state(struct keeper *k)
{
	_cleanup_free_ char *directory = state_directory();
	_cleanup_free_ char *place = state_place();
	_cleanup_strbuf_ struct strbuf text = { 0 };

	if (!directory)
		return -ENOENT;
	strbuf_addf(&text, "%s\n", place);
	for (unsigned int i = 0; i < k->n; i++)
		held_format(&k->held[i], &text);
	/* In another namespace a process may have the same number, and its file here. */
	k->path = xasprintf("%s/neighbour-%d-XXXXXX", directory, (int)getpid());
	k->state_fd = mkostemp(k->path, O_CLOEXEC);
	if (k->state_fd < 0)
		return -errno;
	/* Another flood looks into it for an instant, at most. */
	if (flock(k->state_fd, LOCK_EX) < 0 ||
	    file_write_all(k->state_fd, text.s, text.n) < 0) {
		(void)unlink(k->path);
		return -EIO;
	}
	return 0;
}

/* -- the keeper ------------------------------------------------------------------------ */

/* Nothing of the flood's may be held open by the keeper, or its readers would wait. */
static void become_keeper(int keep_1, int keep_2)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t all;

	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)prctl(PR_SET_NAME, "flood-keeper");
	(void)prctl(PR_SET_PDEATHSIG, 0);
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(null, fd);
	for (int fd = 3; fd < 256; fd++)
		if (fd != keep_1 && fd != keep_2)
			close(fd);
	(void)rights_keep(RIGHTS_NET_ADMIN);
}

/* An interface that has come back has lost its entries, and may have another number. */
static void hold_again(struct nl_sock *socket, struct held *held, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		int now = (int)if_nametoindex(held[i].name);

		if (!now)
			continue;
		if (now != held[i].ifindex && held[i].before == HELD_DYNAMIC)
			held[i].before = HELD_NONE;
		held[i].ifindex = now;
		(void)!held_set(socket, &held[i]);
	}
}

static _Noreturn void keep(struct keeper *k)
{
	struct nl_sock *socket = NULL;
	char bytes[4096];
	struct pollfd in[2] = { { .fd = k->pipe_fd, .events = POLLIN },
				{ .events = POLLIN } };

	become_keeper(k->pipe_fd, k->state_fd);
	in[1].fd = netlink_watch(RTMGRP_LINK);
	if (netlink_open(&socket) < 0)
		_exit(1);
	while (poll(in, 2, -1) >= 0 && !in[0].revents) {
		while (recv(in[1].fd, bytes, sizeof(bytes), 0) > 0)
			;
		hold_again(socket, k->held, k->n);
	}
	for (unsigned int i = 0; i < k->n; i++)
		(void)!held_restore(socket, &k->held[i]);
	(void)unlink(k->path);
	_exit(0);
}

static int fork_keeper(struct keeper *k, struct hold **ret)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	k->pipe_fd = ends[0];
	pid = fork();
	if (!pid)
		keep(k);
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return -EAGAIN;
	}
	*ret = xcalloc(1, sizeof(**ret));
	**ret = (struct hold){ .pid = pid, .fd = ends[1] };
	return 0;
}

static struct held held_of(const struct link_way *way)
{
	const struct sockaddr *to = (const struct sockaddr *)&way->neighbour;
	struct held held = { .ifindex = way->ifindex, .family = to->sa_family };

	memcpy(held.name, way->name, sizeof(held.name));
	memcpy(held.mac, way->target_mac, LINK_MAC);
	memcpy(held.address, netlink_bytes(to), held.family == AF_INET ? 4 : 16);
	return held;
}

int hold_start(const struct link_way *ways, unsigned int n, struct hold **ret)
{
	_cleanup_netlink_ struct nl_sock *socket = NULL;
	struct keeper k = { .n = n < MAX_HELD ? n : MAX_HELD, .state_fd = -1 };
	int r = 0;

	if (netlink_open(&socket) < 0)
		return -EIO;
	for (unsigned int i = 0; r == 0 && i < k.n; i++) {
		k.held[i] = held_of(&ways[i]);
		r = held_look(socket, &k.held[i]);
	}
	if (r == 0)
		r = write_state(&k);
	if (r == 0) {
		for (unsigned int i = 0; r == 0 && i < k.n; i++)
			r = held_set(socket, &k.held[i]);
		if (r == 0)
			r = fork_keeper(&k, ret);
		if (r < 0) {
			for (unsigned int i = 0; i < k.n; i++)
				(void)!held_restore(socket, &k.held[i]);
			(void)unlink(k.path);
		}
	}
	mem_close_fd(&k.state_fd);
	free(k.path);
	return r;
}

void hold_end(struct hold *hold)
{
	int status;

	if (!hold)
		return;
	close(hold->fd);
	while (waitpid(hold->pid, &status, 0) < 0 && errno == EINTR)
		;
	free(hold);
}
