// SPDX-License-Identifier: GPL-2.0-or-later
#include "flood/engines.h"

#include "base/log.h"
#include "base/num.h"
#include "flood/link/netlink.h"
#include "flood/path/bpf.h"
#include "flood/path/path.h"
#include "flood/rights.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* A target that is there answers within a millisecond; the kernel asks three times. */
#define RESOLVE_NS (3 * NS_PER_SEC)

/* All that is known when a path is opened. */
struct job {
	const struct engines_wish *wish;
	const struct path_spec *spec;
	struct link_way ways[2]; /* in the order v4, v6, those that are wanted */
	unsigned int n_ways;
	bool has_mac;
};

struct engine_kind {
	const char *name, *what, *needs;
	/* Why it is not possible here, caller frees; NULL: it may be. */
	char *(*lacks)(void);
	/* Says nothing; *ret_reason (caller frees) when errno alone does not tell. */
	int (*open)(const struct job *job, struct path **ret, char **ret_reason);
};

/* -- engines -------------------------------------------------------------------------- */

static char *lacks_net_raw(void)
{
	return rights_have(RIGHTS_NET_RAW) ? NULL : xstrdup("no CAP_NET_RAW");
}

/* What all engines that make whole frames want of the way. */
static int ends_of(const struct job *job, struct frame_ends *ret, char **ret_reason)
{
	const struct engines_wish *wish = job->wish;
	const struct link_way *way = &job->ways[0];

	if (!way->ethernet) {
		*ret_reason = xasprintf("%s is no Ethernet", way->name);
		return -EOPNOTSUPP;
	}
	if (!job->has_mac) {
		*ret_reason = xstrdup("the target does not tell its Ethernet address: "
				      "--target-mac=MAC");
		return -EHOSTUNREACH;
	}
	if (way->mtu < FRAME_MTU) {
		*ret_reason = xasprintf("%s takes packets of %u bytes only", way->name,
					way->mtu);
		return -EMSGSIZE;
	}
	*ret = (struct frame_ends){ .hop_limit = wish->link.allow_routed ? 64 : 1,
				    .vlan = (uint16_t)job->spec->flood.vlan };
	memcpy(ret->our_mac, way->our_mac, FRAME_MAC);
	memcpy(ret->target_mac, way->target_mac, FRAME_MAC);
	if (job->spec->flood.family & FLOOD_V4) {
		memcpy(&ret->our_v4, way++->our_address, sizeof(ret->our_v4));
		ret->target_v4 = wish->v4->sin_addr;
	}
	if (job->spec->flood.family & FLOOD_V6) {
		memcpy(&ret->our_v6, way->our_address, sizeof(ret->our_v6));
		ret->target_v6 = wish->v6->sin6_addr;
	}
	return 0;
}

static int open_packet(const struct job *job, struct path **ret, char **ret_reason)
{
	struct frame_ends ends;
	int r = ends_of(job, &ends, ret_reason);

	return r < 0 ? r : path_open_packet(job->ways[0].name, &ends, job->spec, ret);
}

static char *lacks_turbo(void)
{
	char *lacks = lacks_net_raw();

	if (!lacks)
		lacks = bpf_lacks();
	if (!lacks && !rights_have(RIGHTS_PERFMON))
		lacks = xstrdup("no CAP_PERFMON");
	return lacks;
}

static int open_turbo(const struct job *job, struct path **ret, char **ret_reason)
{
	struct frame_ends ends;
	int r = ends_of(job, &ends, ret_reason);

	return r < 0 ? r :
		       path_open_turbo(job->ways[0].name, &ends, job->spec, ret,
				       ret_reason);
}

static int open_raw(const struct job *job, struct path **ret, char **ret_reason)
{
	const struct engines_wish *wish = job->wish;
	const struct path_peers peers = {
		.v4 = job->spec->flood.family & FLOOD_V4 ? wish->v4 : NULL,
		.v6 = job->spec->flood.family & FLOOD_V6 ? wish->v6 : NULL,
		.interface = job->ways[0].name,
		.only = wish->link.interface,
		.routed = wish->link.allow_routed,
	};
	int r = path_open_raw(&peers, job->spec, ret);

	if (r == -EOPNOTSUPP)
		*ret_reason = xstrdup("it sends icmp only, and no VLAN tags");
	return r;
}

static int open_frames(const struct job *job, struct path **ret, char **ret_reason)
{
	const struct engines_wish *wish = job->wish;
	struct frame_ends ends = wish->ends;
	int r;

	/* Nobody else is on this wire. */
	ends.addresses = job->spec->flood.sources;
	ends.vlan = (uint16_t)job->spec->flood.vlan;
	r = path_open_frames(wish->frames_fd, &ends, job->spec, ret);
	if (r == -ENOTSOCK)
		*ret_reason = xasprintf("--frames=%d is not an AF_UNIX datagram socket",
					wish->frames_fd);
	if (r == 0)
		(void)fcntl(wish->frames_fd, F_SETFD, FD_CLOEXEC);
	return r;
}

/* Which of those with a way is tried first when none is named: from top to bottom. */
static const struct engine_kind kinds[] = {
	{ "packet", "whole frames through a packet socket",
	  "CAP_NET_RAW; an Ethernet interface", lacks_net_raw, open_packet },
	{ "raw", "raw ICMP sockets, any interface", "CAP_NET_RAW", lacks_net_raw,
	  open_raw },
	{ "turbo", "frames that are multiplied in the kernel (tc, XDP)",
	  "CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON; an Ethernet interface",
	  lacks_turbo, open_turbo },
	{ "frames", "a unix datagram socket into a virtual board",
	  "--frames, which reboot hands over", NULL, open_frames },
};
#define N_AUTO      2u
#define KIND_FRAMES (&kinds[ARRAY_SIZE(kinds) - 1])

const struct engine_kind *engines_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

const char *engines_name(const struct engine_kind *kind)
{
	return kind->name;
}

char *engines_names(void)
{
	struct strbuf names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", kinds[i].name);
	return names.s;
}

void engines_list(FILE *out)
{
	_cleanup_free_ char *no_counter = bpf_lacks();

	fprintf(out, "%-8s %s\n", "auto", "the first of packet and raw that is possible");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_free_ char *lacks = kinds[i].lacks ? kinds[i].lacks() : NULL;

		fprintf(out, "%-8s %s\n%8s needs %s\n", kinds[i].name, kinds[i].what, "",
			kinds[i].needs);
		if (lacks)
			fprintf(out, "%8s not possible here: %s\n", "", lacks);
	}
	if (no_counter)
		fprintf(out,
			"replies are counted by sockets, not where they come in: %s\n",
			no_counter);
}

/* -- the way -------------------------------------------------------------------------- */

static int say_refused(const struct sockaddr *address, int r, const char *reason)
{
	char name[INET6_ADDRSTRLEN] = "?";

	inet_ntop(address->sa_family, netlink_bytes(address), name, sizeof(name));
	log_error("not flooding %s: it %s", name, reason);
	return r;
}

static int add_way(struct job *job, const struct sockaddr *address)
{
	struct link_way *way = &job->ways[job->n_ways];
	const struct engines_wish *wish = job->wish;
	_cleanup_free_ char *reason = NULL;
	int r = link_find(address, &wish->link, way, &reason);

	if (r < 0)
		return say_refused(address, r, reason);
	if (job->n_ways && way->ifindex != job->ways[0].ifindex)
		return say_refused(address, -EPERM,
				   "is behind another interface than the other address");
	if (wish->target_mac && way->ethernet) {
		memcpy(way->target_mac, wish->target_mac, LINK_MAC);
		way->has_mac = true;
	} else {
		/* Not every engine needs it. */
		(void)!link_resolve(way, RESOLVE_NS);
	}
	r = way->has_mac ? link_check_mac(way, &reason) : 0;
	if (r < 0)
		return say_refused(address, r, reason);
	if (job->n_ways && way->has_mac && job->ways[0].has_mac &&
	    memcmp(way->target_mac, job->ways[0].target_mac, LINK_MAC) != 0)
		return say_refused(address, -EPERM,
				   "belongs to another machine than the other address");
	job->n_ways++;
	return 0;
}

/* One address may be asked in vain: the target may have only the other one yet. */
static void share_mac(struct job *job)
{
	for (unsigned int i = 0; i < job->n_ways; i++) {
		const struct link_way *other = &job->ways[job->n_ways - 1 - i];

		if (!job->ways[i].has_mac && other->has_mac) {
			memcpy(job->ways[i].target_mac, other->target_mac, LINK_MAC);
			job->ways[i].has_mac = true;
		}
	}
	job->has_mac = job->n_ways && job->ways[0].has_mac;
}

static int find_ways(struct job *job)
{
	const struct engines_wish *wish = job->wish;
	int r = 0;

	if (job->spec->flood.family & FLOOD_V4)
		r = add_way(job, (const struct sockaddr *)wish->v4);
	if (r == 0 && job->spec->flood.family & FLOOD_V6)
		r = add_way(job, (const struct sockaddr *)wish->v6);
	if (r == 0)
		share_mac(job);
	return r;
}

static struct hold *start_hold(const struct job *job)
{
	struct hold *hold = NULL;
	int r;

	if (!job->has_mac)
		return NULL;
	if (!rights_have(RIGHTS_NET_ADMIN)) {
		log_notice(
			"without CAP_NET_ADMIN the target's neighbour entry may expire "
			"while it is down");
		return NULL;
	}
	r = hold_start(job->ways, job->n_ways, &hold);
	if (r < 0)
		log_warning("cannot hold the target's neighbour entry: %s", strerror(-r));
	return hold;
}

/* -- opening -------------------------------------------------------------------------- */

static int try_open(const struct engine_kind *kind, const struct job *job,
		    struct path **ret, char **ret_reason)
{
	int r;

	*ret_reason = kind->lacks ? kind->lacks() : NULL;
	if (*ret_reason)
		return -EPERM;
	r = kind->open(job, ret, ret_reason);
	if (r < 0 && !*ret_reason)
		*ret_reason = xstrdup(strerror(-r));
	return r;
}

/* Turbo, which only some machines can, falls back. */
static int open_kind(const struct engine_kind *kind, const struct job *job,
		     struct engines_open *ret)
{
	_cleanup_free_ char *reason = NULL;
	int r = try_open(kind, job, &ret->path, &reason);

	ret->kind = kind;
	if (r < 0 && kind->open == open_turbo) {
		log_notice("engine %s is not possible: %s; using packet", kind->name,
			   reason);
		return open_kind(&kinds[0], job, ret);
	}
	if (r < 0)
		log_error("engine %s is not possible: %s", kind->name, reason);
	return r;
}

/* The first that is possible. When none is possible, all reasons are told, but the same one only once. */
static int open_auto(const struct job *job, struct engines_open *ret)
{
	_cleanup_strbuf_ struct strbuf reasons = { 0 };
	int r = -EOPNOTSUPP;

	for (size_t i = 0; r < 0 && i < N_AUTO; i++) {
		_cleanup_free_ char *reason = NULL;

		ret->kind = &kinds[i];
		r = try_open(&kinds[i], job, &ret->path, &reason);
		if (r == 0)
			return 0;
		log_debug("engine %s is not possible: %s", kinds[i].name, reason);
		if (!i || !strstr(reasons.s, reason))
			strbuf_addf(&reasons, "%s%s", i ? "; with raw sockets: " : "",
				    reason);
	}
	log_error("cannot send: %s", reasons.s);
	return r;
}

int engines_check(const struct engines_wish *wish, const struct path_spec *spec,
		  uint8_t ret_mac[LINK_MAC])
{
	struct job job = { .wish = wish, .spec = spec };
	int r = find_ways(&job);

	memset(ret_mac, 0, LINK_MAC);
	if (r == 0 && job.has_mac)
		memcpy(ret_mac, job.ways[0].target_mac, LINK_MAC);
	return r;
}

int engines_open(const struct engines_wish *wish, const struct path_spec *spec,
		 struct engines_open *ret)
{
	struct job job = { .wish = wish, .spec = spec };
	unsigned int undone;
	int r;

	*ret = (struct engines_open){ 0 };
	if (wish->frames_fd >= 0)
		return open_kind(KIND_FRAMES, &job, ret);
	undone = rights_have(RIGHTS_NET_ADMIN) ? hold_recover() : 0;
	if (undone)
		log_notice("put back %u neighbour entr%s of a flood that was killed",
			   undone, undone == 1 ? "y" : "ies");
	r = find_ways(&job);
	if (r == 0)
		r = wish->kind ? open_kind(wish->kind, &job, ret) : open_auto(&job, ret);
	if (r == 0 && spec->flood.rate == FLOOD_RATE_MAX && ret->path->note)
		log_notice("engine %s: %s", ret->kind->name, ret->path->note);
	if (r == 0)
		ret->hold = start_hold(&job);
	return r;
}

void engines_close(struct engines_open *open)
{
	path_free(open->path);
	hold_end(open->hold);
	*open = (struct engines_open){ 0 };
}
