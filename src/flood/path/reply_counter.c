// SPDX-License-Identifier: GPL-2.0-or-later
#include "reply_counter.h"

#include "bpf.h"

#ifndef HAVE_LIBBPF
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
#include <stdlib.h>

struct reply_counter {
	int map_fd, program_fd, link_fd;
	struct bpf_count *count;
};

static int set_up(struct reply_counter *c, int ifindex, const struct frame_ends *ends,
		  const struct frame_mark *mark, enum flood_family family)
{
	void *memory = NULL;
	int r = bpf_memory_open(sizeof(*c->count), &c->map_fd, &memory);

	c->count = memory;
	if (r == 0)
		r = bpf_load_count(c->map_fd, ends, mark, family, &c->program_fd);
	if (r == 0)
		r = bpf_attach_count(c->program_fd, ifindex, &c->link_fd);
	return r;
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
	c->map_fd = c->program_fd = c->link_fd = -1;
	if (set_up(c, ifindex, ends, mark, family) == 0)
		return c;
	reply_counter_free(c);
	return NULL;
}

void reply_counter_free(struct reply_counter *c)
{
	if (!c)
		return;
	mem_close_fd(&c->link_fd);
	mem_close_fd(&c->program_fd);
	bpf_memory_close(c->map_fd, c->count, sizeof(*c->count));
	free(c);
}

uint64_t reply_counter_count(const struct reply_counter *c)
{
	return c ? __atomic_load_n(&c->count->replies, __ATOMIC_RELAXED) : 0;
}

void reply_counter_pass(struct reply_counter *c, unsigned int n)
{
	if (c)
		__atomic_store_n(&c->count->pass, n, __ATOMIC_RELAXED);
}
#endif
