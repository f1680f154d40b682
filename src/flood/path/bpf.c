// SPDX-License-Identifier: GPL-2.0-or-later
#include "bpf.h"

#ifndef HAVE_BPF
char *bpf_lacks(void)
{
	return xstrdup("built without " BPF_LACKS);
}

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

uint64_t reply_counter_take(struct reply_counter *counter, unsigned int pass)
{
	(void)counter, (void)pass;
	return 0;
}
#else
#include "count.skel.h"
#include "flood/rights.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

/* Of Linux 6.6; headers may be older. */
#define ATTACH_TCX_INGRESS ((enum bpf_attach_type)46)
#define ATTACH_TCX_EGRESS  ((enum bpf_attach_type)47)

/* Whose filter it is, where links do not tell: so a forgotten one is replaced. */
#define TC_HANDLE          0xf100d
#define TC_PRIORITY        0xf10

char *bpf_lacks(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd;

	/* The caller says what is wrong. */
	(void)libbpf_set_print(NULL);
	if (!rights_have(RIGHTS_NET_ADMIN))
		return xstrdup("no CAP_NET_ADMIN");
	if (!rights_have(RIGHTS_BPF))
		return xstrdup("no CAP_BPF");
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 8, 1, &options);
	/* In a user namespace the capability is worth nothing. */
	if (fd == -EPERM)
		return xstrdup("no CAP_BPF outside this user namespace");
	if (fd < 0)
		return xasprintf("the kernel makes no map: %s", strerror(-fd));
	mem_close_fd(&fd);
	return NULL;
}

static int attach_clsact(int program_fd, int ifindex, struct bpf_attached *ret)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program_fd, .handle = TC_HANDLE,
		    .priority = TC_PRIORITY, .flags = BPF_TC_F_REPLACE);
	int r = bpf_tc_hook_create(&hook);

	*ret = (struct bpf_attached){ .link_fd = -1,
				      .ifindex = ifindex,
				      .made_qdisc = r == 0 };
	if (r < 0 && r != -EEXIST)
		return r;
	return bpf_tc_attach(&hook, &options);
}

int bpf_attach_out(int program_fd, int ifindex, struct bpf_attached *ret)
{
	int fd = bpf_link_create(program_fd, ifindex, ATTACH_TCX_EGRESS, NULL);

	*ret = (struct bpf_attached){ .link_fd = fd, .ifindex = ifindex };
	return fd < 0 ? attach_clsact(program_fd, ifindex, ret) : 0;
}

void bpf_detach_out(struct bpf_attached *attached)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = attached->ifindex,
		    .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = TC_HANDLE, .priority = TC_PRIORITY);

	if (attached->link_fd >= 0) {
		mem_close_fd(&attached->link_fd);
		return;
	}
	(void)!bpf_tc_detach(&hook, &options);
	if (!attached->made_qdisc)
		return;
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	(void)!bpf_tc_hook_destroy(&hook);
}

/* -- the counter of replies ------------------------------------------------------------ */

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
	/* No clsact before Linux 6.6: what could stay behind would go on taking packets away. */
	c->link_fd = bpf_link_create(bpf_program__fd(c->bpf->progs.count), ifindex,
				     ATTACH_TCX_INGRESS, NULL);
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

uint64_t reply_counter_take(struct reply_counter *c, unsigned int pass)
{
	uint64_t taken;

	if (!c)
		return 0;
	taken = __atomic_load_n(&c->bpf->bss->replies, __ATOMIC_RELAXED);
	__atomic_store_n(&c->bpf->bss->pass, pass, __ATOMIC_RELAXED);
	return taken;
}
#endif
