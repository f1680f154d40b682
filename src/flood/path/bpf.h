/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where programs in the kernel (*.bpf.c) are attached, and whether they can be. */
#pragma once

#include "flood/frame.h"

/* Why programs cannot be loaded here, caller frees; NULL: they can. */
char *bpf_lacks(void);

/*
 * One on an interface's way out; nothing is left of it when the process has ended, but for
 * kernels before 6.6: there a clsact filter stays behind one that is killed, and does
 * nothing.
 */
struct bpf_attached {
	int link_fd; /* -1: by clsact */
	int ifindex;
	bool made_qdisc;
};
int bpf_attach_out(int program_fd, int ifindex, struct bpf_attached *ret) _must_check_;
void bpf_detach_out(struct bpf_attached *attached);

/*
 * Counts replies where they come in (tc), and takes them away there: they would have nobody
 * to go to but the sockets of the flood itself, which only want a sample, and their way
 * through the stack of this machine costs more than a request.
 */
struct reply_counter;

/*
 * Replies of one family to requests with this mark, from now on and for as long as the
 * interface is there. NULL: not here, for lack of rights, of libbpf or of Linux 6.6.
 */
struct reply_counter *reply_counter_open(int ifindex, const struct frame_ends *ends,
					 const struct frame_mark *mark,
					 enum flood_family family);
/* Both accept NULL. */
void reply_counter_free(struct reply_counter *counter);
/* Those that were taken away until now. The next `pass` are not, and are not counted. */
uint64_t reply_counter_take(struct reply_counter *counter, unsigned int pass);
