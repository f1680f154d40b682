// SPDX-License-Identifier: GPL-2.0-or-later
#include "bpf.h"

#ifndef HAVE_BPF
char *bpf_lacks(void)
{
	return xstrdup("built without " BPF_LACKS);
}
#else
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

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

char *bpf_lacks(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd;

	libbpf_set_print(quiet);
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

int bpf_attach_in(int program_fd, int ifindex)
{
	return bpf_link_create(program_fd, ifindex, ATTACH_TCX_INGRESS, NULL);
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
#endif
