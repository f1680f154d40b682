// SPDX-License-Identifier: GPL-2.0-or-later
#include "bpf.h"

#include "flood/rights.h"

#ifndef HAVE_LIBBPF
char *bpf_lacks(void)
{
	return xstrdup("built without libbpf");
}
#else
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of Linux 6.6; headers may be older. */
#define ATTACH_TCX_INGRESS 46
#define ATTACH_TCX_EGRESS  47

/* Whose filter it is, where links do not tell: so a forgotten one is replaced. */
#define TC_HANDLE          0xf100d
#define TC_PRIORITY        0xf10

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

int bpf_memory_open(size_t size, int *ret_fd, void **ret)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	int fd;
	void *at;

	libbpf_set_print(quiet);
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "flood", sizeof(uint32_t), (uint32_t)size,
			    1, &options);
	if (fd < 0)
		return -errno;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		int r = -errno;

		close(fd);
		return r;
	}
	*ret_fd = fd;
	*ret = at;
	return 0;
}

void bpf_memory_close(int fd, void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
	mem_close_fd(&fd);
}

char *bpf_lacks(void)
{
	void *memory;
	int fd, r;

	if (!rights_have(RIGHTS_NET_ADMIN))
		return xstrdup("no CAP_NET_ADMIN");
	if (!rights_have(RIGHTS_BPF))
		return xstrdup("no CAP_BPF");
	r = bpf_memory_open(sizeof(struct bpf_shared), &fd, &memory);
	/* In a user namespace the capability is worth nothing. */
	if (r == -EPERM)
		return xstrdup("no CAP_BPF outside this user namespace");
	if (r < 0)
		return xasprintf("the kernel makes no map: %s", strerror(-r));
	bpf_memory_close(fd, memory, sizeof(struct bpf_shared));
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

/* Not through libbpf, whose stable releases do not know it yet. The link, or -errno. */
static int attach_tcx(int program_fd, int ifindex, uint32_t type)
{
	union bpf_attr attr = {
		.link_create = { .prog_fd = (uint32_t)program_fd,
				 .target_ifindex = (uint32_t)ifindex,
				 .attach_type = type },
	};
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}

int bpf_attach_count(int program_fd, int ifindex, int *ret_link_fd)
{
	int fd = attach_tcx(program_fd, ifindex, ATTACH_TCX_INGRESS);

	if (fd < 0)
		return fd;
	*ret_link_fd = fd;
	return 0;
}

int bpf_attach_out(int program_fd, int ifindex, struct bpf_attached *ret)
{
	int fd = attach_tcx(program_fd, ifindex, ATTACH_TCX_EGRESS);

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

int bpf_attach_in(int program_fd, int ifindex, int *ret_link_fd)
{
	int fd = bpf_link_create(program_fd, ifindex, BPF_XDP, NULL);

	if (fd < 0)
		return -errno;
	*ret_link_fd = fd;
	return 0;
}

int bpf_run_live(int program_fd, struct text frame, uint32_t n)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.s,
		    .data_size_in = (uint32_t)frame.n, .repeat = (int)n,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	return bpf_prog_test_run_opts(program_fd, &options) < 0 ? -errno : 0;
}
#endif
