/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where programs in the kernel (*.bpf.c) are attached, and whether they can be. */
#pragma once

#include "base/mem.h"

#include <stdbool.h>

/* Why programs cannot be loaded here, caller frees; NULL: they can. */
char *bpf_lacks(void);

/*
 * A program on the interface's way in, for as long as the descriptor that is returned is
 * open. -EINVAL and the like before Linux 6.6: what could stay behind would go on taking
 * packets away.
 */
int bpf_attach_in(int program_fd, int ifindex) _must_check_;

/*
 * One on its way out; nothing is left of it when the process has ended, but for kernels
 * before 6.6: there a clsact filter stays behind one that is killed, and does nothing.
 */
struct bpf_attached {
	int link_fd; /* -1: by clsact */
	int ifindex;
	bool made_qdisc;
};
int bpf_attach_out(int program_fd, int ifindex, struct bpf_attached *ret) _must_check_;
void bpf_detach_out(struct bpf_attached *attached);
