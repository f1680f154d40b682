/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs for the kernel, of the turbo engine and to count replies, put together here instruction by instruction, so that no
 * compiler for them is needed. Instruction set: Documentation/bpf/standardization/
 * instruction-set.rst of the kernel.
 */
#pragma once

#include "flood/frame.h"

struct bpf_state;

/* Why programs cannot be loaded here, caller frees; NULL: they can. */
char *bpf_lacks(void);

/*
 * What program and program's user share, in memory that both see: requests to make, and
 * what came of them. The program runs within the system call that begins it, in the same
 * thread, or (live) stops when stop is set.
 */
struct bpf_shared {
	uint32_t count;   /* clone: requests wanted, 1 to BPF_CLONES */
	uint32_t seq;     /* of the next */
	uint32_t step;    /* from one to the next */
	uint32_t sum;     /* of the template */
	uint32_t icmp;    /* where its ICMP header begins */
	uint32_t stop;    /* live: makes nothing more */
	uint64_t done;    /* requests made */
	uint64_t refused; /* clone: those that the queue did not take */
};

#define BPF_CLONES 64u

/* What a program that counts replies and its user share. */
struct bpf_count {
	uint64_t replies; /* that were taken away */
	uint64_t pass;    /* so many more go on to the sockets, and are not counted */
};

/* A map of one value of this size, all 0. Both are the caller's to free. */
int bpf_memory_open(size_t size, int *ret_fd, void **ret) _must_check_;
void bpf_memory_close(int fd, void *memory, size_t size);

/*
 * A program for the interface's way out: a packet with this mark becomes shared->count
 * requests, itself the last one.
 */
int bpf_load_clone(int map_fd, uint32_t mark, int *ret_fd) _must_check_;
/* One for frames that begin in the kernel: each becomes the next request, out of ifindex. */
int bpf_load_live(int map_fd, int ifindex, int *ret_fd) _must_check_;
/*
 * One for the interface's way in: replies of one family to our requests, which are no
 * fragments, end there and are counted in a struct bpf_count. All others pass.
 */
int bpf_load_count(int map_fd, const struct frame_ends *ends,
		   const struct frame_mark *mark, enum flood_family family,
		   int *ret_fd) _must_check_;
/* One that lets all pass: some drivers only send what is redirected when they have one. */
int bpf_load_pass(int *ret_fd) _must_check_;

/*
 * Where a program is attached; nothing is left of it when the process has ended, but for
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
 * A counting program, for as long as the descriptor is open. -EOPNOTSUPP and the like before
 * Linux 6.6: what could stay behind would go on taking packets away.
 */
int bpf_attach_count(int program_fd, int ifindex, int *ret_link_fd) _must_check_;
/* An XDP program, for as long as the descriptor is open. */
int bpf_attach_in(int program_fd, int ifindex, int *ret_link_fd) _must_check_;
/* Sends n copies of frame; returns early once shared->stop is set, or by a signal. */
int bpf_run_live(int program_fd, struct text frame, uint32_t n) _must_check_;
