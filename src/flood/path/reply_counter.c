// SPDX-License-Identifier: GPL-2.0-or-later
#include "reply_counter.h"

#include "bpf.h"

#ifndef HAVE_BPF
struct reply_counter *reply_counter_open(int ifindex, const struct frame_ends *ends,
					 const struct frame_mark *mark,
					 enum flood_family family)
{
	(void)ifindex, (void)ends, (void)mark, (void)family;
	return NULL;
}

void reply_counter_free(struct reply_counter *counter)
{
	(void)counter;
}

uint64_t reply_counter_count(const struct reply_counter *counter)
{
	(void)counter;
	return 0;
}

void reply_counter_pass(struct reply_counter *counter, unsigned int n)
{
	(void)counter, (void)n;
}
#else
#include "count.skel.h"

#include <string.h>

struct reply_counter {
	struct count_bpf *bpf;
	int link_fd;
};

static int set_up(struct reply_counter *c, int ifindex, const struct frame_ends *ends,
		  const struct frame_mark *mark, enum flood_family family)
{
	struct count_bpf__rodata *know;
	int r;

	c->bpf = count_bpf__open();
	if (!c->bpf)
		return -errno;
	know = c->bpf->rodata;
	know->v6 = family == FLOOD_V6;
	if (know->v6)
		memcpy(know->target, &ends->target_v6, sizeof(ends->target_v6));
	else
		memcpy(know->target, &ends->target_v4, sizeof(ends->target_v4));
	know->ident = htons(mark->ident);
	know->cookie[0] = htonl((uint32_t)(mark->cookie >> 32));
	know->cookie[1] = htonl((uint32_t)mark->cookie);
	r = count_bpf__load(c->bpf);
	if (r < 0)
		return r;
	c->link_fd = bpf_attach_in(bpf_program__fd(c->bpf->progs.count), ifindex);
	return c->link_fd;
}

struct reply_counter *reply_counter_open(int ifindex, const struct frame_ends *ends,
					 const struct frame_mark *mark,
					 enum flood_family family)
{
	struct reply_counter *c;
	_cleanup_free_ char *lacks = bpf_lacks();

	if (lacks)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->link_fd = -1;
	if (set_up(c, ifindex, ends, mark, family) >= 0)
		return c;
	reply_counter_free(c);
	return NULL;
}

void reply_counter_free(struct reply_counter *c)
{
	if (!c)
		return;
	mem_close_fd(&c->link_fd);
	count_bpf__destroy(c->bpf);
	free(c);
}

uint64_t reply_counter_count(const struct reply_counter *c)
{
	return c ? __atomic_load_n(&c->bpf->bss->replies, __ATOMIC_RELAXED) : 0;
}

void reply_counter_pass(struct reply_counter *c, unsigned int n)
{
	if (c)
		__atomic_store_n(&c->bpf->bss->pass, n, __ATOMIC_RELAXED);
}
#endif
